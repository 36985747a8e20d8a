// The options that a report adds to commands: its filters with words of its own. They are known once the report is.
import { type Command, Option } from 'commander';
import { loadConfig } from '../../core/config.js';
import { DIMENSIONS, isDimension } from '../../core/filter.js';
import { describeFilter } from '../../filters/index.js';
import type { Report } from '../../reports/report.js';
import type { Context } from './context.js';
import { appendValue } from './filter-options.js';

/** The words of a command line, sorted by what commander makes of them. */
export interface ParsedWords {
  readonly positionals: readonly string[];
  readonly options: ReadonlySet<Option>;
  /** Options that the command does not have, without their values. */
  readonly unknown: readonly string[];
  /** The option whose value comes next, if any. */
  readonly awaitingValue: Option | undefined;
  /** A `--` was there: all following words are positionals. */
  readonly isAfterDash: boolean;
}

/** An unknown option takes the next word as its value, as every filter does, unless it has one after a `=`. */
export function parseWords({ options: known }: Command, words: readonly string[]): ParsedWords {
  const positionals: string[] = [];
  const options = new Set<Option>();
  const unknown: string[] = [];
  let awaited: Option | 'unknown' | undefined;
  let isAfterDash = false;
  for (const word of words) {
    if (awaited !== undefined) awaited = undefined;
    else if (isAfterDash || !word.startsWith('-') || word === '-') positionals.push(word);
    else if (word === '--') isAfterDash = true;
    else {
      const name = word.startsWith('--') ? word.replace(/=.*$/s, '') : word;
      const option = known.find(({ short, long }) => [short, long].includes(name));
      const hasValue = name !== word;
      if (option !== undefined) {
        options.add(option);
        if (option.required && !hasValue) awaited = option;
      } else if (name.startsWith('--') && name !== '--help') {
        unknown.push(name);
        if (!hasValue) awaited = 'unknown';
      }
    }
  }
  const awaitingValue = awaited === 'unknown' ? undefined : awaited;
  return { positionals, options, unknown, awaitingValue, isAfterDash };
}

/** Does the command select rows of a report? */
export function takesFilters({ options }: Command): boolean {
  return DIMENSIONS.every((dimension) => options.some(({ long }) => long === `--${dimension}`));
}

/**
 * Adds the filters of the report that the words name where a command needs them to read its words: for an option that it does not
 * have, and for `--help`, which then shows the filters of the report and no others.
 * @throws ReportError of loading the report, unless only its help is asked for
 */
export async function addFiltersOfReport(
  command: Command,
  words: readonly string[],
  context: Context,
): Promise<void> {
  if (!takesFilters(command)) return;
  const { positionals, unknown } = parseWords(command, words);
  const isHelp = words.some((word) => word === '--help' || word === '-h');
  const [name] = positionals;
  if (name === undefined || (unknown.length === 0 && !isHelp)) return;
  const { loadReport } = await import('../../reports/load-report.js');
  const report = await loadReport(name, loadConfig(context)).catch((error: unknown) => {
    if (isHelp) return undefined;
    throw error;
  });
  if (report === undefined) return;
  addOwnFilters(command, report);
  if (isHelp) groupFilters(command, report);
}

/** Adds a repeatable option for each word of the report's own. */
export function addOwnFilters(command: Command, { filterKinds }: Report): void {
  for (const [word, kind] of Object.entries(filterKinds)) {
    const { metavariable, summary } = describeFilter(word, kind);
    command.addOption(new Option(`--${word} ${metavariable}`, summary).argParser(appendValue));
  }
}

/** Shows the filters of the report under a heading of their own, each with what it tests, and hides those that it does not have. */
function groupFilters({ options }: Command, { name, filters }: Report): void {
  for (const option of options) {
    const word = (option.long ?? '').slice(2);
    const column = Object.hasOwn(filters, word) ? filters[word] : undefined;
    if (column !== undefined) {
      option.helpGroup(`Filters of ${name}:`);
      option.description = `${column}: ${option.description}`;
    } else if (isDimension(word)) option.hideHelp();
  }
}
