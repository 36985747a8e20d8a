// Finds the references in a formula as a file spells it (ECMA-376 part 1, 18.17 Formulas: English names, commas, A1 style).
import { columnIndex, columnLetters } from '../letters.js';

export interface Reference {
  /** The sheet as the formula has it, such as `'Meus dados'!`, `[1]Dados!` or, for several sheets, `Dados:P!`; empty for the formula's own sheet. */
  readonly prefix: string;
  /** Such as `C5`, `$C$5:$D$9`, `C:C` or `5:5`, in upper case, which programs other than Excel do not always write. */
  readonly text: string;
  /** The name of the function of which it is a whole argument, in upper case; empty anywhere else. */
  readonly call: string;
}

/** The most characters of a formula ("Excel specifications and limits"). */
const LONGEST = 8192;

const NAME = String.raw`[\p{L}_][\p{L}\p{N}_.]*`;
const SHEET = String.raw`(?:\[\d+\])?(?:'(?:[^']|'')*'|${NAME}(?::${NAME})?)!`;
const CELL = String.raw`\$?[A-Za-z]{1,3}\$?\d+`;
const COLUMNS = String.raw`\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}`;
const ROWS = String.raw`\$?\d+:\$?\d+`;
const AREA = String.raw`(?:${CELL}(?::${CELL})?|${COLUMNS}|${ROWS})(?![\p{L}\p{N}_.(\[!])`;
/** Whatever begins like a token and is none is taken whole by a later line, so that no text is looked at twice. */
const TOKENS = [
  `"(?:[^"]|"")*"`,
  `(?<prefix>${SHEET})?(?<area>${AREA})`,
  `'(?:[^']|'')*'!?`,
  // A column of a table, as in `Vendas[[#All],[Valor]]`.
  String.raw`\[(?:[^\[\]]|\[[^\[\]]*\])*\]`,
  String.raw`(?<name>[\p{L}_\\][\p{L}\p{N}_.\\]*)`,
  String.raw`\d+(?:\.\d*)?(?:[Ee][+\-]?\d+)?`,
  String.raw`\s+`,
  '.',
];
const PARTS = /^(\$?)([A-Z]{0,3})(\$?)(\d*)$/;

/** The formula with each reference replaced by what `change` returns for it, its prefix included. */
export function withReferences(formula: string, change: (reference: Reference) => string): string {
  if (formula.length > LONGEST) return formula;
  const tokens = [...formula.matchAll(new RegExp(TOKENS.join('|'), 'gsu'))];
  const neighbour = (index: number, step: 1 | -1) => {
    const near = tokens[index + step];
    return near?.[0].trim() === '' ? tokens[index + 2 * step]?.[0] : near?.[0];
  };
  /** The functions around the present token. */
  const calls: string[] = [];
  return tokens
    .map((token, index) => {
      const { prefix = '', area } = token.groups ?? {};
      if (token[0] === '(') calls.push(tokens[index - 1]?.groups?.name?.toUpperCase() ?? '');
      if (token[0] === ')') calls.pop();
      if (area === undefined) return token[0];
      const before = neighbour(index, -1);
      const after = neighbour(index, 1);
      const isWhole = (before === '(' || before === ',') && (after === ')' || after === ',');
      return change({ prefix, text: area.toUpperCase(), call: isWhole ? (calls.at(-1) ?? '') : '' });
    })
    .join('');
}

/** The sheet's name that a prefix stands for; undefined for none. */
export function sheetOfPrefix(prefix: string): string | undefined {
  if (prefix === '') return undefined;
  const name = prefix.slice(0, -1);
  return name.startsWith("'") ? name.slice(1, -1).replaceAll("''", "'") : name;
}

/** The formula as it is when its cell is filled into another one: what has no `$` moves with it. */
export function shifted(formula: string, columns: number, rows: number): string {
  return withReferences(formula, ({ prefix, text }) => {
    const ends = text.split(':').map((end) => {
      const [, columnMark = '', letters = '', rowMark = '', row = ''] = PARTS.exec(end) ?? [];
      // `$5` of `$5:$9` is read as a column's mark without a column.
      const isRow = letters === '';
      const column = isRow || columnMark !== '' ? letters : columnLetters(columnIndex(letters) + columns);
      const isFixed = rowMark !== '' || (isRow && columnMark !== '') || row === '';
      return `${columnMark}${column}${rowMark}${isFixed ? row : Number(row) + rows}`;
    });
    return prefix + ends.join(':');
  });
}
