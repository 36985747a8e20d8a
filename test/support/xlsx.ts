// Workbooks for tests: written, taken apart, and read back with exceljs.
import assert from 'node:assert/strict';
import excel from 'exceljs';
import type { Batch, Cell, Column } from '../../src/core/table.js';
import type { About, Writer } from '../../src/core/writer.js';
import { createWriter, type WriterOptions } from '../../src/writers/index.js';
import { unzipped } from '../../src/writers/xlsx/unzip.js';

export interface Written {
  readonly bytes: Buffer;
  readonly writer: Writer;
  /** Name to XML. */
  readonly parts: ReadonlyMap<string, string>;
}

export async function writeXlsx(
  columns: readonly Column[],
  batches: Iterable<Batch>,
  options: WriterOptions = {},
  about: About = {},
): Promise<Written> {
  async function* all() {
    yield* batches;
  }
  const writer = await createWriter('xlsx', options, about);
  const chunks: Buffer[] = [];
  for await (const chunk of writer.encode({ columns, batches: all() })) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  const parts = [...unzipped(bytes)].map(([name, part]) => [name, part.toString()] as const);
  return { bytes, writer, parts: new Map(parts) };
}

export async function openXlsx(bytes: Buffer): Promise<excel.Workbook> {
  const workbook = new excel.Workbook();
  await workbook.xlsx.load(bytes as unknown as ArrayBuffer);
  return workbook;
}

/** The values of a sheet's rows as exceljs has them; undefined where there is no cell, '' for an empty text. */
export function valuesOf(sheet: excel.Worksheet | undefined, width: number): unknown[][] {
  assert.ok(sheet);
  const rows: unknown[][] = [];
  for (let number = 1; number <= sheet.rowCount; number++) {
    const row = sheet.getRow(number);
    rows.push(Array.from({ length: width }, (_, index) => cellValue(row.findCell(index + 1))));
  }
  return rows;
}

function cellValue(cell: excel.Cell | undefined): unknown {
  if (cell === undefined) return undefined;
  // exceljs leaves an empty inline string out, and undoes the spelling of ST_Xstring in shared strings only.
  if (cell.value === null) return '';
  if (typeof cell.value !== 'string') return cell.value;
  return cell.value.replace(/_x([0-9A-F]{4})_/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** What exceljs reads as the canonical text of a cell, dates to the millisecond. */
export function canonical(value: unknown, kind: Column['kind']): Cell {
  if (value === undefined) return null;
  if (!(value instanceof Date)) return String(value);
  const text = value.toISOString().replace('T', ' ').replace('Z', '');
  return kind === 'date' ? text.slice(0, 10) : text;
}

/** Strict enough for what a writer of XML gets wrong: tags, attributes, entities, characters (XML 1.0, 2.1). */
export function assertWellFormed(name: string, xml: string): void {
  const open: string[] = [];
  let roots = 0;
  const body = xml.replace(/^<\?xml version="1\.0"[^?]*\?>\s*/, '');
  for (const token of body.match(/<[^>]*>?|[^<]+/g) ?? []) {
    const tag = /^<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*="[^"<]*")*)\s*(\/?)>$/.exec(token);
    if (!token.startsWith('<')) {
      assert.ok(open.length > 0 || token.trim() === '', `${name}: text outside of the root`);
    } else {
      assert.ok(tag, `${name}: ${token}`);
      const [, closes, element = '', attributes = '', empty] = tag;
      const names = [...attributes.matchAll(/\s([^\s=]+)=/g)].map((match) => match[1]);
      assert.equal(new Set(names).size, names.length, `${name}: ${token}`);
      if (closes) assert.equal(open.pop(), element, `${name}: ${token}`);
      else {
        if (open.length === 0) roots++;
        if (!empty) open.push(element);
      }
    }
    assert.doesNotMatch(token, /&(?!(amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)/i, `${name}: ${token}`);
    assert.doesNotMatch(token, /\]\]>/, name);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what XML does not have
    assert.doesNotMatch(token, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/, name);
  }
  assert.deepEqual(open, [], `${name}: left open`);
  assert.equal(roots, 1, `${name}: one root`);
}
