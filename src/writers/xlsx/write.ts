// Writes XLSX (ECMA-376): our own encoder streams the rows, and exceljs makes all other parts.
import { ReportError } from '../../core/errors.js';
import type { Column, Table } from '../../core/table.js';
import type { About, Writer } from '../../core/writer.js';
import { daysText } from '../words/asked.js';
import { booleanWords } from '../words/booleans.js';
import { titleOf } from '../words/facts.js';
import { Changes } from './changes.js';
import { DataSheets } from './data-sheet.js';
import { Groups } from './groups.js';
import { Layout } from './layout.js';
import { nextSheetName, SHEET_COLUMNS, sheetOf, XLSX_FILE, type XlsxOptions } from './options.js';
import { headAndFoot, pageFor } from './page.js';
import { RowReader } from './reader.js';
import { RowEncoder } from './rows.js';
import { type DataSheet, sheetEnd, sheetStart } from './sheet.js';
import { makeShell, newWorkbook, sheetPath } from './shell.js';
import { dataStyles, stylesOf, withFormats } from './styles.js';
import { aboutLines, summaryLines, summedOf } from './summary.js';
import { createTemplateWriter } from './template.js';
import { Zip } from './zip.js';

const STYLES = 'xl/styles.xml';
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
    const { locale } = options;
    const title = titleOf(about, locale);
    const subject = about.period === undefined ? '' : daysText(about.period, locale);
    const content = {
      title,
      subject,
      started: about.started,
      headAndFoot: headAndFoot(title, about.period, locale),
    };
    const dataSheets: DataSheet[] = [];
    const empty = {
      ...content,
      dataSheets: [{ name: base, width: 1, rows: 1, repeatsFirst: false }],
      summary: [],
      about: [],
    };
    const shell = await makeShell(locale, { ...empty, styles: dataStyles(columns, locale, false) });
    const zip = new Zip();
    for (const name of FIRST_PARTS) yield await zip.whole(name, shell.parts.get(name) ?? Buffer.alloc(0));

    const summed = summedOf(columns, about);
    const groups = new Groups(
      columns,
      summed.totals.map(({ name }) => name),
      summed.by.map(({ column }) => column.name),
    );
    const rows = new RowReader(batches, columns.length, (lines) => groups.add(lines));
    const looks = columns.map((_, index) => stylesOf(index, shell.styles));
    const encoder = new RowEncoder(columns, looks, changes, { booleans, grows: true });
    const layout = new Layout(columns, encoder.extents);
    try {
      const sheets = new DataSheets(zip, rows, encoder);
      const titles = columns.map(({ title, name }) => title ?? name);
      const headers = looks.map(({ header }) => header);
      do {
        const taken = dataSheets.map(({ name }) => name);
        let widths: number[] | undefined;
        const widthsOf = (isWhole: boolean) => {
          widths ??= layout.decideWidths(isWhole);
          return widths;
        };
        const last = yield* sheets.sheet({
          path: sheetPath(dataSheets.length + 1),
          headerRow: 1,
          holds: true,
          head: (isWhole) => sheetStart(widthsOf(isWhole)),
          start: (block) => encoder.header(titles, headers, block),
          end: (count) => sheetEnd(columns, count, pageFor(widthsOf(true)), content.headAndFoot),
        });
        const { repeatsFirst } = pageFor(widthsOf(true));
        dataSheets.push({
          name: nextSheetName(base, taken),
          width: columns.length,
          rows: last,
          repeatsFirst,
        });
      } while ((await rows.more()) !== undefined);
    } finally {
      await rows.close();
    }

    const totals = summed.totals.map((column) => ({ ...column, code: layout.totalCode(column) }));
    const { parts } = await makeShell(locale, {
      ...content,
      dataSheets,
      styles: dataStyles(columns, locale, layout.isTooNarrow()),
      summary: summaryLines(about, groups, { ...summed, totals }, dataSheets, locale),
      about: aboutLines(about, changes, locale, new Date()),
    });
    parts.set(STYLES, Buffer.from(withFormats(parts.get(STYLES)?.toString() ?? '', layout.codes())));
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
