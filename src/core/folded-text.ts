// Text without case and accents. A fixed table says which letters count as one, so that every engine folds alike, whatever its locale.

/** Letters of the table: Basic Latin, Latin-1 and Latin Extended-A. Every other character stands for itself alone. */
const FIRST_LETTER = 0x41;
const LAST_LETTER = 0x17f;
/** Combining marks, which decomposed text has after its letters. */
const MARKS = /[\u0300-\u036f]/g;
/** Letters with a stroke, and the dotless i: Unicode does not decompose them. */
const STROKES: Readonly<Record<string, string>> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
};

/** Each letter of the table to its base, such as Ã to a. */
const BASES: ReadonlyMap<string, string> = new Map(
  Array.from({ length: LAST_LETTER - FIRST_LETTER + 1 }, (_, index) => {
    const letter = String.fromCharCode(FIRST_LETTER + index);
    const base = letter.normalize('NFD').replace(MARKS, '').toLowerCase();
    return [letter, STROKES[base] ?? base] as const;
  }).filter(([letter]) => /\p{L}/u.test(letter)),
);

/** The letters that have this base; the character alone where there are none. */
function lettersOf(base: string): string[] {
  const letters = [...BASES].flatMap(([letter, itsBase]) => (itsBase === base ? [letter] : []));
  return letters.length > 0 ? letters : [base];
}

/** `SÃO João` becomes `sao joao`. */
export function foldedText(text: string): string {
  return Array.from(text.replace(MARKS, ''), (letter) => BASES.get(letter) ?? letter).join('');
}

/**
 * A regular expression that finds a text within another one, whatever the case and the accents of both.
 * @param folded from foldedText(), not empty
 * @param spell how the engine spells a character beyond U+00FF by its number; characters up to there stand in the pattern as they are
 */
export function foldedPattern(folded: string, spell: (codePoint: number) => string): string {
  const spelled = (character: string) => {
    const codePoint = character.codePointAt(0) ?? 0;
    if (codePoint > 0xff) return spell(codePoint);
    // These have a meaning in every dialect of regular expressions, and a backslash takes it away.
    return character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  };
  const marks = `[${spell(0x300)}-${spell(0x36f)}]*`;
  return Array.from(folded, (character) => {
    const letters = lettersOf(character).map(spelled);
    return letters.length === 1 ? letters[0] : `[${letters.join('')}]`;
  }).join(marks);
}
