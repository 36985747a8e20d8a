// What every format owes its callers; a new one is one line in FORMATS.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { ReportError } from '../../src/core/errors.js';
import type { Batch, Cell, Column, Table } from '../../src/core/table.js';
import { createWriter, FORMAT_NAMES } from '../../src/writers/index.js';
import { BATCH_FORMS } from '../support/copy-text.js';
import { canonical, openXlsx, valuesOf } from '../support/xlsx.js';

interface Format {
  /** The rows as they arrive, where the format has types of its own; else as they are. */
  readonly arrived?: readonly (readonly Cell[])[];
  /** So many batches of ROWS, and no more, may be read before their bytes come out; without it, none. */
  readonly ahead?: number;
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

const CASES: Readonly<Record<string, Format>> = {
  csv: {
    read(bytes) {
      const [header = [], ...rows] = parse(bytes, {
        cast: (value, { quoting, header: isHeader }) =>
          value === '' && !quoting && !isHeader ? null : value,
      }) as unknown as [string[], ...Cell[][]];
      return { header, rows };
    },
  },
  xlsx: {
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
    // Blocks of half a megabyte are compressed, four at once.
    ahead: 3000,
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

async function bytesOf(format: string, of: Table): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await createWriter(format, {})).encode(of)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

test('every format is held to the contract', () => {
  assert.deepEqual(Object.keys(CASES), FORMAT_NAMES);
});

test('a format that there is not is refused with those that there are', async () => {
  for (const format of ['ods', 'CSV', '', 'constructor']) {
    await assert.rejects(
      createWriter(format, {}),
      (error: unknown) =>
        error instanceof ReportError && error.code === 'usage' && /csv, xlsx/.test(error.hint ?? ''),
    );
  }
});

test('an option of another format is refused', async () => {
  for (const [format, options] of [
    ['csv', { strict: true }],
    ['csv', { sheet: 'Dados' }],
    ['xlsx', { delimiter: ';' }],
    ['xlsx', { formulas: 'keep' }],
  ] as const) {
    await assert.rejects(createWriter(format, options), (error: unknown) => {
      const [option = ''] = Object.keys(options);
      return error instanceof ReportError && error.code === 'usage' && error.message.includes(`"${option}"`);
    });
  }
  // What is undefined is not given.
  await createWriter('csv', { strict: undefined });
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
      assert.deepEqual(header, ['id', 'Nome do usuário', 'valor', 'ativo', 'dia', 'em', 'dados']);
      assert.deepEqual(rows, arrived);
    });

    test('without rows the header is there all the same', async () => {
      assert.deepEqual(await read(await bytesOf(format, table([]))), {
        header: COLUMNS.map(({ title, name }) => title ?? name),
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
      assert.equal(writer.extension, format);
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
      async function* endless() {
        try {
          for (;;) {
            pulled++;
            yield batch(ROWS);
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
