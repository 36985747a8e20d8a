// What is too long for a PDF page or a PDF string, and what the notes say of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import type { Cell, Column } from '../../src/core/table.js';
import type { About } from '../../src/core/writer.js';
import { createWriter } from '../../src/writers/index.js';
import type { PdfOptions } from '../../src/writers/pdf/options.js';
import { createPdfWriter } from '../../src/writers/pdf/write.js';
import { cellBatch } from '../support/copy-text.js';
import { pageNumber, streamsOf } from '../support/pdf-rebuilt.js';

const COLUMNS: readonly Column[] = [
  { name: 'loja', kind: 'text' },
  { name: 'nome', kind: 'text' },
  { name: 'codigo', kind: 'integer' },
];
/** ISO 19005-2, 6.1.13. */
const LONGEST_STRING = 32_767;

async function written(rows: readonly Cell[][], options: PdfOptions, about: About = {}) {
  const writer = await createPdfWriter(options, about, () => createWriter('csv', {}));
  async function* batches() {
    yield cellBatch(rows);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of writer.encode({ columns: COLUMNS, batches: batches() })) {
    chunks.push(Buffer.from(chunk));
  }
  return { file: Buffer.concat(chunks), notes: writer.notes?.() ?? [] };
}

/** The objects outside of pages, a byte for each character. */
function objectsOf(file: Buffer): string[] {
  return streamsOf(file)
    .filter(({ dictionary }) => dictionary.includes('/ObjStm'))
    .map(({ bytes }) => inflateSync(bytes).toString('latin1'));
}

test('a title and groups of 40,000 letters stand shortened where a string holds them', async () => {
  const long = 'é'.repeat(40_000);
  const rows = [...Array(60)].map((_, row) => [`${row}${long}`, 'a', '1']);
  const { file } = await written(
    rows,
    { 'group-by': ['loja'], attach: ['csv', 'manifest'] },
    { title: long },
  );
  for (const text of objectsOf(file)) {
    for (const [digits] of text.matchAll(/<[0-9A-F]+>/g)) assert.ok(digits.length / 2 <= LONGEST_STRING);
  }
});

test('a number that is higher than half a page is cut, counted, and refused with strict', async () => {
  const rows = [['a', 'b', '1'.repeat(20_000)]];
  const { notes } = await written(rows, {});
  assert.match(notes.join(), /^1 text\(s\) cut/);
  await assert.rejects(written(rows, { strict: true }), {
    code: 'contract',
    message: /row 1, column "codigo": "1+…" does not fit/,
  });
});

test('the first page has room for rows, however many filters its head names', async () => {
  const filters = [...Array(300)].map((_, index) => ({
    word: 'produto',
    test: { of: 'texts', anyOf: [`valor ${index}`] } as const,
  }));
  const sources = [...Array(200)].map((_, index) => `fonte-${index}`);
  const page = { size: 'A4', orientation: 'landscape', margins: 65 } as const;
  const { file } = await written([['a', 'xyz', '1']], { page }, { filters, sources });
  assert.equal(streamsOf(file).filter((stream) => pageNumber(stream) !== undefined).length, 1);
});

for (const [what, value, note] of [
  ['a character without a glyph', '小', /^1 text\(s\) with a character/],
  ['letters from right to left', 'שלום', /^1 text\(s\) written from right to left/],
  ['too many letters', 'x'.repeat(1000), /^1 text\(s\) cut/],
  ['a tab', 'a\tb', /^$/],
  ['a byte order mark', '\ufeffa', /^1 text\(s\) with a character that the font does not have[^,]*$/],
] as const) {
  test(`the notes tell of a heading with ${what}`, async () => {
    const { notes } = await written([[value, 'a', '1']], { 'group-by': ['loja'] });
    assert.match(notes.join(), note);
  });
}
