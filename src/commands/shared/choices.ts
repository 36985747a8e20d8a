// Options and arguments that take one of several words.
import { type Argument, Option } from 'commander';
import { didYouMean, ReportError } from '../../core/errors.js';

/** Limits an option or argument to these words, and returns it. Any other word throws ReportError `usage` that suggests the nearest one. */
export function withChoices<T extends Option | Argument>(target: T, words: readonly string[]): T {
  target.choices(words).argParser((value: string) => {
    if (words.includes(value)) return value;
    const wrong =
      target instanceof Option
        ? `option '${target.flags}' argument '${value}' is invalid`
        : `command-argument value '${value}' is invalid for argument '${target.name()}'`;
    throw new ReportError('usage', wrong, { hint: `${didYouMean(value, words)}.` });
  });
  return target;
}
