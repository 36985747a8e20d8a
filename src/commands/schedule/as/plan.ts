// The plan that a schedule is printed from: which reports run when, where they publish, and which variables they need.

import { isNoDeadline } from '../../../core/deadline.js';
import { parseDuration } from '../../../core/duration.js';
import { irregularDays } from './clock.js';

export interface Plan {
  /** The version of reportctl. */
  readonly version: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** One for each time zone of the reports; at least one. */
  readonly runs: readonly PlannedRun[];
  readonly paths: Paths;
  readonly destination: PlannedDestination;
  readonly encryption: { readonly how: 'AES256' | 'aws:kms' | 'none'; readonly kmsKeyId: string | undefined };
  readonly region: string | undefined;
  /** Bytes in a part of an upload. */
  readonly partSize: number;
  /** How many reports run at the same time. */
  readonly jobs: number;
  /** When a run ends at the latest, as core/deadline.ts reads it. */
  readonly deadline: string;
  /** Variables that are not secret, with their values. */
  readonly settings: Readonly<Record<string, string>>;
  /** Secret variables, with the file that contains the value, if known. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
  /** The S3 sources. A key prefix can be the whole key of an object. */
  readonly s3Sources: readonly { readonly bucket: string; readonly keyPrefix: string }[];
  readonly choices: Choices;
}

export interface PlannedRun {
  /** The name of the unit or the job: `reportctl`, with the zone as suffix when there are several runs. */
  readonly name: string;
  /** IANA name of the zone that `at` and `statusAt` are in. */
  readonly zone: string;
  /** `HH:MM` */
  readonly at: string;
  /** `HH:MM` of the status check, when everything should have been published. */
  readonly statusAt: string;
  /** Undefined for all reports. */
  readonly reports: readonly string[] | undefined;
}

/** Absolute paths. */
interface Paths {
  readonly binary: string;
  /** The folder of the `node` binary that runs reportctl. */
  readonly nodeFolder: string;
  readonly queries: string;
}

export type PlannedDestination =
  | {
      readonly kind: 's3';
      /** `s3://bucket/prefix` */
      readonly url: string;
      readonly bucket: string;
      /** Empty or ending in a slash. */
      readonly prefix: string;
      /** The prefixes of the keys of all outputs, without `prefix`. */
      readonly keyPrefixes: readonly string[];
    }
  | { readonly kind: 'folder'; readonly path: string };

interface Choices {
  /** IANA name of the zone of the host's cron. */
  readonly hostZone: string;
  readonly cron: 'debian' | 'cronie';
  /** The user that runs the job, if given. */
  readonly user: string | undefined;
  readonly image: string | undefined;
  readonly readers: boolean;
  readonly quarantine: boolean;
}

/** The folder of secret files, unless the environment names another file. */
export const SECRETS_FOLDER = '/etc/reportctl/secrets';

/** Seconds that the host lets a run last after its own deadline: a run that still lives then is killed. */
const DEADLINE_MARGIN_SECONDS = 60;

/** Seconds after which the host kills a run, a little later than its own deadline; undefined without one. */
export function maxRunSeconds({ deadline }: Pick<Plan, 'deadline'>): number | undefined {
  if (isNoDeadline(deadline)) return undefined;
  // A time of day comes within a day.
  const milliseconds = parseDuration(deadline) ?? 86_400_000;
  return Math.ceil(milliseconds / 1000) + DEADLINE_MARGIN_SECONDS;
}

/** Time between SIGTERM and SIGKILL: an interrupted run cancels its query and aborts its uploads in less than ten seconds. */
export const STOP_TIMEOUT_SECONDS = 15;

/** The arguments of the nightly run. Each of the next three nights publishes what a missed night left. */
export function runArguments({ reports }: PlannedRun, { deadline }: Pick<Plan, 'deadline'>): string[] {
  const which = reports ?? ['--all'];
  return ['run', ...which, '--catch-up', '3', '--deadline', deadline, '--log-format', 'json'];
}

/** The arguments of the later status check. Without a webhook and a metrics file there is nobody to notify, and it refuses to. */
export function statusArguments(
  { reports }: PlannedRun,
  { settings, secrets }: Pick<Plan, 'settings' | 'secrets'>,
): string[] {
  const listens = 'REPORTCTL_WEBHOOK_URL' in secrets || 'REPORTCTL_METRICS_FILE' in settings;
  return [
    'status',
    ...(reports ?? []),
    ...(listens ? ['--notify'] : []),
    '--deadline',
    '1h',
    '--log-format',
    'json',
  ];
}

/** The name of the unit or the job of the status check. */
export function statusName({ name }: PlannedRun): string {
  return name.replace(/^reportctl/, 'reportctl-status');
}

/** The variables with the places of reports and destination, and the settings. */
export function placeVariables({ settings, destination, paths }: Plan): Record<string, string> {
  return {
    REPORTCTL_QUERIES: paths.queries,
    REPORTCTL_DESTINATION: destination.kind === 's3' ? destination.url : destination.path,
    ...settings,
  };
}

/** Comment lines about the days on which a clock change skips or repeats the run's time. */
export function clockWarnings({ at, zone }: PlannedRun, { now }: Plan): string[] {
  return irregularDays(at, zone, now).map(({ date, occurrence }) =>
    occurrence === 'skipped'
      ? `# WARNING: ${date} has no ${at} in ${zone}: no run that day; the next run publishes the missing period.`
      : `# WARNING: ${date} has ${at} twice in ${zone}: a second run that day finds everything unchanged.`,
  );
}

const MIB = 1024 ** 2;

/**
 * The memory limit of a run in MiB; memory does not depend on the number of rows. 350 MiB for each report at the same time: measured
 * for documents sorted into CSV and XLSX at once, with four parts of 16 MiB in memory (rows from PostgreSQL to CSV take 150 MiB).
 * 100 MiB are reserve.
 */
export function memoryLimitMib({ partSize, jobs }: Pick<Plan, 'partSize' | 'jobs'>): number {
  const parts = Math.max(0, (4 * (partSize - 16 * MIB)) / MIB);
  return Math.ceil((100 + jobs * (350 + parts)) / 64) * 64;
}
