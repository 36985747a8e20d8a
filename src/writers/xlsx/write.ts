// Writes XLSX (ECMA-376): our own encoder streams the rows, and exceljs makes all other parts.
import { ReportError } from '../../core/errors.js';
import type { Column, Table } from '../../core/table.js';
import type { About, Writer } from '../../core/writer.js';
import { booleanWords } from '../words/booleans.js';
import { Changes } from './changes.js';
import { DataSheets } from './data-sheet.js';
import { Groups } from './groups.js';
import { nextSheetName, SHEET_COLUMNS, sheetOf, XLSX_FILE, type XlsxOptions } from './options.js';
import { RowReader } from './reader.js';
import { columnStyles, RowEncoder } from './rows.js';
import { type DataSheet, sheetEnd, sheetStart } from './sheet.js';
import { makeShell, newWorkbook, sheetPath } from './shell.js';
import { aboutLines, summaryLines, summedOf, titleOf } from './summary.js';
import { createTemplateWriter } from './template.js';
import { Zip } from './zip.js';

/** The number of first rows that decide the widths of columns. */
const SAMPLE = 200;
/** The first parts of the archive: programs recognise a workbook by them. */
const FIRST_PARTS = ['_rels/.rels', 'docProps/core.xml'];

/** @throws ReportError `usage` for a sheet's name that Excel does not take, `definition` for a template that is no workbook */
export async function createXlsxWriter(options: XlsxOptions, about: About = {}): Promise<Writer> {
  if (options.template !== undefined) return createTemplateWriter(options.template, options, about);
  const base = sheetOf(options);
  const booleans = booleanWords(options.booleans);
  // Find a broken installation before anything is read.
  await newWorkbook();
  let changes = new Changes(options.strict ?? false);

  async function* encode({ columns, batches }: Table): AsyncGenerator<Buffer> {
    refuseTooManyColumns(columns);
    changes = new Changes(options.strict ?? false);
    const currencies = [...new Set(columns.flatMap(({ currency }) => currency ?? []))];
    const content = { title: titleOf(about, options.locale), started: about.started, currencies };
    const dataSheets: DataSheet[] = [];
    const empty = { ...content, dataSheets: [{ name: base, width: 1, rows: 1 }], summary: [], about: [] };
    const { styles, parts: firstParts } = await makeShell(options.locale, empty);
    const zip = new Zip();
    for (const name of FIRST_PARTS) yield await zip.whole(name, firstParts.get(name) ?? Buffer.alloc(0));

    const summed = summedOf(columns, about);
    const groups = new Groups(
      columns,
      summed.totals.map(({ name }) => name),
      summed.by.map(({ column }) => column.name),
    );
    const rows = new RowReader(batches, columns.length, (lines) => groups.add(lines));
    try {
      const start = sheetStart(columns, await rows.sample(SAMPLE));
      const looks = columns.map((column) => columnStyles(column, styles));
      const encoder = new RowEncoder(columns, looks, changes, { booleans });
      const sheets = new DataSheets(zip, rows, encoder);
      const titles = columns.map(({ title, name }) => title ?? name);
      do {
        const name = nextSheetName(
          base,
          dataSheets.map((sheet) => sheet.name),
        );
        const last = yield* sheets.sheet({
          path: sheetPath(dataSheets.length + 1),
          headerRow: 1,
          start: (block) => {
            block.add(start);
            encoder.header(titles, styles.header, block);
          },
          end: (count) => sheetEnd(columns, count),
        });
        dataSheets.push({ name, width: columns.length, rows: last });
      } while ((await rows.more()) !== undefined);
    } finally {
      await rows.close();
    }

    const summary = summaryLines(about, groups, summed, dataSheets, options.locale);
    const lines = aboutLines(about, changes, options.locale, new Date());
    const { parts } = await makeShell(options.locale, { ...content, dataSheets, summary, about: lines });
    for (const [name, part] of parts) {
      if (!FIRST_PARTS.includes(name)) yield await zip.whole(name, part);
    }
    yield zip.end();
  }

  return {
    ...XLSX_FILE,
    encode,
    // Excel never runs a cell of type text.
    neutralised: 0,
    notes: () => changes.notes(),
    textNumbers: () => changes.textNumbers(),
  };
}

function refuseTooManyColumns(columns: readonly Column[]): void {
  if (columns.length <= SHEET_COLUMNS) return;
  throw new ReportError(
    'definition',
    `writing xlsx: ${columns.length} columns, and a sheet has ${SHEET_COLUMNS}`,
    {
      hint: 'Export fewer with --columns, or write csv.',
    },
  );
}
