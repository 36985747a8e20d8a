// A reader's sum of a workbook is the manifest's total: floating point is numbers, and a number that Excel cannot hold is refused.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BSON } from 'mongodb';
import type { Column } from '../../src/core/table.js';
import { unzipped } from '../../src/writers/xlsx/unzip.js';
import { assertRefused, filesBelow, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import { cellBatch } from '../support/copy-text.js';
import { startMongoServer } from '../support/mongodb-server.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';
import { openXlsx, valuesOf, writeXlsx } from '../support/xlsx.js';

const DAY = ['--date', '2024-10-05'];
const XLSX = 'r_20241005.xlsx';

let folder: string;
let server: TestPostgres;
let count = 0;

before(async () => {
  [folder, server] = await Promise.all([temporaryFolder(), createDatabase()]);
});
after(() => Promise.all([server?.stop(), rm(folder, { recursive: true, force: true })]));

/** A report over the query, and a place of its own to publish it. */
async function place(yaml: string, query: string) {
  const home = join(folder, `${++count}`);
  await mkdir(home);
  const file = await writeReport(join(home, 'queries'), 'r', `source: vendas\ntimezone: UTC\n${yaml}`, query);
  const env = {
    REPORTCTL_SOURCE_VENDAS: server.url,
    REPORTCTL_DESTINATION: join(home, 'out'),
    REPORTCTL_QUERIES: join(home, 'queries'),
  };
  const at = (key: string) => join(home, 'out', key);
  return {
    at,
    run: (...args: string[]) => reportctl(args, { env, cwd: home }),
    /** Writes the report anew, as its author would. */
    edit: async (change: (text: string) => string) => writeFile(file, change(await readFile(file, 'utf8'))),
    manifest: async (key = XLSX) => JSON.parse(await readFile(at(`${key}.manifest.json`), 'utf8')),
    keys: async () => (await filesBelow(join(home, 'out'))).filter((key) => !key.startsWith('_reportctl')),
  };
}

const OUTPUT = 'outputs: [{ format: xlsx, key: "r_{YYYYMMDD}.xlsx" }]';
const FILTER = 'filters: { date: dia }';
const FLOATS = `${FILTER}
columns: { dia: date, preco: decimal, valor: { kind: decimal, currency: BRL }, exato: decimal }
order-by: [valor]
totals: [preco, valor]
${OUTPUT}`;
const FLOATS_QUERY = `SELECT date '2024-10-05' AS dia, preco::real, quantidade * preco::real * (1 - 0.15::real) AS valor,
  preco::numeric AS exato
FROM (VALUES (18.4, 7), (0.1, 3), (43.9, 11), (1e-7, 1)) AS v (preco, quantidade)`;
const LONG = `${FILTER}
columns: { dia: date, valor: decimal }
order-by: [valor]
@
${OUTPUT}`;
const LONG_QUERY = `SELECT date '2024-10-05' AS dia, valor / 3 AS valor FROM (VALUES (1.5), (2), (10)) AS v (valor)`;

/** The numbers of a column of the sheet with the rows, and the cells that are text. */
async function column(bytes: Buffer, index: number) {
  const values = valuesOf((await openXlsx(bytes)).getWorksheet('Dados'), index + 1).slice(1);
  const cells = values.map((row) => row[index]);
  const numbers = cells.filter((cell) => typeof cell === 'number');
  return {
    sum: numbers.reduce((sum, number) => sum + number, 0),
    texts: cells.filter((cell) => typeof cell === 'string'),
  };
}

function assertSum(found: number, total: string): void {
  assert.ok(Math.abs(found - Number(total)) <= Math.abs(Number(total)) * 1e-12, `${found} is not ${total}`);
}

describe('floating-point columns', () => {
  test('are numbers in the workbook, and its sums are the totals of the manifest', async () => {
    const { run, at, manifest } = await place(FLOATS, FLOATS_QUERY);
    const { code, stderr } = await run('run', 'r', ...DAY);
    assert.equal(`${code} ${stderr}`, '0 ');
    const { totals, columns, notes, textNumbers } = await manifest();
    const bytes = await readFile(at(XLSX));
    const [preco, valor] = [await column(bytes, 1), await column(bytes, 2)];
    assert.deepEqual([preco.texts, valor.texts, notes, textNumbers], [[], [], [], undefined]);
    assert.ok(totals.valor.length > 16, 'some value has more than 15 digits');
    assertSum(preco.sum, totals.preco);
    assertSum(valor.sum, totals.valor);
    const floats = columns
      .filter((each: { float?: true }) => each.float)
      .map(({ name }: { name: string }) => name);
    assert.deepEqual(floats, ['preco', 'valor']);
    // The total in the summary, its last column, is a number too.
    const summary = valuesOf((await openXlsx(bytes)).worksheets[0], 4).map((row) => row[3]);
    assertSum(Number(summary.find((cell) => typeof cell === 'number')), totals.valor);
    const verified = await run('verify', 'r', ...DAY, '--source');
    assert.match(
      `${verified.code} ${verified.stdout}`,
      /^0 ok .*\(published, revision 1, content as in a fresh read\)\n$/,
    );
  });

  test('are named by check with what to cast, as a warning where they are summed', async () => {
    const { run, edit } = await place(FLOATS, FLOATS_QUERY);
    const { stdout } = await run('check', 'r');
    const said =
      /floating point in source "vendas" .*, so sums are not exact: preco \(float4\), valor \(float8\); for exact ones cast in the query, such as \(…\)::numeric\(12,4\) AS preco$/m;
    assert.match(stdout, new RegExp(`^WARN   report r: ${said.source}`, 'm'));
    await edit((text) => text.replace(/totals: .*/, '').replace(', currency: BRL', ''));
    assert.match((await run('check', 'r')).stdout, new RegExp(`^ok     report r: ${said.source}`, 'm'));
    await edit((text) => text.replace('decimal, valor', 'text, valor').replace('{ kind: decimal }', 'text'));
    assert.doesNotMatch((await run('check', 'r')).stdout, /floating/);
  });

  test('are named by new, which says what to cast', async () => {
    const client = await server.connect();
    await client.query(
      'CREATE TABLE itens (id int PRIMARY KEY, preco real, "Desconto" float8, custo numeric)',
    );
    const { run } = await place(LONG, LONG_QUERY);
    const { stdout } = await run('new', 'itens', '--from', 'itens');
    assert.match(stdout, /^floating point: preco, Desconto; the file says what to cast for exact sums$/m);
    const draft = (await run('new', 'outro', '--from', 'itens', '-o', '-')).stdout;
    assert.match(
      draft,
      /preco: decimal +# float4; floating point; for exact sums select preco::numeric\(12,4\) AS preco$/m,
    );
    assert.match(
      draft,
      /# float8; floating point; for exact sums select "Desconto"::numeric\(12,4\) AS "Desconto"$/m,
    );
    assert.match(draft, /custo: decimal +# numeric$/m);
  });

  for (const kind of ['a file', 'MongoDB']) {
    test(`in ${kind} of documents are numbers up to 17 digits`, async () => {
      const home = join(folder, kind);
      await mkdir(home);
      const values = ['0.30000000000000004', '1234567890123456', '12.345678901234567890'];
      await writeFile(join(home, 'd.ndjson'), values.map((valor) => `{"valor":${valor}}\n`).join(''));
      await writeFile(join(home, 'd.yaml'), 'source: d\ncollection: d\ncolumns: { valor: decimal }\n');
      const mongodb = await startMongoServer();
      const exact = values.slice(1).map((text) => ({ valor: BSON.Decimal128.fromString(text) }));
      mongodb.insert('d', 'd', [{ valor: 0.1 + 0.2 }, ...exact]);
      const url = kind === 'MongoDB' ? mongodb.url('d') : `file:${join(home, 'd.ndjson')}`;
      const file = join(home, 'd.xlsx');
      const options = { env: { REPORTCTL_SOURCE_D: url } };
      const { code, stderr } = await reportctl(['export', join(home, 'd.yaml'), '-o', file], options);
      await mongodb.close();
      assert.match(`${code} ${stderr}`, /^0 .*xlsx: 2 numbers kept as text/);
      const { sum, texts } = await column(await readFile(file), 0);
      assert.deepEqual([sum, texts], [0.1 + 0.2, values.slice(1)]);
    });
  }

  test('of MongoDB are named by new, too', async () => {
    const mongodb = await startMongoServer();
    mongodb.insert('d', 'd', [
      { _id: 1, preco: { liquido: 9.8 }, custo: BSON.Decimal128.fromString('9.80') },
    ]);
    const env = { REPORTCTL_SOURCE_D: mongodb.url('d') };
    const { stdout } = await reportctl(['new', 'd', '--from', 'd', '-o', '-'], { env, cwd: folder });
    await mongodb.close();
    const advice =
      'floating point; for exact sums $set it to { $round: [{ $toDecimal: "$preco.liquido" }, 4] }';
    const [preco = '', custo = ''] = stdout.split('\n').filter((line) => /^ {2}(preco|custo)/.test(line));
    assert.ok(preco.endsWith(`# ${advice}`), preco);
    assert.equal(custo.trim(), 'custo: decimal');
  });
});

describe('a column whose sum is no number', () => {
  const NAN = LONG.replace('@', 'totals: [valor]');
  const QUERY = `SELECT date '2024-10-05' AS dia, valor::float8 FROM (VALUES ('1'), ('NaN'), ('2')) AS v (valor)`;

  for (const format of ['xlsx', 'csv'])
    test(`is refused by run, and told by export: ${format}`, async () => {
      const { run, keys } = await place(NAN.replaceAll('xlsx', format), QUERY);
      const said =
        /gate summable "valor": expected numbers with a sum, found NaN\. Leave NaN and Infinity out/;
      assertRefused(await run('run', 'r', ...DAY), 3, said);
      assert.deepEqual(await keys(), []);
      const { code, stderr } = await run('export', 'r', '-o', `x.${format}`);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /summable "valor"/);
    });

  test('is published where the definition says that no sum has them', async () => {
    const yaml = NAN.replace('valor: decimal', 'valor: { kind: decimal, long-numbers: text }');
    const { run } = await place(yaml, QUERY);
    assert.equal((await run('run', 'r', ...DAY)).code, 0);
  });
});

describe('an exact number of more than 15 digits', () => {
  const refused =
    /"r" is not published: gate long-numbers "valor": expected numbers of at most 15 significant digits, which xlsx can sum, found 2 with more, the first in row 2 of r_20241005\.xlsx: 0\.6666666666666666666[67]\. Round "valor" in the query, .* long-numbers: number .*/;
  const summed = {
    totals: LONG.replace('@', 'totals: [valor]'),
    'a gate over its total': LONG.replace('@', 'gates: { total: { valor: { min: 0 } } }'),
    'a currency': LONG.replace('@', '').replace('valor: decimal', 'valor: { kind: decimal, currency: BRL }'),
  };
  for (const [why, yaml] of Object.entries(summed)) {
    test(`is refused by run in a column with ${why}`, async () => {
      const { run, keys } = await place(yaml, LONG_QUERY);
      assertRefused(await run('run', 'r', ...DAY), 3, refused);
      assert.deepEqual(await keys(), []);
    });
  }

  test('is refused in a column with any name', async () => {
    const name = `va"lor\\`;
    const yaml = summed.totals
      .replace('valor: decimal', `'${name}': decimal`)
      .replaceAll('[valor]', `['${name}']`);
    const query = LONG_QUERY.replace('AS valor FROM', 'AS "va""lor\\" FROM');
    const { run } = await place(yaml, query);
    assertRefused(
      await run('run', 'r', ...DAY),
      3,
      /gate long-numbers "va"lor\\": .* Round "va"lor\\" in the query/,
    );
  });

  test('is refused in a part of a split, counted once where files are kept for inspection', async () => {
    const yaml = summed.totals
      .replace('valor: decimal', 'parte: text, valor: decimal')
      .replace('{YYYYMMDD}.xlsx"', '{YYYYMMDD}_{parte}.xlsx", split-by: parte');
    const query = LONG_QUERY.replace('SELECT', "SELECT CASE WHEN valor < 10 THEN 'a' ELSE 'b' END AS parte,");
    const { run, keys } = await place(yaml, query);
    const { code, stderr } = await run('run', 'r', ...DAY, '--quarantine');
    assert.match(
      `${code} ${stderr}`,
      /^3 .*gate long-numbers "valor": .*, found 2 with more, the first in row 2 of r_20241005_a\.xlsx: 0\.6+7; kept for inspection: /,
    );
    assert.ok((await keys()).every((key) => key.startsWith('_quarantine/')));
  });

  test('is refused by run in a template, whose formulas may sum any column', async () => {
    const { run, keys, at } = await place(
      LONG.replace('@', '').replace('xlsx"', 'xlsx", template: modelo.xlsx, sheet: Dados'),
      LONG_QUERY,
    );
    // An empty workbook of ours has the header that a template needs.
    const template = await writeXlsx(
      [
        { name: 'dia', kind: 'date' },
        { name: 'valor', kind: 'decimal' },
      ],
      [],
    );
    await writeFile(at('../queries/modelo.xlsx'), template.bytes);
    assertRefused(await run('run', 'r', ...DAY), 3, refused);
    assert.deepEqual(await keys(), []);
  });

  test('is kept as text and counted where nothing sums it', async () => {
    const { run, manifest } = await place(LONG.replace('@', ''), LONG_QUERY);
    const { code, stderr } = await run('run', 'r', ...DAY);
    assert.match(`${code} ${stderr}`, /^0 .*xlsx: 2 numbers kept as text: more than 15 significant digits/);
    assert.deepEqual((await manifest()).textNumbers, { valor: 2 });
  });

  test('is what the definition says: a number, or text that verify speaks of', async () => {
    const { run, edit, at, manifest } = await place(summed.totals, LONG_QUERY);
    await edit((text) => text.replace('valor: decimal', 'valor: { kind: decimal, long-numbers: number }'));
    assert.equal((await run('run', 'r', ...DAY)).code, 0);
    const { sum, texts } = await column(await readFile(at(XLSX)), 1);
    assert.deepEqual([texts, (await manifest()).textNumbers], [[], undefined]);
    assertSum(sum, (await manifest()).totals.valor);
    assert.match(
      (await run('verify', 'r', ...DAY, '--source')).stdout,
      /^ok .*\(published, revision 1, content as in a fresh read\)$/m,
    );

    await edit((text) => text.replace('long-numbers: number', 'long-numbers: text'));
    assert.equal((await run('run', 'r', ...DAY, '--restate', 'as text')).code, 0);
    assert.deepEqual((await manifest()).textNumbers, { valor: 2 });
    const { code, stdout } = await run('verify', 'r', ...DAY);
    assert.match(
      `${code} ${stdout}`,
      /^0 ok .*, 2 numbers of "valor" as text, which no sum of the workbook has\)\n$/,
    );
  });

  test('only warns in export, and is refused with --strict', async () => {
    const { run, at } = await place(summed.totals, LONG_QUERY);
    await mkdir(at(''));
    const { code, stderr } = await run('export', 'r', '-o', at('x.xlsx'));
    assert.match(
      `${code} ${stderr}`,
      /^0 .*warn "r": gate long-numbers "valor": .*xlsx: 2 numbers kept as text/s,
    );
    assertRefused(
      await run('export', 'r', '--strict', '-q', '-o', at('y.xlsx')),
      3,
      /row 2, column "valor": "0\.66666/,
    );
  });

  test('is no matter for a definition of text', async () => {
    const { run } = await place(
      LONG.replace('@', '').replace('valor: decimal', 'valor: { kind: text, long-numbers: text }'),
      LONG_QUERY,
    );
    assertRefused(
      await run('run', 'r', ...DAY),
      2,
      /r\.sql:\d+: columns\.valor\.long-numbers: the column is text; only an integer or a decimal has long numbers/,
    );
  });
});

describe('a workbook whose numbers are text without its manifest saying so', () => {
  test('fails verify, and is published again by --restate', async () => {
    const { run, at, manifest } = await place(LONG.replace('@', ''), LONG_QUERY);
    await run('run', 'r', ...DAY);
    // As version 0.1.0 wrote it.
    const { textNumbers, ...former } = await manifest();
    assert.deepEqual(textNumbers, { valor: 2 });
    await writeFile(at(`${XLSX}.manifest.json`), JSON.stringify(former));
    const { code, stdout } = await run('verify', 'r', ...DAY);
    assert.match(`${code} ${stdout}`, /^3 FAILED .*: numbers as text valor: expected none, found 2\n$/);
    assert.match((await run('run', 'r', ...DAY, '--restate', 'sums')).stdout, /^restated .*revision 2: /s);
    assert.equal((await run('verify', 'r', ...DAY)).code, 0);
    assert.match((await run('run', 'r', ...DAY, '--restate', 'again')).stdout, /^unchanged /);
  });
});

describe("Excel's mark on a number that is text", () => {
  test('is hidden over the header and over columns of text only', async () => {
    const yaml = `columns: { a: text, b: json, c: decimal, d: text, e: integer }\n${OUTPUT}`;
    const { run } = await place(
      yaml,
      `SELECT '00123' AS a, '1'::json AS b, 1.5 AS c, '7' AS d, 12345678901234567 AS e`,
    );
    assert.equal((await run('export', 'r', '-q', '-o', join(folder, 'marks.xlsx'))).code, 0);
    const sheet = unzipped(await readFile(join(folder, 'marks.xlsx')))
      .get('xl/worksheets/sheet1.xml')
      ?.toString();
    assert.match(sheet ?? '', /<ignoredError sqref="A1:E1 A2:B2 D2:D2" numberStoredAsText="1"\/>/);
  });

  test('is shown again over the numbers of a template that hid it', async () => {
    const { run, at } = await place(LONG.replace('@', ''), LONG_QUERY);
    const columns: readonly Column[] = ['dia', 'valor'].map((name) => ({ name, kind: 'text' }));
    const { parts } = await writeXlsx(columns, [cellBatch([['a', 'b']])]);
    const hidden = '<ignoredError sqref="A1:B1 A2:B2" numberStoredAsText="1"/>';
    assert.ok(parts.get('xl/worksheets/sheet1.xml')?.includes(hidden));
    const template = at('../modelo.xlsx');
    await writeFile(template, (await writeXlsx(columns, [cellBatch([['a', 'b']])])).bytes);
    const file = at('../x.xlsx');
    assert.equal((await run('export', 'r', '--template', template, '-q', '-o', file)).code, 0);
    const sheet =
      unzipped(await readFile(file))
        .get('xl/worksheets/sheet1.xml')
        ?.toString() ?? '';
    assert.match(
      sheet,
      /<ignoredErrors><ignoredError sqref="A1:B1 A2:A4" numberStoredAsText="1"\/><\/ignoredErrors>/,
    );
  });
});
