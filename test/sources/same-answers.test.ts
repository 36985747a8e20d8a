// The same filters on the same data select the same rows with the same cells in every engine.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { Decimal128, type Document, Double, Int32, Long, MongoClient } from 'mongodb';
import { startOfDay } from '../../src/core/calendar.js';
import type { Source } from '../../src/core/source.js';
import { parseReport } from '../../src/reports/load-report.js';
import type { Report } from '../../src/reports/report.js';
import { filterOf, requestOf } from '../../src/reports/request.js';
import { parseCondition } from '../../src/reports/where.js';
import { type OpenSource, openSource } from '../../src/sources/index.js';
import { createWriter } from '../../src/writers/index.js';
import { temporaryFolder } from '../support/cli.js';
import { type MongoServer, startMongoServer } from '../support/mongodb-server.js';
import type { TestPostgres } from '../support/postgres.js';
import { runs } from '../support/runs.js';
import { createDatabase } from '../support/shared-postgres.js';
import { storeOpener } from '../support/store.js';

/** One row. Its numbers have no trailing zeros, which a double cannot keep. */
interface Row {
  readonly id: number;
  /** ISO 8601, UTC, milliseconds: what every engine can hold. */
  readonly momento: string | null;
  readonly organizacao: string | null;
  readonly produto: string | null;
  readonly tipo: string | null;
  readonly quantidade: string | null;
  readonly preco: string | null;
  readonly ativo: boolean | null;
  /** A day in São Paulo. */
  readonly dia: string | null;
}

const ORGANIZATIONS = [
  'ACME Ltda',
  'acme ltda',
  "Padaria d'Ávila",
  'Padaria d’Ávila',
  'São João',
  'SÃO JOÃO',
  'Sa\u0303o João',
  '',
];
const PRODUCTS = ['Café', 'café', 'Cafe', 'Água "com gás"', 'a\\b', 'x\ny', 'null', '10'];
const TYPES = ['Bebidas', 'Alimentos', 'Limpeza'];
const PRICES = ['9.8', '9.99', '10', '0.1', '-5', '-0.5', '1234567.25', '0', '100', '9.9900000001', '3.5'];
/** Around midnights in São Paulo: one that a change of the clock skipped, one after a day of 25 hours, a leap day, a year's end. */
const MOMENTS = [
  '2018-11-04T03:00:00.000Z',
  '2019-02-17T03:00:00.000Z',
  '2024-02-29T03:00:00.000Z',
  '2024-12-31T03:00:00.000Z',
  '2024-10-05T03:00:00.000Z',
  '2024-09-16T03:00:00.000Z',
];

const DAYS = ['2018-11-03', '2018-11-04', '2019-02-16', '2024-02-29', '2024-10-05'];

const at = <T>(list: readonly T[], index: number): T | null => list[index % (list.length + 1)] ?? null;

const ROWS: readonly Row[] = Array.from({ length: 360 }, (_, index): Row => {
  const moment = at(MOMENTS, index);
  const shift = [-1, 0, 1, -3_600_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000][index % 8] ?? 0;
  return {
    id: index,
    momento: moment === null ? null : new Date(Date.parse(moment) + shift).toISOString(),
    organizacao: at(ORGANIZATIONS, index * 7 + (index >> 3)),
    produto: at(PRODUCTS, index * 5 + (index >> 2)),
    tipo: at(TYPES, index),
    quantidade: index % 11 === 0 ? null : String((index % 23) - 3),
    preco: at(PRICES, index * 3 + (index >> 4)),
    ativo: at([true, false], index * 2 + (index >> 5)),
    dia: at(DAYS, index * 3 + (index >> 2)),
  };
});

const COMMON = `
columns:
  id: integer
  momento: timestamp
  organizacao: { kind: text PATH }
  produto: text
  tipo: text
  quantidade: integer
  preco: decimal
  ativo: boolean
  dia: date
order-by: [id]
filters:
  date: momento
  organization: ORGANIZATION
  product: produto
  product-type: tipo
  quantity: quantidade
  price: preco
  nome: ORGANIZATION
  tipo-do-produto: tipo
  qtd: quantidade
  valor_unitario: preco
  ativo: ativo
  dia: dia
  quando: momento
timezone: America/Sao_Paulo
source: dados
`;
const SQL = parseReport(
  'linhas.sql',
  `/*---${COMMON.replace(' PATH', '').replaceAll('ORGANIZATION', 'organizacao')}---*/\nSELECT * FROM linhas`,
);
const DOCUMENTS = parseReport(
  'linhas.yaml',
  `collection: linhas${COMMON.replace(' PATH', ', path: organizacao.nome').replaceAll('ORGANIZATION', 'organizacao.nome')}`,
);

/** Null is sometimes stored as null and sometimes a missing field. */
function withoutNulls(document: Record<string, unknown>, keep: boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => keep || value !== null));
}

/** The number in one of the types that can hold all its digits. */
function bsonNumber(text: string | null, index: number, decimals: boolean): unknown {
  if (text === null) return null;
  const types = [
    () => new Double(Number(text)),
    ...(decimals ? [() => Decimal128.fromString(text)] : []),
    ...(/^-?\d+$/.test(text) ? [() => new Int32(Number(text)), () => Long.fromString(text)] : []),
  ];
  return types[index % types.length]?.();
}

function bsonDocument(row: Row, decimals: boolean): Document {
  const momento = row.momento === null ? null : new Date(row.momento);
  const organizacao = withoutNulls({ nome: row.organizacao }, row.id % 2 === 0);
  const quantidade = bsonNumber(row.quantidade, row.id, decimals);
  const preco = bsonNumber(row.preco, row.id + 1, decimals);
  const dia = row.dia === null ? null : new Date(startOfDay(row.dia, 'America/Sao_Paulo'));
  return withoutNulls(
    { ...row, id: new Int32(row.id), momento, organizacao, quantidade, preco, dia },
    row.id % 3 === 0,
  );
}

function jsonLine(row: Row): string {
  const number = (text: string | null) => (text === null ? null : `#${text}#`);
  const organizacao = withoutNulls({ nome: row.organizacao }, row.id % 2 === 0);
  const document = { ...row, organizacao, quantidade: number(row.quantidade), preco: number(row.preco) };
  return JSON.stringify(withoutNulls(document, row.id % 3 === 0)).replace(/"#([^"#]*)#"/g, '$1');
}

const dates = fc.constantFrom(
  ...[
    '2018-11-03',
    '2018-11-04',
    '2018-11',
    '2019-02-16',
    '2019-02-17',
    '2019-02-H2',
    '2024',
    '2024-02-29',
    '2024-02',
    '2024-09-H1',
  ],
  ...[
    '2024-09-H2',
    '2024-10-04',
    '2024-10-05',
    '2024-10-06',
    '2024-12-31',
    '2025-01-01',
    '..2018-11-03',
    '2024-12-31..',
    '2019-02-17..2024-10-05',
  ],
);
const numbers = fc.oneof(
  fc.constantFrom(...PRICES, '9.9', '9.990', '-3', '19', '10.00'),
  fc.tuple(fc.constantFrom(...PRICES, ''), fc.constantFrom(...PRICES, '')).map(([from, to]) => {
    const ordered = from !== '' && to !== '' && Number(from) > Number(to) ? [to, from] : [from, to];
    return from === '' && to === '' ? '..10' : ordered.join('..');
  }),
);
const texts = (...stored: readonly string[]) =>
  fc.oneof(
    fc.constantFrom(...stored),
    fc
      .tuple(
        fc.constantFrom('~', '!', '!~'),
        fc.constantFrom(...stored.filter((text) => text !== ''), 'a', 'CAO', 'd’', '\\', '.', 'n\u0303'),
      )
      .map((parts) => parts.join('')),
  );
const values: Readonly<Record<string, fc.Arbitrary<string>>> = {
  date: dates,
  organization: texts(...ORGANIZATIONS, 'ACME', 'ACME Ltda '),
  product: texts(...PRODUCTS, 'CAFÉ'),
  'product-type': texts(...TYPES, 'bebidas'),
  quantity: numbers,
  price: numbers,
  nome: texts(...ORGANIZATIONS),
  'tipo-do-produto': texts(...TYPES),
  qtd: numbers,
  valor_unitario: numbers,
  ativo: fc.constantFrom('true', 'false'),
  dia: dates,
  quando: dates,
};
const WORDS = Object.keys(values);
/** More words would leave no rows to compare. */
const MAX_WORDS = 4;
const choices: fc.Arbitrary<Record<string, string[]>> = fc
  .uniqueArray(fc.constantFrom(...WORDS), { minLength: 1, maxLength: MAX_WORDS })
  .chain((words) =>
    fc.record(
      Object.fromEntries(
        words.map((word) => [
          word,
          fc.array(values[word] ?? fc.constant(''), { minLength: 1, maxLength: 3 }),
        ]),
      ),
    ),
  );

const NUMBER_OPERATORS = ['=', '!=', '<', '<=', '>', '>='] as const;
const comparisons = fc.oneof(
  fc.tuple(
    fc.constantFrom('quantidade', 'preco'),
    fc.constantFrom(...NUMBER_OPERATORS),
    fc.constantFrom(...PRICES),
  ),
  fc.tuple(
    fc.constantFrom('dia', 'momento'),
    fc.constantFrom(...NUMBER_OPERATORS),
    fc.constantFrom(...DAYS, '2018-11', '2024'),
  ),
  fc.tuple(
    fc.constantFrom('produto', 'organizacao'),
    fc.constantFrom('=', '!=', '~', '!~'),
    fc.constantFrom('Café', 'a', 'SAO JOÃO', '10', 'ACME Ltda'),
  ),
  fc.tuple(fc.constant('ativo'), fc.constantFrom('=', '!='), fc.constantFrom('true', 'false')),
);
const conditions = fc.array(
  comparisons.map((parts) => parts.join(' ')),
  { minLength: 1, maxLength: 2 },
);

const RUNS = 120;
const REAL = 'a real MongoDB';
const real = process.env.REPORTCTL_TEST_MONGODB_URL;
/** FerretDB 1 has no Decimal128, neither in documents nor in filters on numbers with decimals. */
const realHasDecimals = process.env.REPORTCTL_TEST_MONGODB_DECIMAL128 !== 'false';
/** FerretDB does not know the names of all BSON types, with which a value that is not null is told. */
const realHasTypes = process.env.REPORTCTL_TEST_MONGODB_TYPES !== 'false';

describe('PostgreSQL, MongoDB and a file give the same answer', () => {
  let postgres: TestPostgres;
  let double: MongoServer;
  let folder: string;
  const engines: { name: string; source: Source; report: Report }[] = [];

  const open = async (name: string, url: string, report: Report) => {
    const { signal } = new AbortController();
    const options: OpenSource = {
      name: 'dados',
      url,
      shown: name,
      variables: {},
      openStore: storeOpener(),
      signal,
    };
    engines.push({ name, source: await openSource(options), report });
  };

  before(async () => {
    [postgres, double, folder] = await Promise.all([createDatabase(), startMongoServer(), temporaryFolder()]);
    const client = await postgres.connect();
    await client.query(`CREATE TABLE linhas (id int, momento timestamptz, organizacao text, produto text, tipo text,
      quantidade int, preco numeric, ativo boolean, dia date)`);
    await client.query('INSERT INTO linhas SELECT * FROM json_populate_recordset(NULL::linhas, $1)', [
      JSON.stringify(ROWS),
    ]);
    await client.end();
    double.insert(
      'dados',
      'linhas',
      ROWS.map((row) => bsonDocument(row, true)),
    );
    await writeFile(join(folder, 'linhas.ndjson'), `${ROWS.map(jsonLine).join('\n')}\n`);
    await open('PostgreSQL', postgres.url, SQL);
    await open('MongoDB', double.url('dados'), DOCUMENTS);
    await open('NDJSON', `file:${folder}/`, DOCUMENTS);
    if (real) {
      const mongo = await MongoClient.connect(real);
      const collection = mongo.db().collection('linhas');
      await collection.deleteMany({});
      await collection.insertMany(ROWS.map((row) => bsonDocument(row, realHasDecimals)));
      await mongo.close();
      await open(REAL, real, DOCUMENTS);
    }
  });

  after(async () => {
    await Promise.allSettled(engines.map(({ source }) => source.close()));
    await Promise.allSettled([
      postgres?.stop(),
      double?.close(),
      rm(folder, { recursive: true, force: true }),
    ]);
  });

  const answer = async (
    source: Source,
    report: Report,
    chosen: Record<string, string[]>,
    texts: readonly string[],
  ): Promise<string> => {
    const where = texts.map((text) => parseCondition(report, text, '2024-10-06'));
    const filters = Object.entries(chosen).map(([word, given]) =>
      filterOf(report, word, given, '2024-10-06'),
    );
    const request = requestOf(report, { filters, where, params: {} });
    const writer = await createWriter('csv', {});
    const prepared = await source.prepare(request);
    const chunks: Buffer[] = [];
    for await (const chunk of writer.encode({ columns: request.columns, batches: prepared.read() }))
      chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  };

  const agree = async (chosen: Record<string, string[]>, where: readonly string[] = []): Promise<string> => {
    const [first, ...others] = engines;
    assert.ok(first);
    const expected = await answer(first.source, first.report, chosen, where);
    const numbers = ['quantity', 'price', 'qtd', 'valor_unitario'].flatMap((word) => chosen[word] ?? []);
    const decimals = [...numbers, ...where].some((value) => /\d\.\d/.test(value));
    const negations = [...Object.values(chosen).flat(), ...where].some((value) => /^!|!=|!~/.test(value));
    for (const { name, source, report } of others) {
      if (name === REAL && decimals && !realHasDecimals) continue;
      if (name === REAL && negations && !realHasTypes) continue;
      assert.equal(
        await answer(source, report, chosen, where),
        expected,
        `${name} differs from ${first.name}`,
      );
    }
    return expected;
  };

  test('without filters every row is there, in order', async () => {
    assert.equal((await agree({})).split(/\n(?=\d+,)/).length, ROWS.length + 1);
  });

  test('every word of the reports is tried', () => {
    for (const report of [SQL, DOCUMENTS]) assert.deepEqual(Object.keys(report.filters), WORDS);
  });

  for (const [dimension, value] of Object.entries(values)) {
    test(`${dimension}, one value`, async () => {
      let selected = 0;
      const tryValue = async (one: string) => {
        selected += (await agree({ [dimension]: [one] })).split('\n').length - 2;
      };
      await fc.assert(fc.asyncProperty(value, tryValue), { numRuns: runs(10) });
      // Few values are tried; when none of them selects a row, the answers agree about nothing: try on.
      for (const one of fc.sample(value, 100)) if (selected === 0) await tryValue(one);
      assert.ok(selected > 0, 'no value selected anything');
    });
  }

  test('conditions on columns', async () => {
    let selected = 0;
    await fc.assert(
      fc.asyncProperty(conditions, fc.subarray(['Bebidas'], { maxLength: 1 }), async (where, types) => {
        const chosen: Record<string, string[]> = types.length === 0 ? {} : { 'product-type': types };
        selected += (await agree(chosen, where)).split('\n').length - 2;
      }),
      { numRuns: runs(50) },
    );
    assert.ok(selected > 0, 'no condition selected anything');
  });

  test(`${RUNS} sets of filters`, async () => {
    await fc.assert(
      fc.asyncProperty(choices, async (chosen) => void (await agree(chosen))),
      { numRuns: runs(RUNS) },
    );
  });
});
