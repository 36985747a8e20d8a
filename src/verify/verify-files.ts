// Verifies what a user names: files, folders and prefixes, or the periods of reports.
import { compactDate, isClosed, todayIn } from '../core/calendar.js';
import type { Session } from '../core/session.js';
import { locationOf } from '../core/store.js';
import { withDestinations } from '../destinations/for-session.js';
import { withSources } from '../export/with-sources.js';
import { periodKeys } from '../publish/bookkeeping.js';
import { Listings } from '../publish/listing.js';
import { readState } from '../publish/period-state.js';
import { strayFiles } from '../publish/strays.js';
import { loadReport } from '../reports/load-report.js';
import { parsePeriod } from '../reports/parse-period.js';
import { publishedReports } from '../reports/scheduled-reports.js';
import type { Difference } from './differences.js';
import { noSuchName } from './no-such-name.js';
import { filesAt, keyInDestination, type Place, placeOf } from './place.js';
import { readRecord, type Verified, type VerifyOptions, verifyFile } from './verify.js';

export interface VerifyFiles {
  /** Files, folders, URLs, keys or prefixes; with a date, names of reports. */
  readonly what: readonly string[];
  /** All files of the period that contains this day, as its run record lists them. */
  readonly date?: string | undefined;
  /** Compare with a fresh read of the report, too. */
  readonly compareSource: boolean;
  /** Called with each file as soon as it is verified. */
  readonly onVerified?: ((verified: Verified) => void) | undefined;
}

/**
 * @returns every file, with what differs from its manifest, its run record and, if asked, a fresh read
 * @throws ReportError `usage`, `destination`, and what a fresh read throws
 */
export function verifyFiles(session: Session, options: VerifyFiles): Promise<Verified[]> {
  return withDestinations(session, async (open) => {
    const verified: Verified[] = [];
    const stores = { open, listings: new Listings(open, session.config) };
    for await (const each of verifyEach(session, options, stores)) {
      session.signal.throwIfAborted();
      verified.push(each);
      options.onVerified?.(each);
    }
    return verified;
  });
}

type Stores = Pick<VerifyOptions, 'open'> & { readonly listings: Listings };

async function* verifyEach(
  session: Session,
  { what, date, compareSource }: VerifyFiles,
  stores: Stores,
): AsyncGenerator<Verified> {
  const compareFresh = compareSource ? await freshReader(session) : undefined;
  for (const named of what) {
    const places =
      date === undefined ? placesNamed(named, session, stores) : placesRecorded(named, date, session, stores);
    for await (const place of places) {
      yield 'differences' in place ? place : await verifyFile(place, { ...stores, compareFresh });
    }
  }
}

async function freshReader(session: Session): Promise<VerifyOptions['compareFresh']> {
  const { freshComparison } = await import('./fresh.js');
  return freshComparison({
    folder: session.config,
    withSources: (report, work) => withSources(session, report, work),
  });
}

async function* placesNamed(
  named: string,
  { config }: Session,
  { open, listings }: Stores,
): AsyncGenerator<Place | Verified> {
  const { root, key } = await placeOf(named, config);
  const opened = await open(root);
  const seen = new Set<string>();
  for await (const file of filesAt(opened, key)) {
    seen.add(file);
    yield { root, key: file };
  }
  if (seen.has(key)) return;
  const gone = seen.size > 0 ? key : (keyInDestination(named, config) ?? key);
  // Of a published file nothing may be left, or only the file.
  for (const listedBy of await listings.publishedBelow({ root, key: gone })) {
    if (seen.has(listedBy.key)) continue;
    seen.add(listedBy.key);
    yield { root, key: listedBy.key, listedBy };
  }
  if (seen.size > 0) return;
  const withDays = `reportctl verify ${named} --date DAY`;
  const error = await noSuchName({ command: 'verify', named, folder: config, withDays });
  if (error !== undefined) throw error;
  yield absent(locationOf(opened, gone), { what: 'file', expected: 'one with a manifest', found: 'none' });
}

/** @throws ReportError `usage` when the date is not within one period of the report */
async function* placesRecorded(
  name: string,
  date: string,
  { config, now, log }: Session,
  { open }: Stores,
): AsyncGenerator<Place | Verified> {
  const loaded = await loadReport(name, config);
  const published = publishedReports(loaded);
  const periods = (published.length === 0 ? [loaded] : published).map((report) => {
    const today = todayIn(report.timezone, now);
    const period = parsePeriod({ command: 'verify' }, report, date, today);
    return { report, period, isOver: isClosed(period, today) };
  });
  const isAnyOver = periods.some(({ isOver }) => isOver);
  const destination = await open(config.destination);
  for (const { report, period, isOver } of periods) {
    if (isAnyOver && !isOver) {
      log.info(`${report.name}: passed over, because the ${period.kind} is not over`);
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
    const root = config.destination.replace(/(?<=.)\/$/, '');
    for (const { key: listed, sha256, bytes } of record.outputs)
      yield {
        root,
        key: listed,
        listedBy: { recordKey: key, report: report.name, lastDay: period.lastDay, sha256, bytes },
      };
    const state = await readState(destination, periodKeys(report.name, period));
    for (const stray of await strayFiles(state, destination)) {
      const unlisted = {
        what: 'not published',
        expected: `${stray.key} in ${key}`,
        found: 'a file of a run that lost its lease',
      };
      yield absent(locationOf(destination, stray.key), unlisted);
    }
  }
}

function absent(location: string, difference: Difference): Verified {
  return { location, differences: [difference] };
}
