// What every format owes its callers; a new one is one entry in CASES.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { ReportError } from '../../src/core/errors.js';
import { type Batch, type Cell, type Column, KINDS, type Table } from '../../src/core/table.js';
import {
  createWriter,
  FORMAT_NAMES,
  formatOf,
  formatWithExtension,
  optionFlags,
  type WriterOptions,
} from '../../src/writers/index.js';
import { ROOT } from '../support/cli.js';
import { BATCH_FORMS, cellBatch } from '../support/copy-text.js';
import { canonical, openXlsx, valuesOf } from '../support/xlsx.js';

interface Case {
  /** The rows as they arrive, where the format has types of its own; else as they are. */
  readonly arrived?: readonly (readonly Cell[])[];
  /** So many batches of ROWS, and no more, may be read before their bytes come out; without it, none. */
  readonly ahead?: number;
  /** Options with which the format's own reader gives back ROWS. */
  readonly readBack: readonly WriterOptions[];
  /** Options that the format refuses, whatever the columns. */
  readonly refused: readonly WriterOptions[];
  /** The rows under the header as an independent reader sees them, with null and the empty text told apart. */
  readonly read: (bytes: Buffer) =>
    | {
        readonly header: readonly string[];
        readonly rows: readonly (readonly Cell[])[];
      }
    | Promise<{
        readonly header: readonly string[];
        readonly rows: readonly (readonly Cell[])[];
      }>;
}

const CASES: Readonly<Record<string, Case>> = {
  csv: {
    readBack: [
      {},
      { locale: 'pt-BR' },
      { booleans: 'Sim/Não', quote: 'all', null: 'NULL', formulas: 'keep' },
    ],
    refused: [{ delimiter: 'x' }, { decimal: ';' }, { null: '"' }, { booleans: 'Sim' }],
    read(bytes) {
      const [header = [], ...rows] = parse(bytes, {
        cast: (value, { quoting, header: isHeader }) =>
          value === '' && !quoting && !isHeader ? null : value,
      }) as unknown as [string[], ...Cell[][]];
      return { header, rows };
    },
  },
  xlsx: {
    readBack: [{}, { locale: 'pt-BR', sheet: 'Vendas', booleans: 'Sim/Não' }],
    refused: [{ sheet: 'Resumo' }, { sheet: '?' }, { booleans: 'Sim' }],
    async read(bytes) {
      const sheet = (await openXlsx(bytes)).getWorksheet('Dados');
      const [header = [], ...rows] = valuesOf(sheet, COLUMNS.length);
      return {
        header: header.map(String),
        rows: rows.map((row) =>
          row.map((value, column) => canonical(value, COLUMNS[column]?.kind ?? 'text')),
        ),
      };
    },
    arrived: [
      [
        '9223372036854775807',
        'João "Jota" Sá',
        '1234567890123456789012345678.0123456789',
        'true',
        '2024-10-05',
        // The cell has the microseconds; exceljs rounds to milliseconds.
        '2024-10-06 00:00:00.000',
        '{"a": "b, c"}',
      ],
      ['0', '', '-0.1', 'false', '0001-01-01', 'infinity', '[]'],
      [null, null, null, null, null, null, null],
      ['-1', 'linha 1\nlinha 2 🎉 王', '100000000000000000000', null, '10000-01-01', '0044-03-15 BC', 'null'],
    ],
    // A hundred blocks of half a megabyte wait for the widths of the columns.
    ahead: 200,
  },
  pdf: {
    readBack: [
      {},
      { locale: 'pt-BR', page: { size: 'A3', orientation: 'landscape' }, overflow: 'cut', tagged: false },
      { 'group-by': ['nome', 'dia'], booleans: 'Sim/Não', tagged: true },
    ],
    refused: [{ page: { margins: 100 } }, { attach: ['csv', 'csv'] }, { booleans: 'Sim' }],
    // Only the format's own reader tells null from the empty text; test/long has readers of others.
    async read(bytes) {
      const [header = [], ...rows] = await readBack('pdf', bytes, {});
      return { header: header.map(String), rows };
    },
  },
};

const COLUMNS: readonly Column[] = [
  { name: 'id', kind: 'integer' },
  { name: 'nome', kind: 'text', title: 'Nome do usuário' },
  { name: 'valor', kind: 'decimal' },
  { name: 'ativo', kind: 'boolean' },
  { name: 'dia', kind: 'date' },
  { name: 'em', kind: 'timestamp' },
  { name: 'dados', kind: 'json' },
];
const HEADER = ['id', 'Nome do usuário', 'valor', 'ativo', 'dia', 'em', 'dados'];
const ROWS: readonly (readonly Cell[])[] = [
  [
    '9223372036854775807',
    'João "Jota" Sá',
    '1234567890123456789012345678.0123456789',
    'true',
    '2024-10-05',
    '2024-10-05 23:59:59.999999-03',
    '{"a": "b, c"}',
  ],
  ['0', '', '-0.10', 'false', '0001-01-01', 'infinity', '[]'],
  [null, null, null, null, null, null, null],
  ['-1', 'linha 1\nlinha 2 🎉 王', '1e+20', null, '10000-01-01', '0044-03-15 BC', 'null'],
];

function table(batches: Iterable<Batch> | AsyncIterable<Batch>): Table {
  async function* all() {
    yield* batches;
  }
  return { columns: COLUMNS, batches: all() };
}

async function bytesOf(format: string, of: Table, options: WriterOptions = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await createWriter(format, options)).encode(of)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** What the format's own reader gives, made canonical by what the format says about its spelling. */
async function readBack(format: string, bytes: Buffer, options: WriterOptions): Promise<Cell[][]> {
  const { isoDate = (text: string) => text, booleans } = formatOf(format).spelling(options);
  const canonicalCell = (cell: Cell, column: number): Cell => {
    const kind = COLUMNS[column]?.kind;
    if (cell === null) return null;
    if (kind === 'date' || kind === 'timestamp') return isoDate(cell);
    if (kind !== 'boolean' || booleans === undefined) return cell;
    return cell === booleans.true ? 'true' : cell === booleans.false ? 'false' : cell;
  };
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  }
  const rows: Cell[][] = [];
  const file = { options: JSON.parse(JSON.stringify(options)), columns: COLUMNS, bytes: bytes.length };
  for await (const some of formatOf(format).read(pieces(), file)) rows.push(...some);
  return rows.map((row, index) => (index === 0 ? row : row.map(canonicalCell)));
}

test('every format is held to the contract', () => {
  assert.deepEqual(Object.keys(CASES), FORMAT_NAMES);
});

test('a format that there is not is refused with those that there are', async () => {
  for (const format of ['ods', 'CSV', '', 'constructor']) {
    await assert.rejects(
      createWriter(format, {}),
      (error: unknown) =>
        error instanceof ReportError && error.code === 'usage' && /csv, xlsx, pdf/.test(error.hint ?? ''),
    );
  }
});

test('an option of another format is refused', async () => {
  for (const [format, options] of [
    ['csv', { strict: true }],
    ['csv', { sheet: 'Dados' }],
    ['xlsx', { delimiter: ';' }],
    ['xlsx', { formulas: 'keep' }],
    ['csv', { page: { size: 'A4' } }],
    ['pdf', { sheet: 'Dados' }],
  ] as const) {
    await assert.rejects(createWriter(format, options), (error: unknown) => {
      const [option = ''] = Object.keys(options);
      return error instanceof ReportError && error.code === 'usage' && error.message.includes(`"${option}"`);
    });
  }
  // What is undefined is not given.
  await createWriter('csv', { strict: undefined });
});

for (const [format, { readBack: optionSets, refused }] of Object.entries(CASES)) {
  describe(`${format}, the format`, () => {
    for (const options of optionSets) {
      test(`its own reader gives back what its writer wrote, with ${JSON.stringify(options)}`, async () => {
        const [header, ...rows] = await readBack(
          format,
          await bytesOf(format, table([cellBatch(ROWS)]), options),
          options,
        );
        assert.deepEqual(header, HEADER);
        // A file with dates of its own has no offsets.
        const hasOffsets = formatOf(format).spelling(options).isoDate === undefined;
        const expected = ROWS.map((row) =>
          row.map((cell) => (hasOffsets ? cell : (cell?.replace(/(:\d\d\.\d+)-03$/, '$1') ?? null))),
        );
        assert.deepEqual(rows, expected);
      });

      test(`a file without rows is read back, with ${JSON.stringify(options)}`, async () => {
        const bytes = await bytesOf(format, table([]), options);
        assert.deepEqual(await readBack(format, bytes, options), [HEADER]);
      });

      test(`its options are taken and described, with ${JSON.stringify(options)}`, () => {
        formatOf(format).check(options, COLUMNS, options['group-by'] ?? []);
        const { dialect, fieldType } = formatOf(format).describe(options);
        assert.deepEqual(JSON.parse(JSON.stringify(dialect)), dialect);
        // What Table Schema makes of each kind; text where the format has no type for it.
        const types = KINDS.map((kind) => fieldType({ kind }, 'America/Sao_Paulo').type);
        const allowed = {
          text: ['string'],
          integer: ['integer'],
          decimal: ['number'],
          boolean: ['boolean'],
          date: ['date'],
          timestamp: ['datetime', 'string'],
          json: ['string'],
        };
        for (const [index, kind] of KINDS.entries())
          assert.ok(allowed[kind].includes(types[index] ?? ''), `${kind}: ${types[index]}`);
      });
    }

    test('a cut file is refused', async () => {
      const bytes = await bytesOf(format, table([cellBatch(ROWS)]));
      await assert.rejects(readBack(format, bytes.subarray(0, -1), {}), { code: 'contract' });
    });

    test('options that it cannot take are refused, when checked and when used', async () => {
      for (const options of refused) {
        assert.throws(() => formatOf(format).check(options, COLUMNS, []), { code: 'usage' });
        await assert.rejects(createWriter(format, options), { code: 'usage' });
      }
    });

    test('every option has a help text, and a placeholder unless it is a flag', () => {
      const own = optionFlags().filter(({ name }) => name in formatOf(format).options);
      assert.deepEqual(own.map(({ name }) => name).sort(), Object.keys(formatOf(format).options).sort());
      for (const { name, flags, description } of own) {
        assert.match(flags, new RegExp(`^--${name}( <[a-z]+>)?$`));
        assert.notEqual(description, '');
        const takesText = formatOf(format).options[name]?.safeParse('x').error?.issues[0]?.code;
        assert.equal(takesText === 'invalid_type', !flags.includes(' '), name);
      }
    });

    test('every other format has another ending', () => {
      assert.equal(formatWithExtension(formatOf(format).extension), format);
    });
  });
}

test('loading the registry loads no library that writes or reads', async () => {
  const registry = new URL('../../src/writers/index.js', import.meta.url).href;
  const script = `
    import { Session } from 'node:inspector';
    const session = new Session();
    session.connect();
    const paths = [];
    session.on('Debugger.scriptParsed', ({ params }) => paths.push(params.url));
    session.post('Debugger.enable');
    const { createWriter } = await import(${JSON.stringify(registry)});
    const loaded = () => paths.filter((path) => /(libraries|node_modules).(exceljs|yauzl|csv-stringify)|writers.pdf.(write|fonts)/.test(path)).length;
    const before = loaded();
    await createWriter('xlsx', {});
    const workbook = loaded();
    await createWriter('pdf', {});
    console.log(JSON.stringify([before, workbook > 0, loaded() > workbook]));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
  });
  // The others say that this would be seen.
  assert.deepEqual(JSON.parse(stdout), [0, true, true]);
});

const FORMS = Object.entries(CASES).flatMap(([format, { read, arrived = ROWS, ahead = 0 }]) =>
  Object.entries(BATCH_FORMS).map(([form, batch]) => ({ format, read, arrived, ahead, form, batch })),
);

for (const { format, read, arrived, ahead, form, batch } of FORMS) {
  describe(`${format} from ${form}`, () => {
    test('the cells arrive, and null is not the empty text', async () => {
      const { header, rows } = await read(
        await bytesOf(format, table([batch(ROWS.slice(0, 1)), batch(ROWS.slice(1))])),
      );
      assert.deepEqual(header, HEADER);
      assert.deepEqual(rows, arrived);
    });

    test('without rows the header is there all the same', async () => {
      assert.deepEqual(await read(await bytesOf(format, table([]))), {
        header: HEADER,
        rows: [],
      });
    });

    test('the same rows make the same bytes, however they are cut into batches', async () => {
      const whole = await bytesOf(format, table([batch(ROWS)]));
      assert.deepEqual(await bytesOf(format, table([batch(ROWS)])), whole);
      assert.deepEqual(await bytesOf(format, table(ROWS.map((row) => batch([row])))), whole);
    });

    test('it says what it is', async () => {
      const writer = await createWriter(format, {});
      const { extension, contentType } = formatOf(format);
      assert.deepEqual([writer.extension, writer.contentType], [extension, contentType]);
      assert.match(writer.contentType, /^[a-z]+\/[a-z.+-]+(; charset=utf-8)?$/);
      assert.equal(writer.neutralised, 0);
    });

    test('throws what the table throws, before the first row, between batches and at the very end', async () => {
      for (const good of [0, 1, 3]) {
        const failure = new Error(`after ${good} batches`);
        async function* failing() {
          for (let index = 0; index < good; index++) yield batch(ROWS);
          throw failure;
        }
        await assert.rejects(bytesOf(format, table(failing())), failure);
      }
    });

    test('throws when a batch cannot be decoded', async () => {
      const broken: Batch = {
        rowCount: 1,
        rows() {
          throw new ReportError('source', 'not UTF-8');
        },
      };
      await assert.rejects(bytesOf(format, table([batch(ROWS), broken])), { code: 'source' });
    });

    test('pulls a batch only when its bytes are wanted, and lets go of the table when it is left', async () => {
      let pulled = 0;
      let released = false;
      const thousand = batch(Array.from({ length: 250 }, () => ROWS).flat());
      async function* endless() {
        try {
          for (;;) {
            pulled++;
            yield thousand;
          }
        } finally {
          released = true;
        }
      }
      const bytes = (await createWriter(format, {})).encode({ columns: COLUMNS, batches: endless() });
      for (let chunks = 1; chunks <= 5; chunks++) {
        assert.equal((await bytes.next()).done, false);
        // The header, and then at most one batch for each chunk, and what a packer needs to begin.
        const before = pulled;
        assert.ok(pulled <= chunks + ahead, `${pulled} batches for ${chunks} chunks`);
        await new Promise(setImmediate);
        assert.equal(pulled, before, 'nothing is read while nobody asks');
      }
      await bytes.return(undefined);
      assert.ok(released);
    });

    test('leaves the batches as they are: other outputs read them too', async () => {
      const frozen = batch(Object.freeze(ROWS.map((row) => Object.freeze([...row]))));
      const before = frozen.encoded && Buffer.from(frozen.encoded.bytes);
      await bytesOf(format, table([frozen]));
      assert.deepEqual(frozen.rows(), ROWS);
      assert.deepEqual(frozen.encoded?.bytes, before);
    });
  });
}
