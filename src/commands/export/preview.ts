// Shows the first rows of an export as an aligned table on a terminal.
import stringWidth from 'string-width';
import { printable } from '../../core/foreign-text.js';
import type { Cell, Column, Table } from '../../core/table.js';
import type { Writer } from '../../core/writer.js';

interface Screen {
  /** Columns of the terminal. */
  readonly width: number;
  /** Lines of it. */
  readonly height: number;
}

export interface Preview extends Writer {
  /** The number of rows in the table. */
  readonly shown: number;
  /** The table; complete once encode() has ended. */
  lines(): string[];
}

/** The size of a terminal that does not report one (a VT100's). */
export const DEFAULT_SCREEN: Screen = { width: 80, height: 24 };
/** Terminal columns that a column of the table takes at most. */
const MAX_COLUMN_WIDTH = 40;
/** Spaces between two columns. */
const GAP = 2;
/** Lines of the screen that are not rows: header, rule, the lines after the table, shell prompts. */
const OTHER_LINES = 8;
const MIN_ROWS = 5;

/**
 * A writer that produces an empty file: it reads the whole table, so that all rows are counted, and keeps the first ones that fit
 * on the screen. It shows null as nothing and the empty text as `""`, as the CSV does, and escapes control characters.
 */
export function createPreview({ width, height }: Screen): Preview {
  const maxRows = Math.max(MIN_ROWS, height - OTHER_LINES);
  let allColumns: readonly Column[] = [];
  const firstRows: (readonly Cell[])[] = [];
  async function* encode({ columns, batches }: Table): AsyncGenerator<Buffer> {
    allColumns = columns;
    for await (const batch of batches) {
      if (firstRows.length < maxRows) firstRows.push(...batch.rows().slice(0, maxRows - firstRows.length));
    }
    yield Buffer.alloc(0);
  }
  return {
    extension: 'txt',
    contentType: 'text/plain; charset=utf-8',
    encode,
    neutralised: 0,
    get shown() {
      return firstRows.length;
    },
    lines: () => tableLines(allColumns, firstRows, width),
  };
}

/** @param width of a line, in terminal columns; a last line names the columns that do not fit */
function tableLines(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number): string[] {
  const maxColumnWidth = Math.min(MAX_COLUMN_WIDTH, width);
  const laidOut = columns.map(({ kind, title, name }, index) => {
    const header = clip(title ?? name, maxColumnWidth);
    const cells = rows.map((row) => clip(formatCell(row[index] ?? null), maxColumnWidth));
    const columnWidth = Math.max(1, ...[header, ...cells].map((text) => stringWidth(text)));
    return { header, cells, columnWidth, isNumber: kind === 'integer' || kind === 'decimal' };
  });
  let usedWidth = -GAP;
  const firstHidden = laidOut.findIndex(({ columnWidth }) => {
    usedWidth += columnWidth + GAP;
    return usedWidth > width;
  });
  const visible = firstHidden === -1 ? laidOut : laidOut.slice(0, firstHidden);
  const line = (textOf: (column: (typeof laidOut)[number]) => string) =>
    visible
      .map((column) => {
        const text = textOf(column);
        const padding = ' '.repeat(column.columnWidth - stringWidth(text));
        return column.isNumber ? padding + text : text + padding;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const hidden = columns.slice(visible.length).map(({ name }) => printable(name));
  return [
    line(({ header }) => header),
    line(({ columnWidth }) => '-'.repeat(columnWidth)),
    ...rows.map((_, row) => line(({ cells }) => cells[row] ?? '')),
    ...(hidden.length === 0 ? [] : [`(no room for ${hidden.join(', ')}; choose columns with --columns)`]),
  ];
}

function formatCell(cell: Cell): string {
  if (cell === null) return '';
  return cell === '' ? '""' : printable(cell).replaceAll('\t', ' ');
}

/** The text in at most `width` terminal columns; a longer text is cut and ends with `…`. */
function clip(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let usedWidth = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    usedWidth += stringWidth(segment);
    if (usedWidth >= width) break;
    kept += segment;
  }
  return `${kept}…`;
}
