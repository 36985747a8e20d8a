// Finds the two published files to compare: named by their places, or by a report and its periods or revisions.
import { compactDate, todayIn } from '../../core/calendar.js';
import type { Config } from '../../core/config.js';
import type { Destination } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import { periodKeys } from '../../publish/bookkeeping.js';
import type { RunRecord } from '../../publish/documents.js';
import { loadReport } from '../../reports/load-report.js';
import { parsePeriod } from '../../reports/parse-period.js';
import type { Report } from '../../reports/report.js';
import { openNamedSide, openSide, type Side } from '../../verify/diff/side.js';
import { placeOf } from '../../verify/place.js';
import { readRecord } from '../../verify/verify.js';
import { COMPRESSIONS } from '../../writers/compression.js';
import { FORMAT_NAMES, formatOf } from '../../writers/index.js';
import type { CommandSession } from '../shared/context.js';

export interface Named {
  readonly date?: string;
  /** The earlier and the later revision. */
  readonly revisions?: readonly [number, number];
}

/**
 * Opens the two files.
 * @param what two files, or a report and two days; with `date`, one report, of which two revisions are compared (the last two by default)
 * @param open opens the destination at an address; the caller closes it
 * @throws ReportError `usage`, `contract` when there is no such file, `destination`
 */
export async function sidesOf(
  what: readonly string[],
  { date, revisions }: Named,
  session: CommandSession,
  open: (root: string) => Promise<Destination>,
): Promise<readonly [Side, Side]> {
  const root = session.config.destination.replace(/(?<=.)\/$/, '');
  const [first = '', ...more] = what;
  if (date === undefined) {
    const [second, third] = more;
    if (revisions !== undefined || second === undefined || more.length > 2) throw wrongArguments();
    if (third === undefined) return both(first, second, async (named) => sideAt(named, session.config, open));
    const report = await loadPublished(first, session);
    const destination = await open(root);
    return both(second, third, async (day) =>
      sideOf(await recordOf(report, day, session, destination), destination),
    );
  }
  if (more.length > 0) throw wrongArguments();
  const report = await loadPublished(first, session);
  const destination = await open(root);
  const current = await recordOf(report, date, session, destination);
  const [former, later] = revisions ?? lastTwo(current);
  return both(former, later, async (revision) =>
    sideOf(await revisionOf(current, revision, destination), destination),
  );
}

async function both<T>(one: T, other: T, side: (which: T) => Promise<Side>): Promise<readonly [Side, Side]> {
  return [await side(one), await side(other)];
}

function wrongArguments(): ReportError {
  return new ReportError('usage', 'diff: the arguments do not name two files to compare', {
    hint: 'Give two files (A B), a report and two days (REPORT D1 D2), or a report with --date D (and --revisions 1..2, if not the last two).',
  });
}

async function sideAt(
  named: string,
  config: Config,
  open: (root: string) => Promise<Destination>,
): Promise<Side> {
  const place = await placeOf(named, config);
  const withDays = `reportctl diff ${named} D1 D2, or --date D`;
  return openNamedSide(await open(place.root), place, { command: 'diff', named, folder: config, withDays });
}

/** Loads a report. @throws ReportError `usage` when it has no outputs of its own */
async function loadPublished(name: string, { config }: CommandSession): Promise<Report> {
  const report = await loadReport(name, config);
  if (report.outputs.length > 0) return report;
  throw new ReportError('usage', `diff: report "${report.name}" has no outputs of its own`, {
    hint: 'Name one of its schedules, such as vendas@Organization, or two files.',
  });
}

/** A run record with its key, and the folder of the files that it lists. */
interface Recorded {
  readonly record: RunRecord;
  readonly recordKey: string;
  /** The prefix of the files' keys: empty, or the history folder of a former revision. */
  readonly folder: string;
}

async function recordOf(
  report: Report,
  day: string,
  session: CommandSession,
  destination: Destination,
): Promise<Recorded> {
  const period = parsePeriod({ command: 'diff' }, report, day, todayIn(report.timezone, session.now));
  return readAt(periodKeys(report.name, period).record, '', destination);
}

async function revisionOf(current: Recorded, revision: number, destination: Destination): Promise<Recorded> {
  const { report, period, revision: last } = current.record;
  if (revision === last) return current;
  if (revision > last) {
    throw new ReportError('usage', `diff: ${report} of ${period.lastDay} has no revision ${revision}`, {
      hint: `The last one is ${last}.`,
    });
  }
  const folder = periodKeys(report, period).history(revision);
  return readAt(`${folder}record.json`, folder, destination);
}

async function readAt(recordKey: string, folder: string, destination: Destination): Promise<Recorded> {
  const record = await readRecord(destination, recordKey);
  if (record !== undefined && typeof record !== 'string') return { record, recordKey, folder };
  throw new ReportError(
    'contract',
    `diff: not published: ${record ?? `there is no ${recordKey} at ${destination.label}`}`,
    { hint: 'reportctl status lists what is published.' },
  );
}

function lastTwo({ record }: Recorded): readonly [number, number] {
  if (record.restated !== undefined) return [record.restated.revision, record.revision];
  throw new ReportError(
    'usage',
    `diff: ${record.report} of ${record.period.lastDay} was never restated: it has one revision`,
    { hint: `Give another day too: reportctl diff ${JSON.stringify(record.report)} D1 D2.` },
  );
}

/** The endings of files, fastest to read first. */
const ENDINGS = FORMAT_NAMES.flatMap((word) => {
  const { extension, isCompressed } = formatOf(word);
  const compressed = isCompressed ? [] : Object.values(COMPRESSIONS);
  return [`.${extension}`, ...compressed.map((compression) => `.${extension}.${compression.extension}`)];
});

/** Opens the file that is fastest to read among those with all rows of the period. @throws ReportError `contract`, `usage` */
function sideOf({ record, recordKey, folder }: Recorded, destination: Destination): Promise<Side> {
  const whole = record.outputs.filter(({ rows }) => rows === record.rows);
  const rank = (key: string) =>
    (ENDINGS.findIndex((ending) => key.endsWith(ending)) + ENDINGS.length + 1) % (ENDINGS.length + 1);
  const [output] = whole.toSorted((one, other) => rank(one.key) - rank(other.key));
  if (output !== undefined) return openSide(destination, { root: '', key: `${folder}${output.key}` });
  if (record.outputs.length === 0)
    throw new ReportError('contract', `diff: ${recordKey} lists no file, because there were no rows`);
  throw new ReportError(
    'usage',
    `diff: no file of ${compactDate(record.period.lastDay)} has all rows of ${record.report}`,
    {
      hint: `Name two of its files, such as ${record.outputs[0]?.key}.`,
    },
  );
}
