// Shows the first rows of an export on a terminal: as an aligned table, or each row as lines of its own.
import stringWidth from 'string-width';
import { printable } from '../../core/foreign-text.js';
import { type Cell, type Column, isNumeric, type Table } from '../../core/table.js';
import type { Writer } from '../../core/writer.js';
import type { Report } from '../../reports/report.js';
import { type CsvOptions, type Dialect, dialect } from '../../writers/csv/dialect.js';
import { valueSpelling } from '../../writers/csv/spelling.js';
import type { Screen } from '../shared/screen.js';
import { clip, fitTable, wrap } from '../shared/table.js';

export interface Preview extends Writer {
  /** The number of rows that lines() has. */
  readonly shown: number;
  /** What the terminal shows; complete once encode() has ended. */
  lines(): string[];
  /** An exact sum as the cells of the preview are spelled. */
  spellTotal(total: string): string;
}

export interface PreviewOptions {
  readonly screen: Screen;
  /** Each row as lines of its own, with whole texts. */
  readonly vertical: boolean;
  /** Numbers, dates, booleans and null are spelled as a CSV with these options spells them. */
  readonly dialect: CsvOptions;
  readonly report: Pick<Report, 'totals' | 'orderBy' | 'filters'>;
}

/** Lines of the screen that are not rows: header, rule, the lines after the table, shell prompts. */
const OTHER_LINES = 8;
const MIN_ROWS = 5;
const MIN_VERTICAL_ROWS = 3;

/**
 * A writer that produces an empty file: it reads the whole table, so that all rows are counted, and keeps the first ones that fit
 * on the screen. It shows null as nothing and the empty text as `""`, as the CSV does, and escapes control characters.
 */
export function createPreview({ screen, vertical, report, ...options }: PreviewOptions): Preview {
  const chosen = dialect(options.dialect);
  const room = screen.height - OTHER_LINES;
  let allColumns: readonly Column[] = [];
  let maxRows = Math.max(MIN_ROWS, room);
  const firstRows: (readonly Cell[])[] = [];
  async function* encode({ columns, batches }: Table): AsyncGenerator<Buffer> {
    allColumns = columns;
    // A row has a heading and an empty line.
    if (vertical) maxRows = Math.max(MIN_VERTICAL_ROWS, Math.floor(room / (columns.length + 2)));
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
    lines() {
      const texts = allColumns.map(({ kind }, index) => {
        const spell = valueSpelling(kind, chosen);
        return firstRows.map((row) => formatCell(row[index] ?? null, chosen, spell));
      });
      const ranks = allColumns.map((column, index) =>
        firstRows.length > 0 && texts[index]?.every((text) => text === chosen.null)
          ? EMPTY_RANK
          : rankOf(column, report),
      );
      // Without an order the first column tells the rows apart.
      if (report.orderBy.length === 0 && ranks[0] !== undefined) ranks[0] = Math.min(ranks[0], KEY_RANK);
      const shown = allColumns.map((column, index) => ({
        ...column,
        texts: texts[index] ?? [],
        rank: ranks[index] ?? EMPTY_RANK,
      }));
      return vertical ? verticalLines(shown, screen.width) : tableLines(shown, screen.width);
    },
    spellTotal: (total) => valueSpelling('decimal', chosen)?.(total) ?? total,
  };
}

interface ShownColumn extends Column {
  readonly texts: readonly string[];
  readonly rank: number;
}

const KEY_RANK = 1;
const EMPTY_RANK = 5;

/** Totals stay longest, then the key, the amounts, what can be filtered, and the rest. */
function rankOf(
  { name, path, kind }: Column,
  { totals, orderBy, filters }: PreviewOptions['report'],
): number {
  if (totals.includes(name)) return 0;
  if (orderBy[0]?.replace(/^-/, '') === name) return KEY_RANK;
  if (kind === 'decimal') return 2;
  return Object.values(filters).includes(path ?? name) ? 3 : 4;
}

function tableLines(columns: readonly ShownColumn[], width: number): string[] {
  const { header, rule, rows, hidden } = fitTable(
    columns.map(({ name, title, kind, texts, rank }) => ({
      header: printable(title ?? name),
      cells: texts,
      alignRight: isNumeric(kind),
      isWhole: kind !== 'text' && kind !== 'json',
      rank,
    })),
    width,
  );
  const names = hidden.map((index) => printable(columns[index]?.name ?? ''));
  const note = `(no room for ${names.join(', ')}; --vertical shows all, --columns chooses)`;
  return [header, rule, ...rows, ...(names.length === 0 ? [] : wrap(note, width))];
}

/** Columns of the terminal between a name and its value. */
const VERTICAL_GAP = 2;

function verticalLines(columns: readonly ShownColumn[], width: number): string[] {
  const maxLabel = Math.max(1, Math.floor(width / 2) - VERTICAL_GAP);
  const labels = columns.map(({ name, title }) => clip(printable(title ?? name), maxLabel));
  const labelWidth = Math.max(1, ...labels.map((label) => stringWidth(label)));
  const valueWidth = Math.max(1, width - labelWidth - VERTICAL_GAP);
  const indent = ' '.repeat(labelWidth + VERTICAL_GAP);
  return (columns[0]?.texts ?? []).flatMap((_, row) => [
    ...(row === 0 ? [] : ['']),
    clip(`row ${row + 1} ${'-'.repeat(labelWidth)}`, width),
    ...columns.flatMap(({ texts }, index) => {
      const label = labels[index] ?? '';
      const [first = '', ...more] = wrap(texts[row] ?? '', valueWidth);
      const padding = ' '.repeat(labelWidth - stringWidth(label) + VERTICAL_GAP);
      return [`${label}${padding}${first}`.trimEnd(), ...more.map((line) => indent + line)];
    }),
  ]);
}

function formatCell(
  cell: Cell,
  { null: nullText }: Dialect,
  spell: ((text: string) => string) | undefined,
): string {
  if (cell === null) return nullText;
  return cell === '' ? '""' : printable(spell?.(cell) ?? cell).replaceAll('\t', ' ');
}
