// Masks of texts: what stands in a file in place of personal data (LGPD, Lei 13.709/2018, article 13 § 4: pseudonymisation).
import { createHmac } from 'node:crypto';
import type { Batch, Cell, Column, Mask } from '../core/table.js';

/** Hexadecimal digits of a hash: 128 bits. */
const HASH_LENGTH = 32;
/** The most letters and digits of a text that `partial` leaves. */
const MOST_SHOWN = 4;

/**
 * The rows with their masked cells changed.
 * @param key of hashes; without it no column may have the mask `hash`
 */
export async function* maskedRows(
  batches: AsyncIterable<Batch>,
  columns: readonly Column[],
  key: string,
): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    let rows: readonly (readonly Cell[])[] | undefined;
    yield {
      rowCount: batch.rowCount,
      rows: () => {
        rows ??= batch.rows().map((row) => maskedCells(row, columns, key));
        return rows;
      },
    };
  }
}

/** The cells of one row, those of masked columns changed. */
export function maskedCells(cells: readonly Cell[], columns: readonly Column[], key: string): Cell[] {
  return cells.map((cell, index) => {
    const mask = columns[index]?.mask;
    return mask === undefined || cell === null ? cell : masked(cell, mask, key);
  });
}

/** @param key of hashes */
export function masked(text: string, mask: Mask, key: string): Cell {
  switch (mask) {
    case 'hash':
      return createHmac('sha256', key).update(text).digest('hex').slice(0, HASH_LENGTH);
    case 'partial':
      return partial(text);
    case 'null':
      return null;
  }
}

/** `a***@empresa.com` for an address, else the last letters and digits: at most a third of them, and four. */
function partial(text: string): string {
  const at = text.lastIndexOf('@');
  if (at > 0) return `${[...text][0]}***${text.slice(at)}`;
  const characters = [...text];
  const isShown = (character: string) => /[\p{L}\p{M}\p{N}]/u.test(character);
  let hidden = characters.filter(isShown).length;
  hidden -= Math.min(MOST_SHOWN, Math.floor(hidden / 3));
  return characters.map((character) => (isShown(character) && hidden-- > 0 ? '*' : character)).join('');
}
