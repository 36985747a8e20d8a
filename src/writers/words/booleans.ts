// The words that a file has for true and for false: an option that several formats have.
import * as z from 'zod';
import { ReportError } from '../../core/errors.js';
import type { BooleanWords } from '../../core/format.js';

export const booleans = z
  .string()
  .optional()
  .meta({ argument: '<words>', description: 'the words for true and false, such as Sim/Não' });

/**
 * @param option `Sim/Não`: the word for true, then the word for false
 * @throws ReportError `usage` unless they are two different words
 */
export function booleanWords(option: string | undefined): BooleanWords | undefined {
  if (option === undefined) return undefined;
  const [yes = '', no = '', ...more] = option.split('/');
  const isPlain = [yes, no].every((word) => /^[\p{L}\p{N}][\p{L}\p{N} ]*$/u.test(word));
  if (isPlain && yes !== no && more.length === 0) return { true: yes, false: no };
  throw new ReportError('usage', `the words for booleans are ${JSON.stringify(option)}`, {
    hint: 'Give two words of letters and digits, the one for true first: Sim/Não.',
  });
}

/** The word for a canonical boolean. */
export function wordOf(words: BooleanWords, text: string): string {
  return text === 'true' ? words.true : text === 'false' ? words.false : text;
}
