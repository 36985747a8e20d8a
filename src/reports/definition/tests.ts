// `tests` of a definition: the periods and exports that `reportctl test` compares with goldens.
import * as z from 'zod';
import { periodContaining } from '../../core/calendar.js';
import { didYouMean, messageOf } from '../../core/errors.js';
import { DIMENSIONS } from '../../core/filter.js';
import { safeSegment } from '../key.js';
import type { YamlText } from './yaml-text.js';

/** Its value is the text that was typed: YamlText.typed(). */
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const values = z.union([scalar, z.array(scalar).min(1)]);
const name = z.string().min(1);
const shape = {
  name: name.optional(),
  run: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/, 'a day such as 2024-10-05 is needed')
    .optional(),
  params: z.record(name, scalar).default({}),
  columns: z.array(name).min(1).optional(),
  limit: z.int().min(0).optional(),
};
const dimensions = Object.fromEntries(DIMENSIONS.map((word) => [word, values.optional()]));
// A word of the report's own is a key, too: parseTest() refuses all others.
export const testsSchema = z.array(z.object({ ...dimensions, ...shape }).catchall(values)).default([]);

export interface ReportTest {
  /** The name of its golden: valid as a file name, and unique in the report. */
  readonly name: string;
  /** `YYYY-MM-DD`: what `run` would publish for the period that contains this day; undefined for what `export` would write. */
  readonly run: string | undefined;
  /** As typed. Filters, columns and limit are for exports only. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
  readonly params: Readonly<Record<string, string>>;
  readonly columns: readonly string[] | undefined;
  readonly limit: number | undefined;
}

/**
 * @param ownWords the words of `filters` that are no dimensions
 * @throws ReportError `definition` with the line, what was found and what is allowed
 */
export function parseTests(
  given: z.infer<typeof testsSchema>,
  ownWords: readonly string[],
  document: YamlText,
): ReportTest[] {
  const words = [...DIMENSIONS, ...ownWords];
  const tests = given.map((test, index) => parseTest(test, ['tests', index], words, document));
  tests.forEach((test, index) => {
    const twin = tests.findIndex((other) => other.name.toLowerCase() === test.name.toLowerCase());
    if (twin !== index)
      throw document.complaint(
        ['tests', index],
        `"${test.name}" is the name of tests.${twin} too; give it a name of its own`,
      );
  });
  return tests;
}

function parseTest(
  test: z.infer<typeof testsSchema>[number],
  path: readonly [string, number],
  words: readonly string[],
  document: YamlText,
): ReportTest {
  const allowed = [...Object.keys(shape), ...words];
  const unknown = document.keys(path).find((key) => !allowed.includes(key));
  if (unknown !== undefined)
    throw document.complaint([...path, unknown], `unknown key; ${didYouMean(unknown, allowed)}`);
  const typed = (word: string): readonly string[] => {
    const value = test[word];
    return Array.isArray(value)
      ? value.map((_, index) => document.typed([...path, word, index]))
      : [document.typed([...path, word])];
  };
  const used = words.filter((word) => test[word] !== undefined);
  const filters = Object.fromEntries(used.map((dimension) => [dimension, typed(dimension)]));
  const { run, columns, limit } = test;
  if (run !== undefined)
    assertRun(
      run,
      [...used, ...(columns ? ['columns'] : []), ...(limit === undefined ? [] : ['limit'])],
      path,
      document,
    );
  const relative = filters.date?.find((value) => /[a-z]{2}/i.test(value));
  if (relative !== undefined)
    throw document.complaint(
      [...path, 'date'],
      `found "${relative}", another day tomorrow; a test's date is fixed, such as 2024-10-05 or 2024-09`,
    );
  const meant = run ?? (used.flatMap((dimension) => filters[dimension] ?? []).join(' ') || 'all');
  if (test.name !== undefined && safeSegment(test.name) !== test.name)
    throw document.complaint(
      [...path, 'name'],
      `found "${test.name}", which cannot be a file's name; letters, digits, blanks and ._- can`,
    );
  return {
    name: test.name ?? safeSegment(meant),
    run,
    filters,
    params: Object.fromEntries(
      Object.keys(test.params).map((param) => [param, document.typed([...path, 'params', param])]),
    ),
    columns,
    limit,
  };
}

/** @param others keys that only an export takes */
function assertRun(
  run: string,
  others: readonly string[],
  path: readonly [string, number],
  document: YamlText,
): void {
  if (others[0] !== undefined)
    throw document.complaint(
      [...path, others[0]],
      'run publishes whole periods; what chooses rows is of a test without run, which is an export',
    );
  try {
    periodContaining('day', run);
  } catch (error) {
    throw document.complaint([...path, 'run'], messageOf(error));
  }
}
