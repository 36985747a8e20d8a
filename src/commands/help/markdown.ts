// Reads the Markdown of a page of the documentation, as far as the pages use it, and lays it out for a terminal.
import stringWidth from 'string-width';
import { wrap } from '../shared/table.js';

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'paragraph' | 'item'; readonly text: string }
  | { readonly kind: 'table'; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: 'code'; readonly lines: readonly string[] };

/** The blocks of a page without the line that links its index and its translation. Of markup only the backticks of code in a text are left. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const parts = markdown
    .replace(/<!--(?:(?!<!--).)*?-->/gs, '')
    .matchAll(/^(?: *```\w*\n(?<code>(?:(?! *```)[^\n]*\n)*) *```$|(?<line>[^\n]*)\n)/gm);
  for (const { groups } of parts) {
    if (groups?.code !== undefined) blocks.push({ kind: 'code', lines: groups.code.trimEnd().split('\n') });
    else addLine(blocks, groups?.line ?? '');
  }
  return blocks.filter(
    (block) => !(block.kind === 'paragraph' && (block.text === '' || /^Index · /.test(block.text))),
  );
}

/** Adds a line to the last block where it continues one. An empty paragraph ends a block. */
function addLine(blocks: Block[], line: string): void {
  const last = blocks.at(-1);
  const [, marks, heading] = /^(#+) (.*)$/.exec(line) ?? [];
  const [, item] = /^(?:-|\d+\.) (.*)$/.exec(line) ?? [];
  if (marks !== undefined) blocks.push({ kind: 'heading', level: marks.length, text: bare(heading ?? '') });
  else if (line.startsWith('|')) addRow(blocks, line);
  else if (item !== undefined) blocks.push({ kind: 'item', text: plain(item) });
  else if (line === '') blocks.push({ kind: 'paragraph', text: '' });
  else if (last?.kind === 'item' || (last?.kind === 'paragraph' && last.text !== ''))
    blocks.splice(-1, 1, { ...last, text: `${last.text} ${plain(line.trim())}` });
  else blocks.push({ kind: 'paragraph', text: plain(line) });
}

function addRow(blocks: Block[], line: string): void {
  const [term = '', ...more] = line
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
  const cells = [bare(term), ...more.map(plain)];
  const last = blocks.at(-1);
  if (last?.kind !== 'table') blocks.push({ kind: 'table', rows: [cells] });
  else if (!/^[-|]+$/.test(line)) blocks.splice(-1, 1, { kind: 'table', rows: [...last.rows, cells] });
}

/** The text without emphasis; of links only the words, and the address of those to other sites. */
function plain(text: string): string {
  return text
    .replace(/\[([^[\]]+)\]\(([^()]+)\)/g, (_, words: string, target: string) =>
      /^https?:/.test(target) && words !== target ? `${words} (${target})` : words,
    )
    .replace(/\*\*(.+?)\*\*/g, '$1');
}

/** The same without backticks, for what stands alone. */
function bare(text: string): string {
  return plain(text).replaceAll('`', '');
}

/** The blocks from a heading of the second level up to the next one, without the heading. */
export function section(blocks: readonly Block[], heading: string): Block[] {
  const isHeading = (block: Block) => block.kind === 'heading' && block.level <= 2;
  const start = blocks.findIndex((block) => isHeading(block) && 'text' in block && block.text === heading);
  if (start === -1) throw new Error(`the page has no section "${heading}"`);
  const length = blocks.slice(start + 1).findIndex(isHeading);
  return blocks.slice(start + 1, length === -1 ? undefined : start + 1 + length);
}

const INDENT = '  ';
/** Columns of the terminal: a longer first cell of a table has a line of its own. */
const MAX_TERM_WIDTH = 26;

/** @param width of a line in columns of the terminal */
export function terminalLines(blocks: readonly Block[], width: number): string[] {
  return blocks.flatMap((block, index) => {
    const isListed = block.kind === 'item' && blocks[index - 1]?.kind === 'item';
    return [...(index === 0 || isListed ? [] : ['']), ...blockLines(block, width)];
  });
}

function blockLines(block: Block, width: number): string[] {
  switch (block.kind) {
    case 'heading':
      return [block.text];
    case 'paragraph':
      return hanging(INDENT, block.text, width);
    case 'item':
      return hanging(`${INDENT}- `, block.text, width);
    case 'code':
      return block.lines.map((line) => `${INDENT}${INDENT}${line}`.trimEnd());
    case 'table':
      return tableLines(block.rows, width);
  }
}

/** The first cell of each row is a term, which the others explain. Of two columns the header says nothing that the rows do not. */
function tableLines(rows: readonly (readonly string[])[], width: number): string[] {
  const [header = [], ...body] = rows;
  const shown = header.length > 2 ? rows : body;
  const fitting = shown.map(([term = '']) => stringWidth(term)).filter((each) => each <= MAX_TERM_WIDTH);
  const indent = ' '.repeat(INDENT.length + Math.max(0, ...fitting) + 2);
  return shown.flatMap(([term = '', ...more]) => {
    const text = more.filter((cell) => cell !== '').join('; ');
    const start = `${INDENT}${term}`;
    const room = indent.length - stringWidth(start);
    if (room >= 2) return hanging(start + ' '.repeat(room), text, width);
    return [...wrap(start, width), ...hanging(indent, text, width)];
  });
}

/** The text after `start`, its further lines as far from the left. */
function hanging(start: string, text: string, width: number): string[] {
  const indent = ' '.repeat(stringWidth(start));
  return wrap(text, Math.max(20, width - indent.length)).map(
    (line, index) => `${index === 0 ? start : indent}${line}`,
  );
}
