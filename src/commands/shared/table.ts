// Aligns texts in columns, as wide as a terminal shows them, and makes them fit its width.
import stringWidth from 'string-width';

export interface TextColumn {
  readonly header: string;
  /** Without control characters. */
  readonly cells: readonly string[];
  /** Numbers stand at the right. */
  readonly alignRight?: boolean;
  /** Its cells are never cut: a number without its last digits is another number. */
  readonly isWhole?: boolean;
  /** Where there is no room for all columns, those of the smallest rank stay; of equal ones those to the left. 0 by default. */
  readonly rank?: number;
  /** What a cell looks like, in as many columns: its colour. */
  readonly paint?: (text: string, row: number) => string;
}

interface FittedTable {
  readonly header: string;
  /** Dashes below the headers. */
  readonly rule: string;
  readonly rows: readonly string[];
  /** Indices of the columns for which there is no room. */
  readonly hidden: readonly number[];
}

/** Spaces between two columns. */
const GAP = 2;
/** Columns of the terminal that a cut text has at least. */
const MIN_TEXT_WIDTH = 12;
/** The same for the header of a column whose cells are narrower. */
const MIN_HEADER_WIDTH = 10;

/** @param width of a line in columns of the terminal; without it nothing is cut */
export function fitTable(columns: readonly TextColumn[], width = Number.POSITIVE_INFINITY): FittedTable {
  const measured = columns.map((column, index) => ({ ...column, index, ...widthsOf(column) }));
  const fitting = chooseFitting(measured, width);
  const widths = widen(fitting, width - GAP * (fitting.length - 1));
  const line = (textOf: (column: Measured) => string, row?: number) =>
    fitting
      .map((column, at) => {
        const columnWidth = widths[at] ?? 0;
        const text = clip(textOf(column), columnWidth);
        const padding = ' '.repeat(Math.max(0, columnWidth - stringWidth(text)));
        const painted = row === undefined ? text : (column.paint?.(text, row) ?? text);
        return column.alignRight ? padding + painted : painted + padding;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return {
    header: line(({ header }) => header),
    rule: widths.map((columnWidth) => '-'.repeat(columnWidth)).join(' '.repeat(GAP)),
    rows: (columns[0]?.cells ?? []).map((_, row) => line(({ cells }) => cells[row] ?? '', row)),
    hidden: columns.flatMap((_, index) => (fitting.some((column) => column.index === index) ? [] : [index])),
  };
}

/** A last line that names the columns for which there is no room; none where all are shown. */
export function hiddenNote(
  columns: readonly TextColumn[],
  { hidden }: Pick<FittedTable, 'hidden'>,
  width = Number.POSITIVE_INFINITY,
): string[] {
  const names = hidden.map((index) => columns[index]?.header);
  return names.length === 0 ? [] : wrap(`(no room for ${names.join(', ')})`, width);
}

interface Measured extends TextColumn {
  readonly index: number;
  readonly minimum: number;
  readonly natural: number;
}

function widthsOf({ header, cells, isWhole }: TextColumn): Pick<Measured, 'minimum' | 'natural'> {
  const headerWidth = stringWidth(header);
  const cellWidth = cells.reduce((most, cell) => Math.max(most, stringWidth(cell)), 1);
  const natural = Math.max(headerWidth, cellWidth);
  const minimum = isWhole
    ? Math.max(cellWidth, Math.min(headerWidth, MIN_HEADER_WIDTH))
    : Math.min(natural, MIN_TEXT_WIDTH);
  return { minimum, natural };
}

/** The columns whose smallest widths have room, in their order; at least one. */
function chooseFitting(columns: readonly Measured[], width: number): Measured[] {
  const chosen = new Set<Measured>();
  let used = -GAP;
  for (const column of columns.toSorted((one, other) => (one.rank ?? 0) - (other.rank ?? 0))) {
    const needed = used + GAP + column.minimum;
    if (needed > width && chosen.size > 0) continue;
    chosen.add(column);
    used = needed;
  }
  return columns.filter((column) => chosen.has(column));
}

/** Shares the room among the columns: the narrowest grow first, so that the longest texts are cut. */
function widen(columns: readonly Measured[], room: number): number[] {
  if (columns.reduce((sum, { natural }) => sum + natural, 0) <= room)
    return columns.map(({ natural }) => natural);
  const widths = columns.map(({ minimum }) => Math.min(minimum, room));
  let left = room - widths.reduce((sum, each) => sum + each, 0);
  while (left > 0) {
    const growing = widths.flatMap((each, at) => (each < (columns[at]?.natural ?? 0) ? [{ each, at }] : []));
    const [narrowest] = growing.toSorted((one, other) => one.each - other.each);
    if (narrowest === undefined) break;
    widths[narrowest.at] = narrowest.each + 1;
    left -= 1;
  }
  return widths;
}

/** The text in at most `width` columns of a terminal; a longer text is cut and ends with `…`. */
export function clip(text: string, width: number): string {
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

/** The text as lines of at most `width` columns, broken at blanks where there are any; at least one line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<= )/)) {
    if (stringWidth(line + word.trimEnd()) <= width) {
      line += word;
      continue;
    }
    if (line !== '') lines.push(line.trimEnd());
    line = word;
    while (stringWidth(line.trimEnd()) > width) {
      const head = headOf(line, width);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line.trimEnd()];
}

/** The first characters of the text that have room; at least one. */
function headOf(text: string, width: number): string {
  let head = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (head !== '' && stringWidth(head + segment) > width) break;
    head += segment;
  }
  return head;
}
