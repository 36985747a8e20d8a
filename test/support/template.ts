// Templates for tests: a workbook that somebody designed, its parts changed, and filled with rows.
import assert from 'node:assert/strict';
import excel from 'exceljs';
import type { Batch, Column } from '../../src/core/table.js';
import type { About } from '../../src/core/writer.js';
import { createWriter, type WriterOptions } from '../../src/writers/index.js';
import { templateOf } from '../../src/writers/xlsx/template/open.js';
import { unzipped } from '../../src/writers/xlsx/unzip.js';
import { Zip } from '../../src/writers/xlsx/zip.js';
import { cellBatch } from './copy-text.js';
import { assertWellFormed } from './xlsx.js';

export const COLUMNS: readonly Column[] = [
  { name: 'codigo', kind: 'text' },
  { name: 'dia', kind: 'date' },
  { name: 'valor', title: 'Valor (R$)', kind: 'decimal' },
  { name: 'quantidade', kind: 'integer' },
];
export const ROWS = [
  ['007', '2024-10-05', '1234.50', '3'],
  ['=1+1', '1899-12-31', null, '4'],
  [null, '2024-10-07', '-0.10', '12345678901234567'],
];
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

export type Parts = Map<string, Buffer>;

/** Title and logo above, the header in row 4, the model in row 5, another sample below; a second sheet with formulas. */
export async function designed(
  change: (workbook: excel.Workbook, sheet: excel.Worksheet) => void = () => undefined,
) {
  const workbook = new excel.Workbook();
  const summary = workbook.addWorksheet('Painel');
  summary.getCell('A1').value = { formula: 'SUM(Dados!C:C)', result: 1 };
  const sheet = workbook.addWorksheet('Dados');
  sheet.addImage(workbook.addImage({ buffer: PIXEL as unknown as excel.Buffer, extension: 'png' }), 'C1:C2');
  sheet.getCell('A1').value = 'Relatório da casa';
  sheet.getCell('A2').value = { formula: 'COUNTA(A5:A1048576)', result: 2 };
  sheet.mergeCells('A1:B1');
  sheet.getRow(4).values = ['Código', 'Dia', 'Valor (R$)', 'Quantidade'];
  sheet.getRow(5).values = ['x', new Date('2020-01-01'), 1, 2];
  sheet.getRow(5).height = 21;
  const looks = ['@', 'dd/mm/yyyy', '"R$" #,##0.00', '0'];
  for (const [index, numFmt] of looks.entries()) {
    const fill = { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FFFFEECC' } } as const;
    sheet.getCell(5, index + 1).style = { numFmt, fill };
  }
  sheet.getRow(6).values = ['y', new Date('2020-01-02'), 3, 4];
  sheet.getCell('A9').value = 'rodapé';
  sheet.mergeCells('A9:D9');
  change(workbook, sheet);
  return unzipped(Buffer.from(await workbook.xlsx.writeBuffer()));
}

export async function packed(parts: Parts): Promise<Buffer> {
  const zip = new Zip();
  const entries: Buffer[] = [];
  for (const [name, content] of parts) entries.push(await zip.whole(name, content));
  return Buffer.concat([...entries, zip.end()]);
}

export function rewrite(parts: Parts, name: string, change: (xml: string) => string): void {
  const before = parts.get(name)?.toString() ?? '';
  const after = change(before);
  assert.notEqual(after, before, `${name} was to be changed`);
  parts.set(name, Buffer.from(after));
}

/** exceljs itself cannot remove the last rows. */
export function withoutRows(parts: Parts, from: number): void {
  rewrite(parts, 'xl/worksheets/sheet2.xml', (xml) =>
    xml.replace(/<row r="(\d+)".*?<\/row>/gs, (row, number) => (Number(number) < from ? row : '')),
  );
}

export const sheetOf = (parts: Parts) => parts.get('xl/worksheets/sheet2.xml')?.toString() ?? '';

export async function filled(
  template: Parts | Buffer,
  { columns = COLUMNS, batches = [cellBatch(ROWS)], about = {}, ...options }: Filling = {},
) {
  const bytes = Buffer.isBuffer(template) ? template : await packed(template);
  const writer = await createWriter(
    'xlsx',
    { ...options, template: templateOf('modelo.xlsx', bytes) },
    about,
  );
  async function* all() {
    yield* batches;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of writer.encode({ columns, batches: all() })) chunks.push(Buffer.from(chunk));
  const written = Buffer.concat(chunks);
  const parts = unzipped(written);
  for (const [name, part] of parts) {
    if (/\.(xml|rels)$/.test(name)) assertWellFormed(name, part.toString());
  }
  return { bytes: written, parts, notes: writer.notes?.() ?? [] };
}

export interface Filling extends Omit<WriterOptions, 'template'> {
  readonly columns?: readonly Column[];
  readonly batches?: Iterable<Batch>;
  readonly about?: About;
}
