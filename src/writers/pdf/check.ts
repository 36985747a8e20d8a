// Which options of PDF no file can have, and which do not fit the columns or the order of the rows.
import { ReportError } from '../../core/errors.js';
import type { Column, Kind } from '../../core/table.js';
import { languageOf, PAGE_SIZES, type Page, type PdfOptions } from './options.js';

const MAX_LEVELS = 3;
/** Amounts and structures make no headings. */
const GROUP_KINDS: readonly Kind[] = ['text', 'integer', 'boolean', 'date', 'timestamp'];
/** Millimetres that the head, the foot and some rows need, and the width of the narrowest table. */
const LEAST_SPACE = 80;

interface Fault {
  readonly message: string;
  readonly hint: string;
}

/** @throws ReportError `usage` for what is wrong whatever the widths of the columns */
export function checkPdf(options: PdfOptions, columns: readonly Column[], orderBy: readonly string[]): void {
  checkPdfOptions(options);
  const fault = groupByFault(options['group-by'] ?? [], columns, orderBy);
  if (fault !== undefined) throw new ReportError('usage', fault.message, { hint: fault.hint });
}

/** @throws ReportError `usage` for what is wrong whatever the columns */
export function checkPdfOptions({ page = {}, attach = [], ...words }: PdfOptions): void {
  languageOf(words);
  checkMargins(page);
  const twice = attach.find((each, index) => attach.indexOf(each) !== index);
  if (twice === undefined) return;
  throw new ReportError('usage', `attach has "${twice}" twice`, { hint: 'Name it once.' });
}

function checkMargins({ size = 'A4', margins = 0 }: Page): void {
  const [width] = PAGE_SIZES[size];
  const most = Math.floor((width - LEAST_SPACE) / 2);
  if (margins <= most) return;
  throw new ReportError('usage', `margins of ${margins} mm leave too little of a page of ${size}`, {
    hint: `Give at most ${most}.`,
  });
}

/**
 * Why rows of these columns, in this order, cannot be grouped so, or undefined.
 * @param names the columns of the groups, the outermost first
 */
export function groupByFault(
  names: readonly string[],
  columns: readonly Column[],
  orderBy: readonly string[],
): Fault | undefined {
  if (names.length === 0) return undefined;
  if (names.length > MAX_LEVELS) {
    const hint = `Leave out all but the outermost ${MAX_LEVELS}: ${names.slice(0, MAX_LEVELS).join(', ')}.`;
    return { message: `group-by has ${names.length} columns; ${MAX_LEVELS} are the most`, hint };
  }
  for (const [index, name] of names.entries()) {
    const fault = columnFault(name, columns, names.indexOf(name) !== index);
    if (fault !== undefined) return fault;
  }
  if (columns.length === names.length) {
    return {
      message: `group-by leaves no column for the table: it has all ${columns.length}`,
      hint: 'Export one more column, or group by fewer.',
    };
  }
  return orderFault(names, orderBy);
}

function columnFault(name: string, columns: readonly Column[], isSecond: boolean): Fault | undefined {
  const column = columns.find((each) => each.name === name);
  if (isSecond) return { message: `group-by has "${name}" twice`, hint: 'Name each column once.' };
  if (column === undefined) {
    const hint = `Add it to --columns, or leave it out of group-by.`;
    return { message: `group-by has "${name}", which is not among the exported columns`, hint };
  }
  const { kind, mask } = column;
  if (!GROUP_KINDS.includes(kind)) {
    const hint = `Group by a column of another kind: ${GROUP_KINDS.join(', ')}.`;
    return { message: `group-by has "${name}", which is ${kind}`, hint };
  }
  if (mask === 'partial' || mask === 'null') {
    return {
      message: `group-by has "${name}", which is masked by ${mask}: different groups would look like one`,
      hint: 'Group by another column, or mask it by hash.',
    };
  }
  return undefined;
}

function orderFault(names: readonly string[], orderBy: readonly string[]): Fault | undefined {
  const columnIn = (term: string) => term.replace(/^-/, '');
  const found = orderBy.map(columnIn);
  if (names.every((name, index) => found[index] === name)) return undefined;
  const listed = (terms: readonly string[]) => terms.map((term) => `"${term}"`).join(', ');
  const begins =
    found.length === 0
      ? 'there is no order-by'
      : `order-by begins with ${listed(orderBy.slice(0, names.length))}`;
  const leading = names.map((name) => orderBy.find((term) => columnIn(term) === name) ?? name);
  const wanted = [...leading, ...orderBy.filter((term) => !names.includes(columnIn(term)))];
  const asFlag = leading.map((term) => (term.startsWith('-') ? `${columnIn(term)}:desc` : term));
  return {
    message: `group-by ${listed(names)} needs rows in that order, and ${begins}`,
    hint: `Write order-by: [${wanted.join(', ')}] in the report, or --order-by ${asFlag.join(',')}.`,
  };
}
