// Makes text cells and titles harmless that a spreadsheet would run as a formula (OWASP, "CSV Injection").
import type { Dialect } from './dialect.js';

/** Characters that begin a formula in Excel, LibreOffice or Numbers, with the full-width forms that they normalise. */
const TRIGGER = '=+\\-@\uFF1D\uFF0B\uFF0D\uFF20';

/** 1 for each first byte, in UTF-8, of a cell that may be a formula. */
export const FORMULA_STARTS = new Uint8Array(256);
for (const byte of Buffer.from('=+-@\t\r\n\uFF1D'))
  FORMULA_STARTS[byte] = byte < 0x80 || byte === 0xef ? 1 : 0;

/** A number with a sign, or a sign alone, is shown and never run. */
const PLAIN_NUMBER = /^[+-][\d.,\s]*$/;

/** A function from a title to what the header has in its place, which is a text cell like any other. */
export function headerSpelling({ neutralise, delimiter }: Dialect): (title: string) => string {
  return neutralise ? neutraliser(delimiter) : (title) => title;
}

/**
 * Makes a function that puts an apostrophe before each formula in a text cell and returns other texts unchanged.
 *
 * A formula begins a cell; and, because Excel splits a file at its own locale's separator whatever the file uses, it may
 * also begin after a `;`, a `,`, a tab or a line break inside a cell: `x;=1+1` in a comma file, quotes or not. There a
 * quote after the separator does not help either: the cell's own quotes are doubled, and `""=1` is an empty quoted text
 * and then `=1`.
 */
export function neutraliser(delimiter: string): (text: string) => string {
  // The file's own delimiter always stands in quotes, which every reader that splits there honours.
  const separators = [';', ',', '\t'].filter((separator) => separator !== delimiter).join('');
  const inside = new RegExp(`([${separators}\\r\\n]"*)(?=[${TRIGGER}])`);
  const everyInside = new RegExp(inside, 'g');
  const start = new RegExp(`^[${TRIGGER}\\t\\r\\n]`);
  return (text) => {
    const atStart = start.test(text) && !PLAIN_NUMBER.test(text);
    if (!atStart && !inside.test(text)) return text;
    return (atStart ? "'" : '') + text.replace(everyInside, "$1'");
  };
}
