// Derives the runs, the destination and the S3 sources of a plan from reports and configuration.
import { dirname, resolve } from 'node:path';
import { sourceVariable } from '../../core/config/variables.js';
import type { Config } from '../../core/config.js';
import { messageOf, ReportError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { parseAddress } from '../../destinations/address.js';
import { latestKey } from '../../publish/latest.js';
import { safeSegment } from '../../reports/key.js';
import type { ReportFolder } from '../../reports/load-report.js';
import type { Report } from '../../reports/report.js';
import { addMinutes, minutesBetween } from './as/clock.js';
import type { Plan, PlannedDestination, PlannedRun } from './as/plan.js';

/** The status run starts this many minutes after the last expected time, or else after the start of the run. */
const STATUS_DELAY_MINUTES = { afterExpected: 30, afterStart: 120 };

/** One run for each time zone. With one zone and no named reports, the run publishes all reports. */
export function plannedRuns(
  reports: readonly Report[],
  choice: { areNamed: boolean; at: string; zone: string | undefined; folder: ReportFolder },
): PlannedRun[] {
  const { areNamed, at, zone, folder } = choice;
  const zones = [...new Set(reports.map(({ timezone }) => zone ?? timezone))].sort();
  return zones.map((runZone) => {
    const ownReports = reports.filter(({ timezone }) => (zone ?? timezone) === runZone);
    const suffix = zones.length === 1 ? '' : `-${runZone.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
    return {
      name: `reportctl${suffix}`,
      zone: runZone,
      at,
      statusAt: statusTime(at, ownReports),
      reports:
        areNamed || zones.length > 1 ? ownReports.map((report) => nameOrPath(report, folder)) : undefined,
    };
  });
}

/** The argument that names a report: its name, or its path if it is in another folder. */
function nameOrPath({ name, file }: Report, { queries, cwd }: ReportFolder): string {
  const path = resolve(cwd, file);
  return dirname(path) === resolve(cwd, queries) ? name : path;
}

/** `HH:MM` of the status run. @param at the start of the run, `HH:MM` */
function statusTime(at: string, reports: readonly Report[]): string {
  // Sorted by the distance from the start: an expected time before it belongs to the next day.
  const latest = reports
    .flatMap(({ expectBy }) => expectBy?.time ?? [])
    .sort((a, b) => minutesBetween(at, a) - minutesBetween(at, b))
    .at(-1);
  return latest === undefined
    ? addMinutes(at, STATUS_DELAY_MINUTES.afterStart)
    : addMinutes(latest, STATUS_DELAY_MINUTES.afterExpected);
}

/** @param where the value of REPORTCTL_DESTINATION @throws ReportError `usage` for what is no folder and no bucket */
export function plannedDestination(reports: readonly Report[], where: string): PlannedDestination {
  const address = parseAddress(where);
  if (address === undefined || address.scheme === 'stdout') {
    throw new ReportError('usage', 'schedule: REPORTCTL_DESTINATION is no folder and no bucket', {
      hint: 'Set it to a folder or to s3://bucket/prefix.',
    });
  }
  if (address.scheme === 'file') return { kind: 'folder', path: resolve(address.path) };
  const { bucket, path } = address;
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  const allPrefixes = reports.flatMap((report) =>
    [...report.outputs, ...report.scheduledOutputs].flatMap(({ key }) => {
      const keyPrefix = constantPrefix(key, report);
      const folder = keyPrefix.slice(0, keyPrefix.lastIndexOf('/') + 1);
      return [keyPrefix, latestKey(folder, report.name)];
    }),
  );
  const keyPrefixes = [...new Set(allPrefixes)].sort();
  return {
    kind: 's3',
    url: where,
    bucket,
    prefix,
    keyPrefixes: keyPrefixes.filter(
      (keyPrefix) => !keyPrefixes.some((other) => other !== keyPrefix && keyPrefix.startsWith(other)),
    ),
  };
}

/** The prefix of all keys of an output: everything before the first token whose value varies. */
function constantPrefix(key: string, { name, labels }: Report): string {
  const known: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, safeSegment(value)])),
    report: name,
  };
  return key.replace(/\{([^{}]*)\}/g, (token, word: string) => known[word] ?? token).replace(/\{.*$/s, '');
}

/** The buckets that the reports read from. Warns about a source without a URL here, because it may be in a bucket too. */
export function plannedSources(
  reports: readonly Report[],
  { config, log }: { readonly config: Config; readonly log: Log },
): Plan['s3Sources'] {
  return [...new Set(reports.flatMap(({ sources }) => sources))].flatMap((name) => {
    try {
      const address = parseAddress(config.source(name).reveal());
      if (address?.scheme !== 's3') return [];
      const { bucket, path } = address;
      const isObject = /\.(json|ndjson|jsonl)(\.gz)?$/i.test(path);
      return [{ bucket, keyPrefix: path === '' || path.endsWith('/') || isObject ? path : `${path}/` }];
    } catch (error) {
      log.warn(
        `${messageOf(error)}; if ${sourceVariable(name)} names a bucket, the policy lacks the right to read it`,
      );
      return [];
    }
  });
}
