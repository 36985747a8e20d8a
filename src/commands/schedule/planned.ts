// From reports and configuration to what a plan says of them: runs, destination, sources in buckets.
import { dirname, resolve } from 'node:path';
import { sourceVariable } from '../../core/config/variables.js';
import type { Config } from '../../core/config.js';
import { messageOf } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { parseAddress } from '../../destinations/address.js';
import { latestKey } from '../../publish/latest.js';
import { safeSegment } from '../../reports/key.js';
import type { ReportFolder } from '../../reports/load-report.js';
import type { Report } from '../../reports/report.js';
import { minutesBetween, shifted } from './as/clock.js';
import type { Plan, PlannedDestination, PlannedRun } from './as/plan.js';

/** Minutes after which a look at what is missing says something: of an expected time, or of the start. */
const LOOKED_AFTER = { expected: 30, started: 120 };

/** One run a zone; with one zone and no names it is of all reports. */
export function plannedRuns(
  reports: readonly Report[],
  choice: { named: boolean; at: string; zone: string | undefined; folder: ReportFolder },
): PlannedRun[] {
  const { named, at, zone, folder } = choice;
  const zones = [...new Set(reports.map(({ timezone }) => zone ?? timezone))].sort();
  return zones.map((of) => {
    const its = reports.filter(({ timezone }) => (zone ?? timezone) === of);
    const suffix = zones.length === 1 ? '' : `-${of.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
    return {
      name: `reportctl${suffix}`,
      zone: of,
      at,
      statusAt: statusTime(at, its),
      reports: named || zones.length > 1 ? its.map((report) => wordOf(report, folder)) : undefined,
    };
  });
}

/** A report of another folder is named by its path. */
function wordOf({ name, file }: Report, { queries, cwd }: ReportFolder): string {
  const path = resolve(cwd, file);
  return dirname(path) === resolve(cwd, queries) ? name : path;
}

/** Half an hour after the last of the reports is expected; else two hours after the start. */
function statusTime(at: string, reports: readonly Report[]): string {
  // A time before the start is one of the next day.
  const latest = reports
    .flatMap(({ expectBy }) => expectBy?.time ?? [])
    .sort((a, b) => minutesBetween(at, a) - minutesBetween(at, b))
    .at(-1);
  return latest === undefined ? shifted(at, LOOKED_AFTER.started) : shifted(latest, LOOKED_AFTER.expected);
}

/** @param where as REPORTCTL_DESTINATION has it */
export function plannedDestination(reports: readonly Report[], where: string): PlannedDestination {
  const address = parseAddress(where);
  if (address?.scheme !== 's3') {
    return { kind: 'folder', path: resolve(address?.scheme === 'file' ? address.path : where) };
  }
  const { bucket, path } = address;
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  const all = reports.flatMap((report) =>
    [...report.outputs, ...report.scheduledOutputs].flatMap(({ key }) => {
      const beginning = beginningOf(key, report);
      const folder = beginning.slice(0, beginning.lastIndexOf('/') + 1);
      return [beginning, latestKey(folder, report.name)];
    }),
  );
  const beginnings = [...new Set(all)].sort();
  return {
    kind: 's3',
    url: where,
    bucket,
    prefix,
    beginnings: beginnings.filter(
      (beginning) => !beginnings.some((other) => other !== beginning && beginning.startsWith(other)),
    ),
  };
}

/** What every key of an output begins with: all before the first token that is not the same every day. */
function beginningOf(key: string, { name, labels }: Report): string {
  const known: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, safeSegment(value)])),
    report: name,
  };
  return key.replace(/\{([^{}]*)\}/g, (token, word: string) => known[word] ?? token).replace(/\{.*$/s, '');
}

/** Where the reports read from buckets; a source whose variable is not set here is told, since its bucket is missing then. */
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
      return [{ bucket, beginning: path === '' || path.endsWith('/') || isObject ? path : `${path}/` }];
    } catch (error) {
      log.warn(`${messageOf(error)}; if ${sourceVariable(name)} is a bucket, its rights are missing`);
      return [];
    }
  });
}
