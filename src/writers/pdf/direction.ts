// Lines with letters that are written from right to left, in the order in which they are seen (Unicode Standard Annex 9).
import bidiFactory from 'bidi-js';

/** Ranges of Hebrew, Arabic, Syriac, Thaana and N'Ko, and their presentation forms: first code unit and the one after the last. */
export const RIGHT_TO_LEFT = [
  [0x590, 0x900],
  [0xfb1d, 0xfe00],
  [0xfe70, 0xfeff],
] as const;

const LETTER = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe]/;

interface Letter {
  /** One UTF-16 unit, unless it is a box. */
  readonly text: string;
  readonly isBox: boolean;
}

export function isRightToLeft(text: string): boolean {
  return LETTER.test(text);
}

/** What is used of the library, whose types leave out that it exports a function. */
interface Bidi {
  getEmbeddingLevels(text: string): object;
  getMirroredCharactersMap(text: string, levels: object): Map<number, string>;
  /** Ranges to reverse, one after the other: first and last index. */
  getReorderSegments(text: string, levels: object): [number, number][];
}

const makeBidi = bidiFactory as unknown as () => Bidi;
let bidi: Bidi | undefined;
/** Stands for a box: neutral, as a picture is. */
const NEUTRAL = '\ufffc';

/** The letters of a line from left to right; brackets are mirrored where their direction is. Letters are not joined. */
export function visualOrder<L extends Letter>(
  letters: readonly L[],
  mirrored: (text: string) => L,
): readonly L[] {
  const text = letters.map((letter) => (letter.isBox ? NEUTRAL : letter.text)).join('');
  if (!isRightToLeft(text)) return letters;
  bidi ??= makeBidi();
  const levels = bidi.getEmbeddingLevels(text);
  const ordered = [...letters];
  for (const [index, mirror] of bidi.getMirroredCharactersMap(text, levels))
    ordered[index] = mirrored(mirror);
  for (const [start, end] of bidi.getReorderSegments(text, levels)) {
    ordered.splice(start, end + 1 - start, ...ordered.slice(start, end + 1).reverse());
  }
  return ordered;
}
