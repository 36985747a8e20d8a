// The first rows as an aligned table for a terminal: what an export shows when it was given no output.
import stringWidth from 'string-width';
import { printable } from '../../core/log.js';
import type { Cell, Column, Table } from '../../core/table.js';
import type { Writer } from '../../core/writer.js';

interface Screen {
  /** Columns of the terminal. */
  readonly width: number;
  /** Lines of it. */
  readonly height: number;
}

export interface Preview extends Writer {
  /** How many rows it kept. */
  readonly shown: number;
  /** After encoding: the table. */
  lines(): string[];
}

/** What a terminal that does not say its size is taken for (VT100). */
export const USUAL_SCREEN: Screen = { width: 80, height: 24 };
/** What a long text may take, so that others have room. */
const WIDEST = 40;
const GAP = 2;
/** The lines that are not rows: the header and its rule, what is said after the table, and the prompts around it. */
const AROUND = 8;
const FEWEST_ROWS = 5;

/**
 * A writer whose file is empty, because it is for eyes only: it reads the whole table, so that its rows are counted, and
 * keeps the first that fit. Null is nothing and the empty text is `""`, as in the CSV; control characters never reach the terminal.
 */
export function createPreview({ width, height }: Screen): Preview {
  const most = Math.max(FEWEST_ROWS, height - AROUND);
  let all: readonly Column[] = [];
  const first: (readonly Cell[])[] = [];
  async function* encode({ columns, batches }: Table): AsyncGenerator<Buffer> {
    all = columns;
    for await (const batch of batches) {
      if (first.length < most) first.push(...batch.rows().slice(0, most - first.length));
    }
    yield Buffer.alloc(0);
  }
  return {
    extension: 'txt',
    contentType: 'text/plain; charset=utf-8',
    encode,
    neutralised: 0,
    get shown() {
      return first.length;
    },
    lines: () => tableLines(all, first, width),
  };
}

/** @param width what a line may take; columns that do not fit are named below */
function tableLines(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number): string[] {
  const shown = columns.map(({ kind, title, name }, index) => {
    const header = clipped(title ?? name, Math.min(WIDEST, width));
    const cells = rows.map((row) => clipped(spelled(row[index] ?? null), Math.min(WIDEST, width)));
    const widest = Math.max(1, ...[header, ...cells].map((text) => stringWidth(text)));
    return { header, cells, widest, isNumber: kind === 'integer' || kind === 'decimal' };
  });
  let taken = -GAP;
  const fitting = shown.findIndex(({ widest }) => {
    taken += widest + GAP;
    return taken > width;
  });
  const visible = fitting === -1 ? shown : shown.slice(0, fitting);
  const line = (text: (column: (typeof shown)[number]) => string) =>
    visible
      .map((column) => {
        const blanks = ' '.repeat(column.widest - stringWidth(text(column)));
        return column.isNumber ? blanks + text(column) : text(column) + blanks;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const hidden = columns.slice(visible.length).map(({ name }) => printable(name));
  return [
    line(({ header }) => header),
    line(({ widest }) => '-'.repeat(widest)),
    ...rows.map((_, row) => line(({ cells }) => cells[row] ?? '')),
    ...(hidden.length === 0 ? [] : [`(no room for ${hidden.join(', ')}: --columns chooses)`]),
  ];
}

function spelled(cell: Cell): string {
  if (cell === null) return '';
  return cell === '' ? '""' : printable(cell).replaceAll('\t', ' ');
}

/** At most so many columns of the terminal, `…` at the end of what was longer. */
function clipped(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let short = '';
  let taken = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    taken += stringWidth(segment);
    if (taken >= width) break;
    short += segment;
  }
  return `${short}…`;
}
