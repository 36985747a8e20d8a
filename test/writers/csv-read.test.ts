// Reading CSV back: what the writer wrote comes out as it went in, and everything else is refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ReportError } from '../../src/core/errors.js';
import type { Cell, Column } from '../../src/core/table.js';
import type { CsvOptions } from '../../src/writers/csv/dialect.js';
import { readCsv } from '../../src/writers/csv/read.js';
import { createWriter } from '../../src/writers/index.js';
import { cellBatch } from '../support/copy-text.js';
import { runs } from '../support/runs.js';

async function written(
  columns: readonly Column[],
  rows: readonly Cell[][],
  options: CsvOptions,
): Promise<Buffer> {
  async function* batches() {
    if (rows.length > 0) yield cellBatch(rows);
  }
  const chunks: Buffer[] = [];
  const writer = await createWriter('csv', options);
  for await (const chunk of writer.encode({ columns, batches: batches() })) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** In pieces of that many bytes. */
async function readBack(
  bytes: Buffer,
  columns: readonly Column[],
  options: Readonly<Record<string, unknown>>,
  piece = 7,
): Promise<Cell[][]> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const rows: Cell[][] = [];
  for await (const some of readCsv(pieces(), { options, columns })) rows.push(...some);
  return rows;
}

const COLUMNS: readonly Column[] = [
  { name: 'a', kind: 'text', title: 'A, or "a"' },
  { name: 'b', kind: 'decimal' },
  { name: 'c', kind: 'json', title: 'Preço, médio' },
];
const HEADER = ['A, or "a"', 'b', 'Preço, médio'];

const DIALECTS: readonly CsvOptions[] = [
  {},
  { delimiter: ';', decimal: ',', bom: true, eol: 'crlf' },
  { delimiter: '\\t', quote: 'all', null: 'NULL' },
  { null: '\\N', eol: 'crlf' },
  { delimiter: '§', decimal: ',' },
  { delimiter: '😀', null: '' },
  { quote: 'all' },
];

describe('what was written comes back', () => {
  const cell = fc.oneof(
    fc.constantFrom(
      '',
      'NULL',
      '\\N',
      '"',
      '""',
      '\r',
      '\n',
      '\r\n',
      ',',
      ';',
      '\t',
      '§',
      '😀',
      '😁',
      ' x ',
      '\ufeff',
    ),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc
      .array(fc.constantFrom('"', '\n', '\r', ',', ';', 'a', 'é', '😀'), { maxLength: 6 })
      .map((all) => all.join('')),
  );
  const nullable = fc.option(cell, { nil: null });
  const number = fc.option(fc.constantFrom('0', '-12.50', '1e+20', 'NaN', '99999999999999999999.000001'), {
    nil: null,
  });
  const rows = fc.array(fc.tuple(nullable, number, nullable), { maxLength: 6 });

  for (const dialect of DIALECTS) {
    test(JSON.stringify(dialect), async () => {
      await fc.assert(
        fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (table, piece) => {
          const bytes = await written(COLUMNS, table, { ...dialect, formulas: 'keep' });
          assert.deepEqual(await readBack(bytes, COLUMNS, dialect, piece), [HEADER, ...table]);
        }),
        { numRuns: runs(60) },
      );
    });
  }

  test('a single column, in which null is an empty line', async () => {
    const columns: Column[] = [{ name: 'a', kind: 'text' }];
    const table = [[null], [''], ['x'], [null]];
    const bytes = await written(columns, table, {});
    assert.equal(bytes.toString(), 'a\n\n""\nx\n\n');
    assert.deepEqual(await readBack(bytes, columns, {}, 1), [['a'], ...table]);
  });

  test('rows come as soon as they are whole, so that a file of any size needs little memory', async () => {
    let given = 0;
    async function* pieces() {
      for (; given < 1000; given++) yield Buffer.from(given === 0 ? 'a,b,c\n' : '1,2,3\n4,');
    }
    const rows = readCsv(pieces(), { options: {}, columns: COLUMNS });
    assert.deepEqual((await rows.next()).value, [['a', 'b', 'c']]);
    assert.equal(given, 0);
    assert.deepEqual((await rows.next()).value, [['1', '2', '3']]);
    assert.equal(given, 1);
    await rows.return(undefined);
    assert.equal(given, 1);
  });

  test('a row much longer than the pieces that it comes in', async () => {
    const long = 'x"\n'.repeat(200_000);
    const bytes = await written(COLUMNS, [[long, '1', null]], {});
    assert.deepEqual(await readBack(bytes, COLUMNS, {}, 1000), [HEADER, [long, '1', null]]);
  });
});

describe('refused, with where it is:', () => {
  const cases: readonly [text: string | Buffer, dialect: CsvOptions, said: RegExp][] = [
    ['', {}, /^it is empty$/],
    ['a,b,c', {}, /^the header is cut off$/],
    ['a,b,c\n1,2,3', {}, /^row 1 is cut off$/],
    ['a,b,c\n1,2,"3', {}, /^row 1 is cut off$/],
    ['a,b,c\n1,2,"3\n4,5,6\n', {}, /^row 1 is cut off$/],
    ['a,b,c\n1,2,3\n1,2"2,3\n', {}, /^row 2 has "\\"" where cell 2 should have ended$/],
    ['a,b,c\n"1"x,2,3\n', {}, /^row 1 has "x" where cell 1 should have ended$/],
    ['a,b,c\n"1""",2,3\n"1"";2,3\n', {}, /^row 2 is cut off$/],
    ['a,b,c\r\n1,2,3\r\n', {}, /^the header has "\\r" where cell 3 should have ended$/],
    ['a,b,c\n', { eol: 'crlf' }, /^the header has "\\n" where cell 3 should have ended$/],
    ['a,b,c\r\n1,2,3\r', { eol: 'crlf' }, /^row 1 is cut off$/],
    ['a,b,c\n', { bom: true }, /^it begins without a byte order mark$/],
    [Buffer.from([97, 44, 98, 10, 0xc3, 0x28, 10]), {}, /^the header is not UTF-8$/],
    [Buffer.from([97, 44, 98, 10, 97, 0xc3]), {}, /^row 1 is not UTF-8$/],
    ['a\n', { delimiter: 'x' }, /^\{"delimiter":"x"\} is no CSV dialect$/],
    ['a\n', { eol: 'cr' as 'lf' }, /^\{"eol":"cr"\} is no CSV dialect$/],
  ];
  for (const [text, dialect, said] of cases) {
    test(`${JSON.stringify(text.toString())} as ${JSON.stringify(dialect)}`, async () => {
      await assert.rejects(readBack(Buffer.from(text), COLUMNS, dialect), (error) => {
        assert.ok(error instanceof ReportError);
        assert.equal(error.code, 'contract');
        assert.match(error.message, said);
        return true;
      });
    });
  }

  test('a quote that nobody closes, before it takes all memory', async () => {
    let given = 0;
    async function* endless() {
      yield Buffer.from('a,b,c\n"');
      for (;;) {
        given += 1;
        yield Buffer.alloc(8 * 1024 ** 2, 'x,\n');
      }
    }
    await assert.rejects(async () => {
      for await (const _ of readCsv(endless(), { options: {}, columns: COLUMNS }));
    }, /^ReportError: row 1 is longer than 67108864 characters$/);
    assert.ok(given < 20, `${given} pieces of 8 MiB`);
  });
});

describe('titles that look like a formula', () => {
  const columns: Column[] = [
    { name: '=HYPERLINK("http://x")', kind: 'text' },
    { name: 'b', kind: 'decimal', title: '@SUM(A1)' },
    { name: '-5', kind: 'text' },
    { name: 'c', kind: 'text', title: 'x;=1' },
  ];
  const titles = ['=HYPERLINK("http://x")', '@SUM(A1)', '-5', 'x;=1'];

  test('get an apostrophe, count, and are read back without it', async () => {
    const bytes = await written(columns, [], {});
    assert.equal(bytes.toString(), `"'=HYPERLINK(""http://x"")",'@SUM(A1),-5,x;'=1\n`);
    assert.deepEqual(await readBack(bytes, columns, {}), [titles]);
    const writer = await createWriter('csv', {});
    for await (const _ of writer.encode({ columns, batches: (async function* () {})() }));
    assert.equal(writer.neutralised, 3);
  });

  test('stay with --formulas keep, and in files that older versions wrote', async () => {
    const bytes = await written(columns, [], { formulas: 'keep' });
    assert.equal(bytes.toString(), '"=HYPERLINK(""http://x"")",@SUM(A1),-5,x;=1\n');
    assert.deepEqual(await readBack(bytes, columns, { formulas: 'keep' }), [titles]);
    assert.deepEqual(await readBack(bytes, columns, {}), [titles]);
  });
});
