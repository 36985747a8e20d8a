// Finds a report's file and turns its text into a Report.
import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import pLimit from 'p-limit';
import { didYouMean, messageOf, ReportError } from '../core/errors.js';
import { MEBIBYTE, readSmallFile } from '../core/small-file.js';
import { parseDefinition, type Reading } from './definition/definition.js';
import type { Report } from './report.js';
import { scheduledReport } from './scheduled-reports.js';

/** Where report files are. A Config is one. */
export interface ReportFolder {
  /** The folder of report files. */
  readonly queries: string;
  /** The folder that relative paths start at. */
  readonly cwd: string;
  /** Bytes of a template's parts, inflated; without it, what the format allows. */
  readonly maxTemplateSize?: number | undefined;
}

/** How many files are open at the same time. */
const MAX_OPEN_FILES = 16;

/**
 * Loads the report that a user named: by its name in the folder, the path of its file, or `name@organization` for one of its schedules.
 * @throws ReportError `usage` when there is none, `definition` with file and line when its file is wrong
 */
export function loadReport(nameOrPath: string, place: ReportFolder): Promise<Report> {
  return reportLoader(place)(nameOrPath);
}

/** loadReport() for many reports: it reads the folder once, and a few files at a time. */
export function reportLoader(place: ReportFolder): (nameOrPath: string) => Promise<Report> {
  const inTurn = pLimit(MAX_OPEN_FILES);
  let listing: Promise<ReadonlyMap<string, readonly string[]>> | undefined;
  async function load(nameOrPath: string): Promise<Report> {
    const isPath = REPORT_ENDING.test(nameOrPath);
    const [, name, organization] = (!isPath && SCHEDULED.exec(nameOrPath)) || [];
    if (name !== undefined && organization !== undefined)
      return scheduledReport(await load(name), organization);
    if (isPath || /[\\/]/.test(nameOrPath)) return inTurn(() => readReport(nameOrPath, place));
    listing ??= filesByName(place);
    const files = await listing;
    const file = onlyFile(nameOrPath, files, place.queries);
    return inTurn(() => readReport(join(place.queries, file), place));
  }
  return load;
}

function onlyFile(name: string, files: ReadonlyMap<string, readonly string[]>, folder: string): string {
  const [file, ...more] = files.get(name) ?? [];
  if (file !== undefined && more.length === 0) return file;
  if (file !== undefined) {
    throw new ReportError(
      'definition',
      `two reports are called "${name}": ${[file, ...more].join(' and ')} in ${folder}`,
    );
  }
  if (files.size === 0) throw noReports(folder);
  throw new ReportError('usage', `no report "${name}" in ${folder}`, {
    hint: `${didYouMean(name, [...files.keys()])}.`,
  });
}

/** @param folder of report files, as it is configured. @param cause set when the folder does not exist */
function noReports(folder: string, cause?: unknown): ReportError {
  const what = cause === undefined ? 'no file in it ends with .sql or .yaml' : 'the folder does not exist';
  return new ReportError('usage', `there are no reports in ${folder}: ${what}`, {
    hint: 'Begin with reportctl init NAME --from TABLE, or run from the folder that holds queries/; REPORTCTL_QUERIES names another one.',
    cause,
  });
}

/** `.sql` files have their definition in a comment; `.yaml` files are reports over documents. */
export const REPORT_ENDING = /\.(sql|ya?ml)$/;
const SCHEDULED = /^([A-Za-z0-9][A-Za-z0-9_-]*)@(.*)$/s;

function nameOf(file: string): string {
  return basename(file).replace(REPORT_ENDING, '');
}

/** The names of all reports in the folder, sorted. @throws ReportError `usage` when there is none, or the folder cannot be read */
export async function reportNames(place: ReportFolder): Promise<string[]> {
  const names = [...(await filesByName(place)).keys()];
  // Silence would be taken for a night without faults where a folder was not mounted.
  if (names.length === 0) throw noReports(place.queries);
  return names.sort();
}

async function filesByName(place: ReportFolder): Promise<Map<string, string[]>> {
  const files = new Map<string, string[]>();
  for (const file of await reportFiles(place)) {
    const same = files.get(nameOf(file));
    if (same === undefined) files.set(nameOf(file), [file]);
    else same.push(file);
  }
  return files;
}

async function reportFiles({ queries, cwd }: ReportFolder): Promise<string[]> {
  try {
    return (await readdir(resolve(cwd, queries))).filter(
      (file) => REPORT_ENDING.test(file) && !file.startsWith('.'),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw noReports(queries, error);
    throw new ReportError('usage', `reading the folder of reports "${queries}": ${messageOf(error)}`, {
      hint: 'Run from the folder that holds queries/, or set REPORTCTL_QUERIES.',
      cause: error,
    });
  }
}

/** A person writes kilobytes. */
const MAX_REPORT_BYTES = 4 * MEBIBYTE;

async function readReport(file: string, place: ReportFolder): Promise<Report> {
  const bytes = await readSmallFile(resolve(place.cwd, file), MAX_REPORT_BYTES).catch((error: unknown) => {
    throw new ReportError('usage', `reading the report ${file}: ${messageOf(error)}`, { cause: error });
  });
  if (!isUtf8(bytes)) {
    throw new ReportError('definition', `${file}: it is not UTF-8`, { hint: 'Save the file as UTF-8.' });
  }
  return parseReport(file, bytes.toString(), place);
}

/**
 * Parses the text of a report file.
 * @param file the path, for messages; paths of templates are relative to its folder
 * @throws ReportError `definition` with file and line
 */
export function parseReport(file: string, text: string, reading: Reading = { cwd: '.' }): Report {
  const name = nameOf(file);
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) {
    throw new ReportError('definition', `${file}: "${name}" cannot be a report's name`, {
      hint: 'Letters, digits, "_" and "-" only: the name becomes a key and a flag.',
    });
  }
  return { name, file, ...parseDefinition(file, text, reading) };
}
