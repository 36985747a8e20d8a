// Reads the workbooks that write.ts and template.ts write, and nothing else: what could be read in two ways is refused.
import { messageOf } from '../../core/errors.js';
import type { SpelledOptions, WrittenFile } from '../../core/format.js';
import type { Cell } from '../../core/table.js';
import { DATA_SHEET, sheetOf } from './options.js';
import { SheetText } from './read/sheet-text.js';
import { dataSheets, isWanted, type SheetPart, templateSheet } from './read/workbook.js';
import { type Archive, damaged, openArchive, spooled } from './read/zip-archive.js';

/**
 * Rows as cells, the header first. Numbers are the text in the sheet, with all digits; dates and timestamps are Excel's serial
 * numbers. A template's header may have any words: the titles of the columns are returned in its place. The directory of a zip
 * archive is at its end, so the bytes go to a temporary file first.
 * @throws ReportError `contract` when it is no workbook of ours, `destination` when there is no room for the temporary file
 */
export async function* readXlsx(
  bytes: AsyncIterable<Buffer>,
  written: WrittenFile,
): AsyncGenerator<Cell[][]> {
  const { options, columns, bytes: expected } = written;
  const base = baseOf(options);
  const file = await spooled(bytes, expected);
  try {
    const archive = await openArchive(file, isWanted);
    if (options.template === undefined) {
      yield* oneTable(archive, await dataSheets(archive, base), written);
    } else {
      const sheet = await templateSheet(archive, base);
      yield [columns.map(({ title, name }) => title ?? name)];
      yield* rowsOf(archive, sheet, written, true);
    }
  } finally {
    await file.close();
  }
}

/** Every sheet begins with the header; only the first one is yielded. */
async function* oneTable(
  archive: Archive,
  sheets: readonly SheetPart[],
  written: WrittenFile,
): AsyncGenerator<Cell[][]> {
  let header: string | undefined;
  for (const sheet of sheets) {
    let isFirst = true;
    for await (const rows of rowsOf(archive, sheet, written, false)) {
      if (isFirst) {
        const own = JSON.stringify(rows[0]);
        if (header !== undefined) rows.shift();
        header ??= own;
        if (own !== header)
          throw damaged(`the header of ${JSON.stringify(sheet.name)} is not the first sheet's`);
      }
      isFirst = false;
      if (rows.length > 0) yield rows;
    }
  }
}

async function* rowsOf(
  archive: Archive,
  { name, path }: SheetPart,
  written: WrittenFile,
  isTemplate: boolean,
): AsyncGenerator<Cell[][]> {
  const text = new SheetText(name, written, isTemplate);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (piece?: Buffer) => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch (cause) {
      throw damaged(`${text.place()} is followed by what is not UTF-8`, cause);
    }
  };
  for await (const piece of archive.read(path)) yield* text.add(decode(piece));
  yield* text.add(decode());
  yield* text.end();
}

function baseOf({ sheet, template }: SpelledOptions): string {
  // A sheet of a template may have any name.
  if (template !== undefined) return String(sheet ?? DATA_SHEET);
  try {
    return sheetOf({ sheet: sheet === undefined ? undefined : String(sheet) });
  } catch (error) {
    throw damaged(messageOf(error), error);
  }
}
