// reportctl test: compares what reports export from their fixtures with golden files.
import { Command } from 'commander';
import { ReportError } from '../core/errors.js';
import { printable } from '../core/foreign-text.js';
import type { SecretUrl } from '../core/secret-url.js';
import type { Source } from '../core/source.js';
import { withSources } from '../export/with-sources.js';
import { loadReport, type ReportFolder, reportNames } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import { printJson, printLines } from './shared/print.js';
import { type Paint, painter } from './shared/screen.js';
import { type BrokenCase, type Case, casesOf } from './test/cases.js';
import { fixtureUrls } from './test/fixtures.js';
import { exportForTest } from './test/found.js';
import { compareWithGolden, failed, type Result, unusedGoldens } from './test/goldens.js';

interface TestOptions extends CommonOptions {
  readonly update?: true;
}

export function testCommand(context: Context): Command {
  const command = new Command('test')
    .description('compares what reports export from their fixtures with golden files')
    .argument('[reports...]', 'names in queries/, or paths of report files; else all')
    .option('--update', 'write the golden files that are missing or differ, and remove those of no test');
  addCommonOptions(command);
  return command.action(async (names: string[], options: TestOptions) => {
    const session = await openSession(context, options);
    const results = await testReports(session, names, options.update === true);
    if (session.json) printJson(session.stdout, results.map(jsonResult));
    else {
      const paint = painter(session);
      printLines(
        session.stdout,
        results.flatMap((result) => resultLines(result, paint)),
      );
    }
    throwFailures(results);
  });
}

/**
 * Runs the tests of reports, of all when none is named.
 * @param update writes goldens that are missing or differ, and removes those of no test
 * @throws ReportError `usage` when there are no reports
 */
export async function testReports(
  session: CommandSession,
  names: readonly string[],
  update: boolean,
): Promise<Result[]> {
  const { queries, cwd } = session.config;
  const chosen = names.length > 0 ? [...new Set(names)] : await reportNames(session.config);
  const loaded = await Promise.all(chosen.map((name) => reportOrError(name, session.config)));
  const reports = loaded.filter((one) => 'tests' in one);
  const tests = loaded.flatMap((one) => ('tests' in one ? casesOf(one) : [one]));
  return [
    ...(await runTests(session, tests, update)),
    ...reports.filter((report) => report.tests.length === 0).map(untested),
    ...(await unusedGoldens({
      queries: names.length > 0 ? undefined : queries,
      reports,
      tests,
      update,
      cwd,
    })),
  ];
}

async function reportOrError(name: string, folder: ReportFolder): Promise<Report | BrokenCase> {
  return loadReport(name, folder).catch((error: unknown) => ({ title: name, error }));
}

function untested({ name, file }: Report): Result {
  return { title: name, outcome: 'untested', detail: `${file} has no tests` };
}

/** A test with the URLs of the fixtures that replace its report's sources. */
interface Planned {
  readonly test: Case;
  readonly urls: ReadonlyMap<string, SecretUrl>;
}

/** Runs the tests and returns their results, in order. Tests that read the same fixtures share the open sources. */
async function runTests(
  session: CommandSession,
  tests: readonly (Case | BrokenCase)[],
  update: boolean,
): Promise<Result[]> {
  const results = new Map<Case | BrokenCase, Result>();
  const groups = new Map<string, Planned[]>();
  for (const test of tests) {
    try {
      if ('error' in test) throw test.error;
      const urls = await fixtureUrls(session.config, test.report);
      const key = JSON.stringify([...urls].map(([name, url]) => [name, url.reveal()]));
      groups.set(key, [...(groups.get(key) ?? []), { test, urls }]);
    } catch (error) {
      results.set(test, failed(test.title, error));
    }
  }
  for (const group of groups.values()) {
    const work = (test: Case, sources: readonly Source[]) => runTest(session, test, sources, update);
    for (const [test, result] of await runGroup(session, group, work)) results.set(test, result);
  }
  return tests.flatMap((test) => results.get(test) ?? []);
}

/** Runs tests that read the same fixtures one after the other, with shared sources, which are opened again after a failure. */
async function runGroup(
  session: CommandSession,
  group: readonly Planned[],
  work: (test: Case, sources: readonly Source[]) => Promise<Result>,
): Promise<Map<Case, Result>> {
  const results = new Map<Case, Result>();
  const left = [...group];
  for (let [first] = left; first !== undefined; [first] = left) {
    try {
      await withSources(withFixtures(session, first.urls), first.test.report, async (sources) => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          const result = await work(next.test, sources);
          results.set(next.test, result);
          // A failed test can leave its connection in the middle of a read: open the sources again.
          if (result.outcome === 'failed') return;
        }
      });
    } catch (error) {
      session.signal.throwIfAborted();
      if (left.length === 0) throw error;
      for (const { test } of left.splice(0)) results.set(test, failed(test.title, error));
    }
  }
  return results;
}

/** Of hashes in goldens. */
const MASK_KEY = 'the key of goldens';

/** The session with these fixtures as its only sources. */
function withFixtures(session: CommandSession, urls: Planned['urls']): CommandSession {
  const source = (name: string) => {
    const url = urls.get(name);
    if (url === undefined) throw new Error(`no fixture was chosen for "${name}"`);
    return url;
  };
  const { environment } = session.config;
  // The hashes of a golden are the same everywhere, and those of published files are not in it.
  const get = (name: string) => (name === 'REPORTCTL_MASK_KEY' ? MASK_KEY : environment.get(name));
  // The PG* variables must not complete a fixture's URL.
  const config = { ...session.config, source, postgres: {}, environment: { ...environment, get } };
  return { ...session, config };
}

async function runTest(
  session: CommandSession,
  test: Case,
  sources: readonly Source[],
  update: boolean,
): Promise<Result> {
  try {
    const found = await exportForTest(session, test, sources);
    return await compareWithGolden(test, found, {
      update,
      cwd: session.config.cwd,
      signal: session.signal,
    });
  } catch (error) {
    session.signal.throwIfAborted();
    return failed(test.title, error);
  }
}

const WORDS: Readonly<Partial<Record<Result['outcome'], string>>> = {
  differs: 'FAILED',
  missing: 'FAILED',
  failed: 'FAILED',
  untested: '-',
};

function resultLines({ title, outcome, detail, lines = [] }: Result, paint: Paint): string[] {
  const word = WORDS[outcome] ?? outcome;
  const tone = word === 'FAILED' ? 'bad' : word === 'ok' ? 'good' : undefined;
  const padded = word.padEnd(7);
  const first = `${tone === undefined ? padded : paint(tone, padded)} ${printable(`${title}: ${detail}`)}`;
  return [first, ...lines.map((line) => printable(`        ${line}`))];
}

function jsonResult({ title, outcome, detail, lines = [] }: Result) {
  return { test: title, outcome, detail, differences: lines };
}

/** @throws ReportError when a test failed: with the errors' code when all have the same one, else with `partial` */
function throwFailures(results: readonly Result[]): void {
  const errors = results.flatMap(({ error }) => (error === undefined ? [] : [error]));
  if (errors.length === 0) return;
  const codes = new Set(errors.map((error) => (error instanceof ReportError ? error.code : 'unexpected')));
  const [code = 'unexpected'] = codes;
  const count = results.filter(({ outcome }) => outcome !== 'untested' && outcome !== 'unused').length;
  throw new ReportError(codes.size === 1 ? code : 'partial', `${errors.length} of ${count} tests failed`);
}
