// Finds the candidates for the next word of a command line, from commander's definitions and the reports.
import type { Command, Option } from 'commander';
import { type Config, loadConfig } from '../../core/config.js';
import { DIMENSIONS, type Dimension } from '../../core/filter.js';
import { literalText } from '../../filters/text-values.js';
import type { Report } from '../../reports/report.js';
import { TOPICS } from '../help/topics.js';
import type { Context } from '../shared/context.js';
import { addOwnFilters, type ParsedWords, parseWords, takesFilters } from '../shared/report-filters.js';

/** The program that is completed. */
export interface Program {
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
  /** `files`: the shell completes file names. `nospace`: no space follows a candidate, because the word continues. */
  readonly kind: 'words' | 'nospace' | 'files';
  readonly items: readonly Candidate[];
}

interface Line extends ParsedWords {
  readonly command: Command;
  readonly context: Context;
  readonly config: Config;
  /** The report that the line names; undefined when it names none, or one that cannot be loaded. */
  readonly report: Report | undefined;
}

const NOTHING: Candidates = { kind: 'words', items: [] };
const FILES: Candidates = { kind: 'files', items: [] };

/** @param words the words after the program's name; the last is the one to complete */
export async function findCandidates(words: readonly string[], program: Program): Promise<Candidates> {
  const current = words.at(-1) ?? '';
  const [word, ...before] = words.slice(0, -1);
  const commands = [
    ...Object.entries(program.commands).map(([value, { summary }]) => ({ value, description: summary })),
    { value: 'help', description: 'what a command does and takes' },
    ...(word === 'help' ? Object.keys(TOPICS).map((value) => ({ value, description: 'a topic' })) : []),
  ];
  if (word === undefined || (word === 'help' && before.length === 0))
    return withPrefix(current, {
      kind: 'words',
      items: current.startsWith('-') ? toCandidates('--help', '--version') : commands,
    });
  const command = Object.hasOwn(program.commands, word)
    ? await program.commands[word]?.load(program.context)
    : undefined;
  if (command === undefined) return NOTHING;
  const { context } = program;
  const config = loadConfig(context);
  const report = await findReport({ config, positionals: parseWords(command, before).positionals });
  if (report !== undefined && takesFilters(command)) addOwnFilters(command, report);
  const line = { context, config, command, report, ...parseWords(command, before) };
  const [, option, value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (line.awaitingValue !== undefined)
    return withPrefix(current, await optionValues(line, line.awaitingValue, current));
  if (option !== undefined && value !== undefined) {
    const found = command.options.find(({ long }) => long === option);
    if (found === undefined || line.isAfterDash) return NOTHING;
    const { kind, items } = withPrefix(value, await optionValues(line, found, value));
    // Shells do not complete a file name after `--option=`.
    return { kind, items: items.map((each) => ({ ...each, value: `${option}=${each.value}` })) };
  }
  if (current.startsWith('-') && !line.isAfterDash) return withPrefix(current, optionNames(line));
  return withPrefix(current, await argumentValues(line, current));
}

/** The candidates that begin with the prefix and contain no control characters, which cannot be typed. */
function withPrefix(prefix: string, { kind, items }: Candidates): Candidates {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to leave out
  const isTypable = ({ value }: Candidate) => !/[\x00-\x1f\x7f-\x9f]/.test(value);
  return { kind, items: items.filter((each) => each.value.startsWith(prefix) && isTypable(each)) };
}

function toCandidates(...values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value }));
}

/** The options of the command, without filters that the report does not map, and without `--param` if the report has none. */
function optionNames(line: Line): Candidates {
  const { report } = line;
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
const FILE_OPTIONS = ['--output', '--template', '--logo'];
const DATE_OPTIONS = ['--date', '--since', '--until'];

async function optionValues(line: Line, { long, argChoices }: Option, typed: string): Promise<Candidates> {
  if (argChoices !== undefined) return { kind: 'words', items: toCandidates(...argChoices) };
  if (FILE_OPTIONS.includes(long ?? '')) return FILES;
  if (long === '--log-format') return { kind: 'words', items: toCandidates('text', 'json') };
  if (long === '--format')
    return { kind: 'words', items: toCandidates(...(await import('../../writers/index.js')).FORMAT_NAMES) };
  if (DATE_OPTIONS.includes(long ?? '')) {
    return { kind: 'words', items: toCandidates(...(await import('../../core/calendar.js')).DATE_WORDS) };
  }
  if (long === '--attach' || long === '--page') {
    const { ATTACHMENTS, PAGE_WORDS } = await import('../../writers/pdf/options.js');
    return long === '--page'
      ? { kind: 'words', items: toCandidates(...PAGE_WORDS) }
      : oneMoreOf(typed, toCandidates(...ATTACHMENTS));
  }
  const { report } = line;
  if (report === undefined) return NOTHING;
  const names = report.columns.map(({ name, title }) => ({ value: name, description: title }));
  switch (long) {
    case '--where':
      return { kind: 'nospace', items: names.map((each) => ({ ...each, value: `${each.value} ` })) };
    case '--columns':
    case '--order-by':
      return oneMoreOf(typed, names);
    case '--group-by':
      return oneMoreOf(typed, [...toCandidates(...Object.keys(report.filters)), ...names]);
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
      return { kind: 'words', items: await filterValues(line, report, (long ?? '').slice(2), typed) };
  }
}

/** What can follow the last comma of a list: all that is not in it yet. */
function oneMoreOf(typed: string, all: readonly Candidate[]): Candidates {
  const done = typed.slice(0, typed.lastIndexOf(',') + 1);
  const isDone = (value: string) =>
    done.split(',').some((term) => term.replace(/:(asc|desc)$/, '') === value);
  const left = all.filter(({ value }) => !isDone(value));
  return { kind: 'nospace', items: left.map((each) => ({ ...each, value: `${done}${each.value}` })) };
}

/** The columns that the report filters by without exporting them. */
function otherColumns({ filters, columns }: Report): Candidate[] {
  const exported = columns.map(({ name, path }) => path ?? name);
  const mapped = Object.values(filters).filter(
    (column) => /^[\w.]+$/.test(column) && !exported.includes(column),
  );
  return mapped.map((value) => ({ value }));
}

const TEXT_DIMENSIONS: readonly Dimension[] = ['organization', 'product', 'product-type'];

/** The values of a filter: those of its kind, or what a source has in its column. */
async function filterValues(
  { context }: Line,
  report: Report,
  word: string,
  typed: string,
): Promise<Candidate[]> {
  if (!Object.hasOwn(report.filters, word)) return [];
  const isText = TEXT_DIMENSIONS.some((dimension) => dimension === word);
  const kind = isText ? 'text' : report.filterKinds[word];
  switch (kind) {
    case 'date':
    case 'timestamp':
      return toCandidates(...(await import('../../core/calendar.js')).DATE_WORDS);
    case 'boolean':
      return toCandidates('true', 'false');
    case 'text': {
      const { sourceValues } = await import('./values.js');
      const [, not = '', text = ''] = /^(!?)(.*)$/s.exec(typed) ?? [];
      const found = await sourceValues(context, report, word, text.replace(/^\\(?=\\*[~!])/, ''));
      return toCandidates(...found.map((value) => `${not}${literalText(value)}`));
    }
    default:
      return [];
  }
}

async function argumentValues(line: Line, current: string): Promise<Candidates> {
  const { command, positionals, options, config } = line;
  const { registeredArguments } = command;
  const argument =
    registeredArguments[positionals.length] ?? registeredArguments.find(({ variadic }) => variadic);
  if (argument === undefined) return NOTHING;
  if (argument.argChoices !== undefined)
    return { kind: 'words', items: toCandidates(...argument.argChoices) };
  const isWhat = argument.name() === 'what' && ![...options].some(({ long }) => long === '--date');
  if (isWhat || /^[./~]|[\\/]/.test(current)) return FILES;
  const { reportLoader, reportNames } = await import('../../reports/load-report.js');
  const { scheduledReports } = await import('../../reports/scheduled-reports.js');
  const names = await reportNames(config);
  const load = reportLoader(config);
  const offered = await Promise.all(
    names.map(async (name) => {
      const report = await load(name).catch(() => undefined);
      const scheduled = report === undefined ? [] : scheduledReports(report);
      return [name, ...scheduled.map((each) => each.name)].map((value) => ({
        value,
        description: report?.title,
      }));
    }),
  );
  return { kind: 'words', items: offered.flat().filter(({ value }) => !positionals.includes(value)) };
}

async function findReport({
  positionals,
  config,
}: Pick<Line, 'positionals' | 'config'>): Promise<Report | undefined> {
  const [name] = positionals;
  if (name === undefined) return undefined;
  const { loadReport } = await import('../../reports/load-report.js');
  return loadReport(name, config).catch(() => undefined);
}
