// Compares the results of tests with the golden files on disk; with --update, writes and removes golden files.
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { errorSentence, messageOf, ReportError } from '../../core/errors.js';
import { SOURCE_MODE, writeOutput } from '../../destinations/file/output.js';
import type { Report } from '../../reports/report.js';
import { formatRows } from '../shared/print.js';
import { type BrokenCase, type Case, fixturesFolder, goldenFolder } from './cases.js';
import type { Found } from './found.js';
import { differences, GOLDEN_FILES } from './golden.js';

/** A test ends `ok`, `differs`, `missing` or `failed`, with `--update` also `new` or `updated`; a golden of no test is `unused` or `removed`. */
type Outcome =
  | 'ok'
  | 'differs'
  | 'missing'
  | 'failed'
  | 'new'
  | 'updated'
  | 'untested'
  | 'unused'
  | 'removed';

export interface Result {
  readonly title: string;
  readonly outcome: Outcome;
  readonly detail: string;
  /** The difference of the golden and the test's result, line by line. */
  readonly lines?: readonly string[];
  /** The error that makes the command fail. */
  readonly error?: unknown;
}

export function failed(title: string, error: unknown): Result {
  return { title, outcome: 'failed', detail: errorSentence(error), error };
}

/** Compares a test's result with its golden; with `update`, writes the result. @throws ReportError `destination` when a file fails */
export async function compareWithGolden(
  { title, golden }: Case,
  found: Found,
  { update, cwd, signal }: Pick<Known, 'update' | 'cwd'> & Surroundings,
): Promise<Result> {
  const lines: string[] = [];
  let exists = false;
  for (const ending of GOLDEN_FILES) {
    const path = `${golden}.${ending}`;
    const text = await readGolden(path, cwd);
    exists ||= text !== undefined;
    const changes = text === undefined ? [`+ the whole of ${path}`] : differences(text, found[ending]);
    if (changes.length > 0 && text !== undefined) lines.push(path, ...changes.map((line) => `  ${line}`));
    else lines.push(...changes);
    if (update && changes.length > 0) await writeGolden(path, found[ending], { cwd, signal });
  }
  const rows = formatRows(found.rows);
  if (lines.length === 0) return { title, outcome: 'ok', detail: rows };
  const path = `${golden}.csv`;
  if (update)
    return exists
      ? { title, outcome: 'updated', detail: `${path}, ${rows}`, lines }
      : { title, outcome: 'new', detail: `${path}, ${rows}` };
  if (!exists)
    return failure(title, 'missing', `there is no golden ${path}; --update writes it for your review`);
  const detail = `${rows}, and the golden differs; if the new result is right, --update accepts it`;
  return { ...failure(title, 'differs', detail), lines };
}

function failure(title: string, outcome: Outcome, detail: string): Result {
  return { title, outcome, detail, error: new ReportError('contract', `${title}: ${detail}`) };
}

async function readGolden(path: string, cwd: string): Promise<string | undefined> {
  return readFile(resolve(cwd, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw fileError(`reading the golden ${path}`, error);
  });
}

interface Surroundings {
  readonly cwd: string;
  readonly signal: AbortSignal;
}

async function writeGolden(path: string, text: string, { cwd, signal }: Surroundings): Promise<void> {
  const file = resolve(cwd, path);
  try {
    await writeOutput(file, Buffer.from(text), {
      existing: 'replace',
      mode: SOURCE_MODE,
      token: 'golden',
      signal,
    });
  } catch (error) {
    throw fileError(`writing the golden ${path}`, error);
  }
}

function fileError(doing: string, error: unknown): ReportError {
  return new ReportError('destination', `${doing}: ${messageOf(error)}`, {
    hint: 'Golden files are in fixtures/golden: check the permissions of the folder.',
    cause: error,
    retryable: false,
  });
}

interface Known {
  /** The folder of report files, when all reports were tested: then goldens of deleted reports are unused too. */
  readonly queries: string | undefined;
  readonly reports: readonly Report[];
  readonly tests: readonly (Case | BrokenCase)[];
  readonly update: boolean;
  /** The folder that relative paths start at. */
  readonly cwd: string;
}

/**
 * Finds, and with `update` removes, the goldens of these reports that belong to no test. Keeps the goldens of a report that could not
 * be loaded.
 */
export async function unusedGoldens({ queries, reports, tests, update, cwd }: Known): Promise<Result[]> {
  const roots = new Set(reports.map((report) => goldenFolder(fixturesFolder(report))));
  if (queries !== undefined) roots.add(goldenFolder(fixturesFolder({ file: join(queries, '-') })));
  const wanted = new Set(tests.flatMap((test) => ('golden' in test ? [test.golden] : [])));
  // Which goldens belong to a broken test is unknown: keep all of its report.
  const brokenReports = tests.flatMap((test) =>
    'error' in test ? [test.title.replace(/[@/].*$/s, '')] : [],
  );
  const isOurs = (folder: string) =>
    !brokenReports.includes(folder.replace(/@.*$/s, '')) &&
    (queries !== undefined || reports.some(({ name }) => folder === name || folder.startsWith(`${name}@`)));
  const results: Result[] = [];
  for (const root of roots) {
    const entries = await readdir(resolve(cwd, root), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    const paths = entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => join(root, relative(resolve(cwd, root), entry.parentPath), entry.name))
      .filter((path) => GOLDEN_FILES.some((ending) => path.endsWith(`.${ending}`)))
      .filter((path) => isOurs(relative(root, path).split(sep)[0] ?? ''))
      .filter((path) => !wanted.has(path.replace(/\.[a-z]+$/, '')))
      .sort();
    for (const path of paths) results.push(await reportUnused(root, path, { update, cwd }));
  }
  return results;
}

async function reportUnused(
  root: string,
  path: string,
  { update, cwd }: Pick<Known, 'update' | 'cwd'>,
): Promise<Result> {
  const title = join(basename(dirname(path)), basename(path));
  if (!update) return { title, outcome: 'unused', detail: `no test has ${path}; --update removes it` };
  try {
    const file = resolve(cwd, path);
    await rm(file);
    // rmdir() removes the folder only when it is empty.
    if (dirname(path) !== root) await rmdir(dirname(file)).catch(() => undefined);
    return { title, outcome: 'removed', detail: `no test has ${path}` };
  } catch (error) {
    return failed(title, fileError(`removing the golden ${path}`, error));
  }
}
