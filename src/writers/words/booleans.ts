// The words for true and false that readers may want instead.
import { ReportError } from '../../core/errors.js';

export interface BooleanWords {
  readonly true: string;
  readonly false: string;
}

/**
 * `Sim/Não` as the words for true and for false, in this order; undefined where nothing is asked for.
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

/** A boolean's canonical text as its word. */
export function wordOf(words: BooleanWords, text: string): string {
  return text === 'true' ? words.true : text === 'false' ? words.false : text;
}
