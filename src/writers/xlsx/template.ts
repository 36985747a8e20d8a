// Writes the rows into a sheet of a template, a workbook designed in Excel. What refers to the rows follows them; all else stays unchanged.
import { ReportError } from '../../core/errors.js';
import type { Column, Table } from '../../core/table.js';
import type { About, Writer } from '../../core/writer.js';
import { booleanWords } from '../words/booleans.js';
import { Changes } from './changes.js';
import { DataSheets } from './data-sheet.js';
import { DATA_SHEET, SHEET_ROWS, type Template, XLSX_FILE, type XlsxOptions } from './options.js';
import { RowReader } from './reader.js';
import { type ColumnStyles, RowEncoder } from './rows.js';
import { RangeNames } from './template/around.js';
import { cautionsOf } from './template/cautions.js';
import { followed, partsAround, reachOf, startFor, withoutOldResults } from './template/follow.js';
import { rulesFor } from './template/growth.js';
import { withShownMarks } from './template/marks.js';
import { modelIn } from './template/open.js';
import { openPackage, type Package, textOf } from './template/package.js';
import { placeholdersOf, withPlaceholders } from './template/placeholders.js';
import { endOf, type Model } from './template/sheet.js';
import { CellStyles } from './template/styles.js';
import { Zip } from './zip.js';

/** @throws ReportError `definition` for a file that is no workbook, or has no sheet of that name */
export function createTemplateWriter(template: Template, options: XlsxOptions, about: About): Writer {
  const opened = openPackage(template, options.sheet ?? DATA_SHEET);
  const pack = withPlaceholders(withoutOldResults(opened), placeholdersOf(about, options.locale));
  const booleans = booleanWords(options.booleans);
  let cautions: readonly string[] = [];
  let changes = new Changes(options.strict ?? false);

  async function* encode({ columns, batches }: Table): AsyncGenerator<Buffer> {
    const model = modelIn(template, pack, columns);
    cautions = cautionsOf(template, opened, model, columns.length);
    changes = new Changes(options.strict ?? false);
    const parts = new Map(pack.parts);
    const encoder = new RowEncoder(columns, stylesFor(columns, model, pack, parts, options), changes, {
      attributes: model.attributes,
      booleans,
    });
    const zip = new Zip();
    // Parts that refer to the rows are written last, when the number of rows is known.
    const waiting = [pack.sheet, ...partsAround(pack)];
    for (const [name, content] of parts) if (!waiting.includes(name)) yield await zip.whole(name, content);

    const names = new RangeNames(textOf(parts, pack.workbook));
    const reachTo = (last: number) => reachOf(model, last);
    const rows = new RowReader(batches, columns.length, () => undefined);
    let last: number;
    try {
      last = yield* new DataSheets(zip, rows, encoder).sheet({
        path: pack.sheet,
        headerRow: model.headerRow,
        holds: false,
        head: () => startFor(model, pack, names),
        start: () => {
          encoder.begin(model.headerRow + 1);
        },
        end: (row) => {
          const rest = rulesFor(endOf(model, reachTo(row)), { ...pack, isOwn: true }, reachTo(row));
          const texts = Object.keys(changes.textNumbers());
          const marked = texts.map((name) => columns.findIndex((column) => column.name === name));
          return withShownMarks(rest, marked, model.headerRow);
        },
      });
      if ((await rows.more()) !== undefined) throw tooMany(template, pack, model);
    } finally {
      await rows.close();
    }

    for (const [name, xml] of followed(parts, pack, reachTo(last), names)) {
      yield await zip.whole(name, Buffer.from(xml));
    }
    yield zip.end();
  }

  return {
    ...XLSX_FILE,
    encode,
    // Excel never runs a cell of type text.
    neutralised: 0,
    notes: () => [...cautions, ...changes.notes()],
    textNumbers: () => changes.textNumbers(),
    hasFormulas: true,
  };
}

/** The styles of each column's cells. Adds missing styles to `parts`. */
function stylesFor(
  columns: readonly Column[],
  model: Model,
  { styles: part }: Package,
  parts: Map<string, Buffer>,
  { locale }: XlsxOptions,
): ColumnStyles[] {
  const styles = new CellStyles(textOf(parts, part), locale);
  const numbers = columns.map((column, index) => styles.of(column, model.styles[index]));
  const changed = styles.changed();
  if (changed !== undefined) parts.set(part, Buffer.from(changed));
  return numbers.map((number, index) => {
    const all = { value: number, precise: number, text: number, lines: number };
    // A cell without a value keeps the borders and colours of the model row.
    return model.styles[index] === undefined ? all : { ...all, blank: number };
  });
}

function tooMany({ file }: Template, { sheetName }: Package, { headerRow }: Model): ReportError {
  const most = (SHEET_ROWS - headerRow).toLocaleString('en');
  return new ReportError(
    'contract',
    `writing xlsx: more than ${most} rows, which is what fits into the sheet "${sheetName}" of the template ${file}`,
    { hint: 'Ask for fewer with filters, or leave out the template: then more sheets follow.' },
  );
}
