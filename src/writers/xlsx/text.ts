// Text as SpreadsheetML spells it (ECMA-376 part 1: 22.9.2.19 ST_Xstring, 18.3.1.53 is), within what a cell can hold.
import type { Reason } from './changes.js';

/** UTF-16 units that a cell can hold ("Excel specifications and limits"). */
const CELL_LENGTH = 32_767;
const CELL_LINE_FEEDS = 253;

/** Characters that XML 1.0 does not have or reads as others (CR as LF), and literal text that looks like their spelling. */
const SPELLED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is spelled
  /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|_(?=x[0-9A-Fa-f]{4}_)/g;
const MARKUP: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** `_x000D_` for a carriage return, and `_x005F_` for the underscore of a literal `_x000D_`. */
export function spelled(text: string): string {
  return text.replace(
    SPELLED,
    (unit) => `_x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
  );
}

/** The content of a cell with any text, its spaces kept. */
export function inlineString(text: string): string {
  return `<is><t xml:space="preserve">${spelled(text).replace(/[&<>]/g, (mark) => MARKUP[mark] ?? '')}</t></is>`;
}

/** The text, cut to what a cell can hold. @param changed called with the reason when it was cut or replaced */
export function fitting(text: string, changed: (reason: Reason) => void): string {
  let fit = text;
  let lineFeed = -1;
  for (let count = 0; count <= CELL_LINE_FEEDS; count++) {
    lineFeed = text.indexOf('\n', lineFeed + 1);
    if (lineFeed === -1) break;
  }
  if (lineFeed !== -1) {
    changed('lines');
    fit = text.slice(0, lineFeed) + text.slice(lineFeed).replaceAll('\n', ' ');
  }
  if (fit.length <= CELL_LENGTH) return fit;
  changed('length');
  // Do not cut a surrogate pair in two.
  return fit.slice(0, CELL_LENGTH).replace(/[\ud800-\udbff]$/, '');
}
