// Finds reports that would write the same file.
import { periodContaining } from '../core/calendar.js';
import { ReportError } from '../core/errors.js';
import { type ReportFolder, reportLoader, reportNames } from '../reports/load-report.js';
import { publishedReports } from '../reports/scheduled-reports.js';
import { outputKey } from './output-key.js';

/** The last day of a period of every kind. */
const EXAMPLE_DAY = '2024-10-31';

interface Keyed {
  readonly report: string;
  readonly file: string;
  readonly template: string;
  readonly key: string;
}

/**
 * An error for each chosen report that has the key of another one, chosen too or in the same folder: on a day on which periods of
 * both end, one of them would meet the other's file. Tokens for values from data are compared as they are typed.
 * @param chosen names or paths; reports that cannot be read are left out
 */
export async function sharedKeys(
  chosen: readonly string[],
  place: ReportFolder,
): Promise<{ readonly report: string; readonly error: ReportError }[]> {
  const own = await keysOf(chosen, place);
  const names: readonly string[] = await reportNames(place).catch(() => []);
  const isInFolder = ({ report }: Keyed) => names.includes(report.replace(/@.*$/s, ''));
  const inFolder = own.some(isInFolder) ? await keysOf(names, place) : [];
  const found = new Map<string, { readonly report: string; readonly error: ReportError }>();
  for (const one of own) {
    for (const other of isInFolder(one) ? [...own, ...inFolder] : own) {
      if (one.key !== other.key || one.report === other.report || one.file === other.file) continue;
      const pair = JSON.stringify([one.report, other.report].sort());
      if (!found.has(pair)) found.set(pair, { report: one.report, error: sharedKey(one, other) });
    }
  }
  return [...found.values()];
}

function sharedKey({ template }: Keyed, { report }: Keyed): ReportError {
  return new ReportError('definition', `the output ${template} has the key of report "${report}"`, {
    hint: 'Give one of the two reports another key: the one that runs later fails.',
  });
}

/** Days of different periods of every kind: the day after, another month, another year. */
const OTHER_DAYS = ['2024-11-01', '2024-10-01', '2024-12-31', '2025-10-31'];

/**
 * An error for each chosen report with an output whose key is the same for different periods: the second run meets the file of
 * the first one and is refused.
 * @param chosen names or paths; reports that cannot be read are left out
 */
export async function undatedKeys(
  chosen: readonly string[],
  place: ReportFolder,
): Promise<{ readonly report: string; readonly error: ReportError }[]> {
  const load = reportLoader(place);
  const reports = await Promise.all(chosen.map((name) => load(name).catch(() => undefined)));
  const published = reports.flatMap((report) => (report === undefined ? [] : publishedReports(report)));
  return published.flatMap((report) => {
    const period = periodContaining(report.period, EXAMPLE_DAY);
    const others = OTHER_DAYS.map((day) => periodContaining(report.period, day)).filter(
      ({ lastDay }) => lastDay !== period.lastDay,
    );
    return report.outputs.flatMap((output) => {
      const key = outputKey(report, output, period);
      const twin = others.find((other) => outputKey(report, output, other) === key);
      if (twin === undefined) return [];
      const message = `the output ${output.key} has the same key for the periods ${period.lastDay} and ${twin.lastDay}`;
      const hint =
        'Put {YYYYMMDD} into the key: the run of the second period is refused, because the file is there.';
      return [{ report: report.name, error: new ReportError('definition', message, { hint }) }];
    });
  });
}

async function keysOf(names: readonly string[], place: ReportFolder): Promise<Keyed[]> {
  const load = reportLoader(place);
  const reports = await Promise.all(names.map((name) => load(name).catch(() => undefined)));
  return reports
    .flatMap((report) => (report === undefined ? [] : publishedReports(report)))
    .flatMap((report) =>
      report.outputs.map((output) => ({
        report: report.name,
        file: report.file,
        template: output.key,
        key: outputKey(report, output, periodContaining(report.period, EXAMPLE_DAY)),
      })),
    );
}
