// reportctl verify: published files against their manifests, their run records and, if asked, a fresh read.
import { Command } from 'commander';
import { compactDate, isClosed, todayIn } from '../core/calendar.js';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { openDestination } from '../destinations/index.js';
import { withSources } from '../export/with-sources.js';
import { periodKeys } from '../publish/period-state.js';
import { newToken } from '../publish/run-period.js';
import { loadReport } from '../reports/load-report.js';
import { publishedReports } from '../reports/scheduled-reports.js';
import { type Difference, spellDifference } from '../verify/differences.js';
import { filesAt, type Place, placeOf } from '../verify/place.js';
import { locationOf, readRecord, type Verified, type VerifyOptions, verifyFile } from '../verify/verify.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import { onePeriod } from './shared/one-period.js';
import { formatBytes, formatRows, printJson, printLines } from './shared/print.js';

interface VerifyCommandOptions extends CommonOptions {
  readonly date?: string;
  readonly source?: true;
}

export function verifyCommand(context: Context): Command {
  const command = new Command('verify')
    .description('published files against their manifests: bytes, SHA-256, rows, totals, run record')
    .argument('<what...>', 'files, folders, s3:// URLs, keys or prefixes; with --date, reports')
    .option('--date <when>', 'all files of the period that contains this day, as its run record lists them')
    .option('--source', 'compare with a fresh read of the report too');
  addCommonOptions(command);
  return command.action(async (what: string[], options: VerifyCommandOptions) => {
    const session = await openSession(context, options);
    const opened = new Map<string, Promise<Destination>>();
    const open = (root: string) => {
      const token = newToken();
      const { signal, config } = session;
      const destination = opened.get(root) ?? openDestination(root, { token, signal, s3: config.s3 });
      opened.set(root, destination);
      return destination;
    };
    try {
      const verified: Verified[] = [];
      for await (const each of verifyAll(what, options, session, open)) {
        session.signal.throwIfAborted();
        verified.push(each);
        if (!session.json) printLines(session.stdout, linesOf(each, options));
      }
      if (session.json) {
        printJson(
          session.stdout,
          verified.map((each) => ({ ok: each.differences.length === 0, ...each })),
        );
      }
      throwDifferent(verified);
    } finally {
      for (const destination of await Promise.allSettled(opened.values())) {
        if (destination.status === 'fulfilled') await destination.value.close();
      }
    }
  });
}

async function* verifyAll(
  what: readonly string[],
  options: VerifyCommandOptions,
  session: CommandSession,
  open: VerifyOptions['open'],
): AsyncGenerator<Verified> {
  const compareFresh = options.source ? await fresh(session) : undefined;
  const { destination } = session.config;
  for (const named of what) {
    const places = options.date === undefined ? placesNamed : placesRecorded;
    for await (const place of places(named, { destination, open, date: options.date, session })) {
      yield 'differences' in place ? place : await verifyFile(place, { open, compareFresh });
    }
  }
}

async function fresh(session: CommandSession): Promise<VerifyOptions['compareFresh']> {
  const { freshComparison } = await import('../verify/fresh.js');
  return freshComparison({
    folder: session.config,
    withSources: (report, work) => withSources(session, report, work),
  });
}

interface Where {
  readonly destination: string;
  readonly open: VerifyOptions['open'];
  readonly date: string | undefined;
  readonly session: CommandSession;
}

async function* placesNamed(
  named: string,
  { destination, open, session }: Where,
): AsyncGenerator<Place | Verified> {
  const { root, key } = await placeOf(named, { destination, cwd: session.config.cwd });
  const opened = await open(root);
  let isNone = true;
  for await (const file of filesAt(opened, key)) {
    isNone = false;
    yield { root, key: file };
  }
  if (isNone)
    yield absent(locationOf(opened, key), { what: 'file', expected: 'one with a manifest', found: 'none' });
}

/** @throws ReportError `usage` when the date is not within one period of the report */
async function* placesRecorded(
  name: string,
  { destination: root, open, date = '', session }: Where,
): AsyncGenerator<Place | Verified> {
  const loaded = await loadReport(name, session.config);
  const published = publishedReports(loaded);
  const periods = (published.length === 0 ? [loaded] : published).map((report) => {
    const today = todayIn(report.timezone, session.now);
    const period = onePeriod('verify', report, date, today);
    return { report, period, isOver: isClosed(period, today) };
  });
  const isAnyOver = periods.some(({ isOver }) => isOver);
  const destination = await open(root);
  for (const { report, period, isOver } of periods) {
    if (isAnyOver && !isOver) {
      session.log.info(`${report.name}: passed over, because the ${period.kind} is not over`);
      continue;
    }
    const { record: key } = periodKeys(report.name, period);
    const location = locationOf(destination, key);
    const record = await readRecord(destination, key);
    if (record === undefined || typeof record === 'string') {
      const expected = `the run record of ${compactDate(period.lastDay)}`;
      yield absent(location, { what: 'not published', expected, found: record ?? 'none' });
      continue;
    }
    if (record.outputs.length === 0)
      yield { location, differences: [], report: report.name, rows: record.rows };
    for (const output of record.outputs) yield { root: root.replace(/(?<=.)\/$/, ''), key: output.key };
  }
}

function absent(location: string, difference: Difference): Verified {
  return { location, differences: [difference] };
}

const STANDINGS: Readonly<Record<NonNullable<Verified['standing']>, string>> = {
  current: 'published',
  former: 'replaced by a later revision',
  refused: 'refused by a gate, never published',
  export: 'an ad-hoc export',
  moved: 'away from its destination',
};

function linesOf(verified: Verified, { source }: VerifyCommandOptions): string[] {
  const { location, differences, standing, revision, rows, bytes, sha256 } = verified;
  if (differences.length > 0) {
    return differences.map((difference) => `FAILED ${location}: ${spellDifference(difference)}`);
  }
  if (standing === undefined)
    return [`ok     ${location}: published without a file, because there were no rows`];
  const told = [STANDINGS[standing]];
  if (standing === 'current' || standing === 'former') told.push(`revision ${revision}`);
  // An ad-hoc export has no hash of its content.
  if (source)
    told.push(standing === 'export' ? 'rows and totals as in a fresh read' : 'content as in a fresh read');
  const size = `${formatRows(rows ?? 0)}, ${formatBytes(bytes ?? 0)}, sha256 ${sha256}`;
  return [`ok     ${location}: ${size} (${told.join(', ')})`];
}

/** @throws ReportError `contract` when anything differs */
function throwDifferent(verified: readonly Verified[]): void {
  const different = verified.filter(({ differences }) => differences.length > 0);
  if (different.length === 0) return;
  const [first] = different;
  const what =
    verified.length === 1 ? `${first?.location} is` : `${different.length} of ${verified.length} files are`;
  throw new ReportError('contract', `verify: ${what} not what was published`, {
    hint: 'Do not use them. Bring back the file and its manifest from a copy, or publish the period again.',
  });
}
