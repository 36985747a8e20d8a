// The filter on names and codes: equal to a value exactly as typed, containing it (~), or not (!).
import { ReportError } from '../core/errors.js';
import type { FilterTest, TextMatch } from '../core/filter.js';
import { foldedText } from '../core/folded-text.js';

/** Characters of a part to look for: the pattern of a longer one would be too long for some engines. */
const MAX_PART = 200;

/**
 * `X` is equal to X, `~X` contains it without regard to case and accents, `!X` and `!~X` are the opposites. A backslash before `~` or
 * `!` at the beginning takes the meaning away: see literalText().
 * @throws ReportError `usage` when a value holds a NUL or half of a surrogate pair, which no database text can hold, and for a part
 * that is empty or too long
 */
export function parseTextTest(values: readonly string[], dimension: string): FilterTest {
  for (const value of values) assertText(value, dimension);
  const wanted = values.filter((value) => !value.startsWith('!'));
  const unwanted = values.filter((value) => value.startsWith('!'));
  return {
    of: 'texts',
    anyOf: wanted.map((value) => parseMatch(value, value, dimension)),
    ...(unwanted.length > 0 && {
      noneOf: unwanted.map((value) => parseMatch(value.slice(1), value, dimension)),
    }),
  };
}

/** The value with which a filter finds exactly this text. */
export function literalText(text: string): string {
  return /^\\*[~!]/.test(text) ? `\\${text}` : text;
}

function parseMatch(text: string, value: string, dimension: string): TextMatch {
  if (!text.startsWith('~')) return /^\\+[~!]/.test(text) ? text.slice(1) : text;
  const containing = foldedText(text.slice(1));
  const { length } = [...containing];
  if (length >= 1 && length <= MAX_PART) return { containing };
  const wrong = length === 0 ? 'nothing to look for follows the ~' : `more than ${MAX_PART} characters`;
  throw new ReportError('usage', `cannot filter by ${dimension} ${JSON.stringify(value)}: ${wrong}`, {
    hint: 'give a part of the text, such as ~café; a text that begins with ~ itself is written \\~',
  });
}

function assertText(value: string, dimension: string): void {
  if (!/[\0\p{Surrogate}]/u.test(value)) return;
  throw new ReportError(
    'usage',
    `cannot filter by ${dimension} ${JSON.stringify(value)}: it is not a text that a database can hold`,
    { hint: 'remove the NUL or the broken character' },
  );
}
