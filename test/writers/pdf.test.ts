// What a PDF has on its pages: the rows as they were, groups, sums at the ends of groups and pages.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import type { Cell, Column } from '../../src/core/table.js';
import type { About } from '../../src/core/writer.js';
import { openFace } from '../../src/writers/pdf/fonts.js';
import { PdfFile } from '../../src/writers/pdf/objects.js';
import type { PdfOptions } from '../../src/writers/pdf/options.js';
import { Pages } from '../../src/writers/pdf/pages.js';
import { paperOf } from '../../src/writers/pdf/paper.js';
import { readPdf } from '../../src/writers/pdf/read.js';
import { createPdfWriter } from '../../src/writers/pdf/write.js';
import { cellBatch } from '../support/copy-text.js';
import { pageNumber, streamsOf } from '../support/pdf-rebuilt.js';

const COLUMNS: readonly Column[] = [
  { name: 'organizacao', kind: 'text', title: 'Organização' },
  { name: 'tipo', kind: 'text' },
  { name: 'produto', kind: 'text', title: 'Produto' },
  { name: 'quantidade', kind: 'integer', title: 'Quantidade' },
  { name: 'valor', kind: 'decimal', title: 'Valor', currency: 'BRL' },
];
const TITLES = ['Organização', 'tipo', 'Produto', 'Quantidade', 'Valor'];
const GROUPED = { locale: 'pt-BR', 'group-by': ['organizacao', 'tipo'] } as const;

function rowsOf(count: number, groups: number): Cell[][] {
  return Array.from({ length: count }, (_, row) => [
    `Organização ${String(Math.floor((row * groups) / count)).padStart(3, '0')}`,
    row % 2 === 0 && count === groups ? null : 'Bebidas',
    `Produto ${row} (azul)`,
    String(row),
    `${row % 7 === 0 ? '-' : ''}${row}.50`,
  ]);
}

async function written(rows: readonly Cell[][], options: PdfOptions, about: About = {}): Promise<Buffer> {
  const writer = await createPdfWriter(options, about);
  async function* batches() {
    for (let at = 0; at < rows.length; at += 100) yield cellBatch(rows.slice(at, at + 100));
  }
  const chunks: Buffer[] = [];
  for await (const chunk of writer.encode({ columns: COLUMNS, batches: batches() }))
    chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function readBack(bytes: Buffer, options: PdfOptions): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 4096) yield bytes.subarray(at, at + 4096);
  }
  const file = { options: JSON.parse(JSON.stringify(options)), columns: COLUMNS, bytes: bytes.length };
  for await (const some of readPdf(pieces(), file)) rows.push(...some);
  return rows;
}

/** The operators of each page, a byte for each character. */
function contentsOf(file: Buffer): string[] {
  return streamsOf(file)
    .filter((stream) => pageNumber(stream) !== undefined)
    .map(({ bytes }) => inflateSync(bytes).toString('latin1'));
}

/** As it is drawn, a byte for each character. */
function utf16(text: string): string {
  return Buffer.from(text, 'utf16le').swap16().toString('latin1');
}

describe('groups', () => {
  for (const [count, groups] of [
    [0, 1],
    [1, 1],
    [45, 1],
    [300, 4],
    [60, 60],
  ] as const) {
    test(`the rows of ${groups} groups come back, ${count} of them`, async () => {
      const rows = rowsOf(count, groups);
      for (const tagged of [true, false]) {
        const options = { ...GROUPED, tagged };
        const bytes = await written(rows, options, { totals: ['valor'] });
        assert.deepEqual(await readBack(bytes, options), [TITLES, ...rows]);
      }
    });
  }

  test('no heading is the last on a page, however high the first row of its group is', async () => {
    const options = { ...GROUPED, page: { size: 'A4', orientation: 'landscape', margins: 45 } } as const;
    for (let before = 1; before < 20; before++) {
      const rows = rowsOf(before + 1, 1);
      rows.push(['Z', 'Bebidas', 'palavra '.repeat(60), '1', '1.50']);
      for (const [page, content] of contentsOf(
        await written(rows, options, { totals: ['valor'] }),
      ).entries()) {
        const heading = content.search(/\/RPTC_G<<\/L 0>>BDC [^(]*\(\0Z\)/);
        const hasRow = heading < 0 || content.includes(utf16('palavra'), heading);
        assert.ok(hasRow, `page ${page + 1} with ${before + 1} rows before`);
      }
    }
  });

  test('a group that comes again is refused with its row', async () => {
    const rows = [...rowsOf(4, 2), ...rowsOf(4, 2)];
    await assert.rejects(written(rows, GROUPED), {
      code: 'contract',
      message:
        'writing pdf: the rows of organizacao "Organização 000" are not together: they come again at row 5',
    });
  });
});

test('the number of a page is spelled as the number of all pages is', async () => {
  const file = new PdfFile();
  const faces = { regular: await openFace('regular', file), bold: await openFace('bold', file) };
  const pages = new Pages(file, paperOf({}, 'portrait'), faces, 'pt-BR', false);
  let bytes = file.take();
  for (let page = 1; page <= 1000; page++) {
    pages.begin();
    pages.end();
    bytes = file.take();
  }
  const content = inflateSync(bytes.subarray(bytes.indexOf('>>stream\n') + '>>stream\n'.length));
  assert.ok(content.includes(Buffer.from('página 1.000', 'utf16le').swap16()));
});

test('a title of a column that is not shown whole is counted, and refused with strict', async () => {
  const title = 'Um título muito comprido '.repeat(20);
  const columns: readonly Column[] = [
    { name: 'codigo', kind: 'integer', title },
    { name: 'emoji', kind: 'text', title: '😀' },
  ];
  async function* none() {}
  const writer = await createPdfWriter({});
  for await (const _ of writer.encode({ columns, batches: none() }));
  const notes = writer.notes?.() ?? [];
  assert.deepEqual(
    notes.map((note) => note.slice(0, 9)),
    ['1 text(s)', '1 text(s)'],
  );
  const strict = await createPdfWriter({ strict: true });
  await assert.rejects(strict.encode({ columns, batches: none() }).next(), {
    code: 'contract',
    message: /the title of column "codigo"/,
  });
});
