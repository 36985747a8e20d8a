// What can come next on a command line, from commander's own definitions and the reports.
import type { Command, Option } from 'commander';
import { type Config, loadConfig } from '../../core/config.js';
import { DIMENSIONS, type Dimension } from '../../core/filter.js';
import type { Report } from '../../reports/report.js';
import type { Context } from '../shared/context.js';

/** What the program knows of its commands. */
export interface Known {
  readonly context: Context;
  readonly commands: Readonly<
    Record<string, { readonly summary: string; readonly load: (context: Context) => Promise<Command> }>
  >;
}

interface Candidate {
  readonly value: string;
  readonly description?: string | undefined;
}

export interface Candidates {
  /** `files`: those of the file system, and no other. `nospace`: the word goes on behind them. */
  readonly kind: 'words' | 'nospace' | 'files';
  readonly items: readonly Candidate[];
}

interface Line {
  readonly command: Command;
  /** Words that are neither options nor their values. */
  readonly named: readonly string[];
  readonly options: ReadonlySet<Option>;
  readonly context: Context;
  readonly config: Config;
}

const NOTHING: Candidates = { kind: 'words', items: [] };
const FILES: Candidates = { kind: 'files', items: [] };

/** @param words after the program's name; the last is the one to complete */
export async function candidates(words: readonly string[], known: Known): Promise<Candidates> {
  const current = words.at(-1) ?? '';
  const [word, ...before] = words.slice(0, -1);
  const commands = [
    ...Object.entries(known.commands).map(([value, { summary }]) => ({ value, description: summary })),
    { value: 'help', description: 'what a command does and takes' },
  ];
  if (word === undefined || (word === 'help' && before.length === 0))
    return beginning(current, {
      kind: 'words',
      items: current.startsWith('-') ? wordsOf('--help', '--version') : commands,
    });
  const command = Object.hasOwn(known.commands, word)
    ? await known.commands[word]?.load(known.context)
    : undefined;
  if (command === undefined) return NOTHING;
  const line = { context: known.context, config: loadConfig(known.context), ...parsed(command, before) };
  const [, option, value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (line.pending !== undefined) return beginning(current, await optionValues(line, line.pending, current));
  if (option !== undefined && value !== undefined) {
    const found = command.options.find(({ long }) => long === option);
    if (found === undefined || line.isRest) return NOTHING;
    const { kind, items } = beginning(value, await optionValues(line, found, value));
    // Of files shells complete only what stands alone.
    return { kind, items: items.map((each) => ({ ...each, value: `${option}=${each.value}` })) };
  }
  if (current.startsWith('-') && !line.isRest) return beginning(current, await optionNames(line));
  return beginning(current, await argumentValues(line, current));
}

/** Only what goes on from what was typed, and nothing that could not be typed. */
function beginning(prefix: string, { kind, items }: Candidates): Candidates {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to leave out
  const isTypable = ({ value }: Candidate) => !/[\x00-\x1f\x7f-\x9f]/.test(value);
  return { kind, items: items.filter((each) => each.value.startsWith(prefix) && isTypable(each)) };
}

function wordsOf(...values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value }));
}

function parsed(command: Command, words: readonly string[]) {
  const named: string[] = [];
  const options = new Set<Option>();
  let pending: Option | undefined;
  let isRest = false;
  for (const word of words) {
    if (pending !== undefined) pending = undefined;
    else if (isRest || !word.startsWith('-') || word === '-') named.push(word);
    else if (word === '--') isRest = true;
    else {
      const option = command.options.find(({ short, long }) =>
        [short, long].includes(word.replace(/(?<=^--.*)=.*$/s, '')),
      );
      if (option === undefined) continue;
      options.add(option);
      if (option.required && !/^--.*=/s.test(word)) pending = option;
    }
  }
  return { command, named, options, pending, isRest };
}

/** Of the filters those that the report maps; `--param` where it has some. */
async function optionNames(line: Line): Promise<Candidates> {
  const report = await reportOf(line);
  const isOffered = ({ long }: Option) => {
    const dimension = DIMENSIONS.find((each) => long === `--${each}`);
    if (report === undefined) return true;
    if (long === '--param') return Object.keys(report.params).length > 0;
    return dimension === undefined || !takesReport(line.command) || report.filters[dimension] !== undefined;
  };
  const offered = line.command.options.filter(isOffered).map(({ long, short, description }) => {
    return { value: long ?? short ?? '', description };
  });
  return { kind: 'words', items: [...offered, { value: '--help', description: 'display help for command' }] };
}

function takesReport(command: Command): boolean {
  return command.registeredArguments.some((argument) => argument.name() === 'report');
}

/** Options whose values are files, and those that `--format` and others take without saying so to commander. */
const FILE_OPTIONS = ['--output', '--template'];
const DATE_OPTIONS = ['--date', '--since', '--until'];

async function optionValues(line: Line, { long, argChoices }: Option, typed: string): Promise<Candidates> {
  if (argChoices !== undefined) return { kind: 'words', items: wordsOf(...argChoices) };
  if (FILE_OPTIONS.includes(long ?? '')) return FILES;
  if (long === '--log-format') return { kind: 'words', items: wordsOf('text', 'json') };
  if (long === '--format')
    return { kind: 'words', items: wordsOf(...(await import('../../writers/index.js')).FORMAT_NAMES) };
  if (DATE_OPTIONS.includes(long ?? '')) {
    return { kind: 'words', items: wordsOf(...(await import('../../core/calendar.js')).DATE_WORDS) };
  }
  const report = await reportOf(line);
  if (report === undefined) return NOTHING;
  const names = report.columns.map(({ name, title }) => ({ value: name, description: title }));
  switch (long) {
    case '--columns': {
      const done = typed.slice(0, typed.lastIndexOf(',') + 1);
      const left = names.filter(({ value }) => !done.split(',').includes(value));
      return { kind: 'nospace', items: left.map((each) => ({ ...each, value: `${done}${each.value}` })) };
    }
    case '--key':
      return {
        kind: 'nospace',
        items: [...names, ...otherColumns(report)].map((each) => ({ ...each, value: `${each.value}=` })),
      };
    case '--param':
      return {
        kind: 'nospace',
        items: Object.entries(report.params).map(([name, { kind }]) => ({
          value: `${name}=`,
          description: kind,
        })),
      };
    default:
      return { kind: 'words', items: await dimensionValues(line, report, long ?? '', typed) };
  }
}

/** Columns that are only filtered by, as far as the definition names them. */
function otherColumns({ filters, columns }: Report): Candidate[] {
  const exported = columns.map(({ name, path }) => path ?? name);
  const mapped = Object.values(filters).filter(
    (column) => /^[\w.]+$/.test(column) && !exported.includes(column),
  );
  return mapped.map((value) => ({ value }));
}

const WITH_VALUES: readonly Dimension[] = ['organization', 'product', 'product-type'];

async function dimensionValues(
  { context }: Line,
  report: Report,
  long: string,
  typed: string,
): Promise<Candidate[]> {
  const dimension = WITH_VALUES.find((each) => long === `--${each}`);
  if (dimension === undefined || report.filters[dimension] === undefined) return [];
  const { sourceValues } = await import('./values.js');
  return wordsOf(...(await sourceValues(context, report, dimension, typed)));
}

async function argumentValues(line: Line, current: string): Promise<Candidates> {
  const { command, named, options, config } = line;
  const known = command.registeredArguments;
  const argument = known[named.length] ?? known.find(({ variadic }) => variadic);
  if (argument === undefined) return NOTHING;
  if (argument.argChoices !== undefined) return { kind: 'words', items: wordsOf(...argument.argChoices) };
  const isWhat = argument.name() === 'what' && ![...options].some(({ long }) => long === '--date');
  if (isWhat || /^[./~]|[\\/]/.test(current)) return FILES;
  const { loadReport, reportNames } = await import('../../reports/load-report.js');
  const { scheduledReports } = await import('../../reports/scheduled-reports.js');
  const names = await reportNames(config);
  const listed = await Promise.all(
    names.map(async (name) => {
      const report = await loadReport(name, config).catch(() => undefined);
      const scheduled = report === undefined ? [] : scheduledReports(report);
      return [name, ...scheduled.map((each) => each.name)].map((value) => ({
        value,
        description: report?.title,
      }));
    }),
  );
  return { kind: 'words', items: listed.flat().filter(({ value }) => !named.includes(value)) };
}

/** The report that the line names; undefined when it names none, or one that cannot be read. */
async function reportOf({ named, config }: Line): Promise<Report | undefined> {
  const [name] = named;
  if (name === undefined) return undefined;
  const { loadReport } = await import('../../reports/load-report.js');
  return loadReport(name, config).catch(() => undefined);
}
