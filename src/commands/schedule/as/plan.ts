// What a schedule is made of, as plain data: which reports run when, where they go, and what they need of the environment.

export interface Plan {
  /** Of this program. */
  readonly version: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** At least one; more than one where the reports are of several zones. */
  readonly runs: readonly PlannedRun[];
  readonly paths: Paths;
  readonly destination: PlannedDestination;
  readonly encryption: { readonly how: 'AES256' | 'aws:kms' | 'none'; readonly kmsKeyId: string | undefined };
  readonly region: string | undefined;
  /** Bytes of a part of an upload. */
  readonly partSize: number;
  /** Reports that are under way at once. */
  readonly jobs: number;
  /** Variables that hold no secret, with their values. */
  readonly settings: Readonly<Record<string, string>>;
  /** Variables that do, each with the file that holds its value where one is known. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
  /** What is read from buckets: keys or their beginnings. */
  readonly s3Sources: readonly { readonly bucket: string; readonly beginning: string }[];
  readonly choices: Choices;
}

export interface PlannedRun {
  /** `reportctl`, or with its zone when there are several: the name of a unit or a job. */
  readonly name: string;
  /** IANA name of the zone that `at` and `statusAt` are in. */
  readonly zone: string;
  /** `HH:MM` */
  readonly at: string;
  /** `HH:MM`, when everything should have been published. */
  readonly statusAt: string;
  /** Undefined: all there are. */
  readonly reports: readonly string[] | undefined;
}

/** All absolute. */
interface Paths {
  readonly binary: string;
  /** The folder of the `node` that runs it. */
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
      /** How the keys of all outputs begin, without the prefix. */
      readonly beginnings: readonly string[];
    }
  | { readonly kind: 'folder'; readonly path: string };

interface Choices {
  /** IANA name of the zone that the host's cron works in. */
  readonly hostZone: string;
  readonly cron: 'debian' | 'cronie';
  /** Whose job it is, where that has to be said. */
  readonly user: string | undefined;
  readonly image: string | undefined;
  readonly readers: boolean;
  readonly quarantine: boolean;
}

/** Where a secret's file is unless the environment names one. */
export const SECRETS_FOLDER = '/etc/reportctl/secrets';

/** After so much time nobody waits for a run any more, in seconds: the next night does what it left. */
export const LONGEST_RUN = 6 * 3600;

/** Seconds: a run that is told to end cancels its query and aborts its uploads in less than ten. */
export const ENDED_WITHIN = 15;

/** The arguments of the nightly run. A night that was missed is made up by one of the next three. */
export function runArguments({ reports }: PlannedRun): string[] {
  return ['run', ...(reports ?? ['--all']), '--catch-up', '3', '--log-format', 'json'];
}

/** The arguments of the later look at what the night has left undone. */
export function statusArguments({ reports }: PlannedRun): string[] {
  return ['status', ...(reports ?? []), '--notify', '--log-format', 'json'];
}

/** The name of the unit or the job that looks. */
export function statusName({ name }: PlannedRun): string {
  return name.replace(/^reportctl/, 'reportctl-status');
}

/** The variables that say where everything is. */
export function placeVariables({ settings, destination, paths }: Plan): Record<string, string> {
  return {
    REPORTCTL_QUERIES: paths.queries,
    REPORTCTL_DESTINATION: destination.kind === 's3' ? destination.url : destination.path,
    ...settings,
  };
}

const MIB = 1024 ** 2;

/**
 * MiB that a run stays below, whatever the number of rows: 350 for each report that is under way, which documents sorted on
 * their way into CSV and XLSX at once were measured to take (rows of PostgreSQL into CSV take 150) with parts of 16 MiB,
 * of which four are held; and 100 to spare.
 */
export function memoryBound({ partSize, jobs }: Pick<Plan, 'partSize' | 'jobs'>): number {
  const parts = Math.max(0, (4 * (partSize - 16 * MIB)) / MIB);
  return Math.ceil((100 + jobs * (350 + parts)) / 64) * 64;
}
