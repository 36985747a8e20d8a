// A file in queries/ to a validated Report, with positions in every complaint.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { PeriodKind } from '../core/calendar.js';
import { didYouMean, messageOf, ReportError } from '../core/errors.js';
import type { Dimension } from '../core/filter.js';
import type { DocumentQuery } from '../core/source.js';
import type { Column, Kind } from '../core/table.js';
import { type FormatOptions, parseDefinition } from './definition/definition.js';
import type { Schedule } from './definition/schedules.js';
import type { SplitTerm } from './definition/split-by.js';
import type { ReportTest } from './definition/tests.js';
import type { WaitFor } from './definition/wait-for.js';
import { scheduledReport } from './scheduled-reports.js';

export interface Output {
  readonly format: string;
  /** With tokens such as `{YYYYMMDD}`; see key.ts. */
  readonly key: string;
  readonly dialect: FormatOptions;
  readonly compress: string | undefined;
  /** One file for each combination of their values; without it, one of all rows. */
  readonly splitBy?: readonly SplitTerm[];
}

/** What must hold before anything is published; see export/gates.ts. */
export interface Gates {
  readonly minRows: number | undefined;
  readonly maxRows: number | undefined;
  readonly notNull: readonly string[];
  /** The columns that are a key together; none when empty. */
  readonly unique: readonly string[];
  /** By the name of an integer or decimal column; decimal texts, both ends included, at least one is there. */
  readonly total: Readonly<
    Record<string, { readonly min: string | undefined; readonly max: string | undefined }>
  >;
  /** By how many percent (a decimal text) the rows may differ from those of the last published period. */
  readonly change: { readonly rows: string } | undefined;
}

interface Parameter {
  readonly kind: Kind;
  readonly default: string | undefined;
}

export interface Report {
  /** The file's name without its ending: the word that users type. */
  readonly name: string;
  readonly file: string;
  readonly title: string | undefined;
  /** The names of the sources, read in this order. */
  readonly sources: readonly string[];
  readonly period: PeriodKind;
  readonly timezone: string;
  /** A dimension to a column of the query, or to an SQL expression where the query has `/*{filters}*\/`. */
  readonly filters: Readonly<Partial<Record<Dimension, string>>>;
  readonly params: Readonly<Record<string, Parameter>>;
  readonly columns: readonly Column[];
  readonly volatile: readonly string[];
  readonly orderBy: readonly string[];
  readonly totals: readonly string[];
  readonly gates: Gates;
  /** What must be there before anything is read. */
  readonly waitFor: WaitFor | undefined;
  /** What becomes of a period without rows: files without rows, none, or a refusal. */
  readonly onEmpty: 'publish' | 'skip' | 'fail';
  readonly labels: Readonly<Record<string, string>>;
  readonly outputs: readonly Output[];
  /** The organizations that have a period of their own, and what they get; each is a report too, see scheduled-reports.ts. */
  readonly schedules: readonly Schedule[];
  readonly scheduledOutputs: readonly Output[];
  /** Of the report of a schedule: the one organization whose rows it has. */
  readonly organization: string | undefined;
  /** By when a period is to be published: a time of day `HH:MM` in the zone, so many days after the period's last one. */
  readonly expectBy: { readonly time: string; readonly days: number } | undefined;
  /** What `reportctl test` holds against goldens. */
  readonly tests: readonly ReportTest[];
  readonly query: string | DocumentQuery;
}

/** Where reports are: as a Config says. */
export interface ReportFolder {
  /** The folder of report files. */
  readonly queries: string;
  /** Where relative paths start. */
  readonly cwd: string;
}

/**
 * The report that a user named: a name in the folder, the path of a file, or `name@organization` for one of its schedules.
 * @throws ReportError `usage` when there is none, `definition` with file and line when it is wrong.
 */
export async function loadReport(nameOrPath: string, place: ReportFolder): Promise<Report> {
  const isPath = ENDING.test(nameOrPath);
  const [, name, organization] = (!isPath && SCHEDULED.exec(nameOrPath)) || [];
  if (name !== undefined && organization !== undefined)
    return scheduledReport(await loadReport(name, place), organization);
  if (isPath || /[\\/]/.test(nameOrPath)) return readReport(nameOrPath, place.cwd);
  const folder = place.queries;
  const files = await reportFiles(place);
  const found = files.filter((file) => nameOf(file) === nameOrPath);
  if (found.length > 1) {
    throw new ReportError(
      'definition',
      `two reports are called "${nameOrPath}": ${found.join(' and ')} in ${folder}`,
    );
  }
  if (found[0] === undefined) {
    throw new ReportError('usage', `no report "${nameOrPath}" in ${folder}`, {
      hint: `${didYouMean(nameOrPath, files.map(nameOf))}.`,
    });
  }
  return readReport(join(folder, found[0]), place.cwd);
}

/** SQL with its definition in a comment, or YAML for documents. */
const ENDING = /\.(sql|ya?ml)$/;
const SCHEDULED = /^([A-Za-z0-9][A-Za-z0-9_-]*)@(.*)$/s;

function nameOf(file: string): string {
  return basename(file).replace(ENDING, '');
}

/** The names of all reports in the folder, sorted. @throws ReportError `usage` when it cannot be read */
export async function reportNames(place: ReportFolder): Promise<string[]> {
  return [...new Set((await reportFiles(place)).map(nameOf))].sort();
}

async function reportFiles({ queries, cwd }: ReportFolder): Promise<string[]> {
  try {
    return (await readdir(resolve(cwd, queries))).filter(
      (file) => ENDING.test(file) && !file.startsWith('.'),
    );
  } catch (error) {
    throw new ReportError('usage', `reading the folder of reports "${queries}": ${messageOf(error)}`, {
      hint: 'Run from the folder that holds queries/, or set REPORTCTL_QUERIES.',
      cause: error,
    });
  }
}

async function readReport(file: string, cwd: string): Promise<Report> {
  const text = await readFile(resolve(cwd, file), 'utf8').catch((error: unknown) => {
    throw new ReportError('usage', `reading the report ${file}: ${messageOf(error)}`, { cause: error });
  });
  return parseReport(file, text, cwd);
}

/**
 * The text of a report file to a Report.
 * @param file as messages name it; its folder is where the paths of templates start
 * @param cwd where a relative `file` starts
 * @throws ReportError `definition` with file and line
 */
export function parseReport(file: string, text: string, cwd = '.'): Report {
  const name = nameOf(file);
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) {
    throw new ReportError('definition', `${file}: "${name}" cannot be a report's name`, {
      hint: 'Letters, digits, "_" and "-" only: the name becomes a key and a flag.',
    });
  }
  return { name, file, ...parseDefinition(file, text, cwd) };
}
