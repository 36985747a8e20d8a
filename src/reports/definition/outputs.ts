// The outputs of a definition: each has a key of its own, and options with which its format can write these columns.
import { type Period, periodContaining } from '../../core/calendar.js';
import { errorSentence, ReportError } from '../../core/errors.js';
import type { OptionContext, OptionFiles } from '../../core/format.js';
import { reservedPart } from '../../core/reserved-keys.js';
import type { Column } from '../../core/table.js';
import { faultOf } from '../../destinations/contract/key.js';
import { formatOf, readOptions } from '../../writers/index.js';
import { exportedColumn } from '../exported-column.js';
import { expandKey, type KeyValues, TOKENS, unknownTokens } from '../key.js';
import type { Output } from '../report.js';
import { partsOf } from './filters.js';
import type { Definition } from './schema.js';
import { splitKeyFault, splitTerms } from './split-by.js';
import type { YamlText } from './yaml-text.js';

interface Surroundings {
  readonly columns: readonly Column[];
  readonly labels: Readonly<Record<string, string>>;
  readonly hasSchedules: boolean;
  readonly files: OptionFiles;
}

/** Any day: keys are compared with each other, for one period. */
const EXAMPLE_DAY = '2024-10-05';

/** @throws ReportError `definition` with the line, what was found and what is allowed */
export function parseOutputs(definition: Definition, given: Surroundings, document: YamlText): Output[] {
  const { columns, labels, files } = given;
  assertLabels(labels, document);
  const period = periodContaining(definition.period, EXAMPLE_DAY);
  const known = {
    columns,
    mapped: mappedFilters(definition),
    labels: Object.keys(labels),
    volatile: definition.volatile,
  };
  const keys: string[] = [];
  const usage = (message: string) => new ReportError('usage', message);
  const context: OptionContext = { ...files, columnOf: (word) => exportedColumn(word, known, usage) };
  return definition.outputs.map(({ format, key, compress, ...output }, index): Output => {
    const { 'split-by': split, ...options } = output;
    const terms = splitTerms([split ?? []].flat(), known, (message) =>
      document.complaint(['outputs', index, 'split-by'], message),
    );
    const values = keyValues(format, compress, period, labels);
    const words = terms.map(({ word }) => word);
    const fault =
      tokenFault(key, [...known.labels, ...words], given.hasSchedules) ?? splitKeyFault(key, terms, values);
    if (fault !== undefined) throw document.complaint(['outputs', index, 'key'], fault);
    const expanded = expandKey(key, values);
    // A value that could begin the name of an unfinished file, in which a mark changes nothing.
    const worst = Object.fromEntries([...words, 'organization'].map((word) => [word, 'reportctl-x']));
    const wrong = keyFault(expanded) ?? keyFault(expandKey(key, { ...values, split: worst }));
    if (wrong !== undefined)
      throw document.complaint(['outputs', index, 'key'], `found "${key}"; the key ${wrong}`);
    const twin = keys.indexOf(expanded);
    if (twin !== -1)
      throw document.complaint(['outputs', index, 'key'], `found "${key}", the file that outputs.${twin} is`);
    keys.push(expanded);
    try {
      const dialect = readOptions(format, options, context, compress);
      formatOf(format).check(dialect, columns, definition['order-by']);
      // Only an output that is split has this key: it is part of the definition's hash.
      return { format, key, compress, dialect, ...(terms.length > 0 && { splitBy: terms }) };
    } catch (error) {
      throw document.complaint(['outputs', index], errorSentence(error));
    }
  });
}

function assertLabels(labels: Readonly<Record<string, string>>, document: YamlText): void {
  for (const label of Object.keys(labels)) {
    if (TOKENS.some((token) => token === label))
      throw document.complaint(
        ['labels', label],
        `{${label}} has a meaning already; call the label otherwise`,
      );
  }
}

/** A filter's word to the column, SQL expression or path that `filters` maps it to. */
function mappedFilters({ filters }: Definition): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(filters).flatMap(([dimension, field]) =>
      field === undefined ? [] : [[dimension, partsOf(field).place]],
    ),
  );
}

function keyValues(
  format: string,
  compress: string | undefined,
  period: Period,
  labels: Readonly<Record<string, string>>,
): KeyValues {
  const { extension } = formatOf(format);
  return {
    report: 'report',
    period,
    extension: compress === undefined ? extension : `${extension}.${compress}`,
    labels,
  };
}

/** What is wrong with a key, its tokens expanded, or undefined. */
function keyFault(key: string): string | undefined {
  const reserved = reservedPart(key);
  return reserved === undefined
    ? faultOf(key)
    : `is reserved (${reserved}): reportctl keeps files of its own there`;
}

/** What is wrong with the tokens of a key, or undefined. @param tokens the definition's own: labels and `split-by` */
function tokenFault(key: string, tokens: readonly string[], hasSchedules: boolean): string | undefined {
  const known = hasSchedules ? [...tokens, 'organization'] : tokens;
  if (key.includes('{organization}') && !known.includes('organization'))
    return '{organization} needs schedules or split-by, which say whose files these are';
  return unknownTokens(key, known)[0];
}
