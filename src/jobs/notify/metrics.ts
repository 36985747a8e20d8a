// Writes the outcome of each report to a file for node_exporter's textfile collector.
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import pLimit from 'p-limit';
import { messageOf, ReportError } from '../../core/errors.js';
import { MEBIBYTE, readSmallFile } from '../../core/small-file.js';
import { writeOutput } from '../../destinations/file/output.js';
import { placeOf } from '../../destinations/file/place.js';
import { FAULTS, type PeriodLine } from '../../publish/status.js';
import type { JobResult, RunListener } from '../events.js';
import { formatSamples, parseSamples, type Sample } from './exposition.js';

export interface MetricsOptions {
  /** A path. The collector reads only files whose name ends with `.prom`. */
  readonly file: string;
  readonly warn: (message: string) => void;
}

/** From the most to the least important: a report with several periods shows the most important of their outcomes. */
const OUTCOMES = ['failed', 'restated', 'published', 'skipped', 'unchanged'] as const;

/** The collector runs as another user, and the file holds no data of reports. The umask takes its bits away. */
const METRICS_MODE = 0o644;

/** Samples of some hundred thousand reports. */
const MAX_FORMER_BYTES = 64 * MEBIBYTE;

/** The longest wait for the reader of a FIFO. */
const WRITE_TIMEOUT_MS = 5_000;

/** A listener that rewrites the file after each job, so that a run that is killed later leaves the results so far. */
export function metricsListener({ file, warn }: MetricsOptions): RunListener {
  const results: JobResult[] = [];
  const limit = pLimit(1);
  let hasWarned = false;
  const warnOnce = (message: string) => {
    if (!hasWarned) warn(message);
    hasWarned = true;
  };
  return {
    name: `the metrics file ${file}`,
    async jobEnded(result) {
      // The run that works on this report writes its metrics.
      if (result.error instanceof ReportError && result.error.code === 'already-running') return;
      results.push(result);
      try {
        await limit(() => writeMetrics(file, results, warnOnce));
      } catch (error) {
        const reason = error instanceof ReportError ? error.reason : messageOf(error);
        warnOnce(`the metrics file ${file} could not be written: ${reason}`);
      }
    },
  };
}

async function writeMetrics(
  file: string,
  results: readonly JobResult[],
  warn: (message: string) => void,
): Promise<void> {
  const names = [...new Set(results.map(({ report }) => report))];
  await replaceSamples(file, names, warn, (name, former) => [
    ...samplesOf(
      name,
      results.filter(({ report }) => report === name),
      former,
    ),
    ...former.filter(isStatusSample),
  ]);
}

/**
 * Writes what status has found about reports, and keeps what runs have written.
 * @param lines all periods that status has looked at
 * @param now Unix time in milliseconds
 * @throws ReportError or Error when the file cannot be written
 */
export async function writeStatusMetrics(
  { file, warn }: MetricsOptions,
  lines: readonly PeriodLine[],
  now: number,
): Promise<void> {
  const names = [...new Set(lines.map(({ report }) => report))];
  await replaceSamples(file, names, warn, (report, former) => {
    const own = lines.filter((line) => line.report === report);
    const late = own.filter(({ status }) => status === 'late').length;
    const faulty = own.filter(({ status }) => FAULTS.includes(status)).length;
    return [
      ...former.filter((sample) => !isStatusSample(sample)),
      { metric: 'reportctl_last_status_timestamp_seconds', report, value: seconds(now) },
      { metric: 'reportctl_late_periods', report, value: late },
      { metric: 'reportctl_faulty_periods', report, value: faulty },
    ];
  });
}

/** @param samplesOfReport its samples, from those that the file has of it */
async function replaceSamples(
  file: string,
  names: readonly string[],
  warn: (message: string) => void,
  samplesOfReport: (name: string, former: readonly Sample[]) => Sample[],
): Promise<void> {
  // A missing folder is not made: the collector would not read it.
  await access(dirname(file));
  const former = await formerSamples(file, warn);
  const kept = former.filter(({ report }) => !names.includes(report));
  const fresh = names.flatMap((name) =>
    samplesOfReport(
      name,
      former.filter(({ report }) => report === name),
    ),
  );
  const signal = AbortSignal.timeout(WRITE_TIMEOUT_MS);
  const content = Buffer.from(formatSamples([...kept, ...fresh]));
  const how = { existing: 'replace', mode: METRICS_MODE, token: 'metrics', signal } as const;
  await writeOutput(file, content, how).catch((error: unknown) => {
    if (error !== signal.reason) throw error;
    throw new Error(`nobody read it within ${WRITE_TIMEOUT_MS / 1000} seconds`);
  });
}

async function formerSamples(file: string, warn: (message: string) => void): Promise<Sample[]> {
  const { kind } = await placeOf(file);
  // Nothing can be read back from what keeps nothing, and reading a FIFO would wait for another writer.
  if (kind !== 'file') return [];
  try {
    return parseSamples(`${await readSmallFile(file, MAX_FORMER_BYTES)}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    warn(
      `the metrics file ${file} is replaced, and its values of other reports are lost: ${messageOf(error)}`,
    );
    return [];
  }
}

/**
 * The samples of one report.
 * @param results of all periods of the report in this run; when all failed, the samples of the last success are kept
 * @param former samples of the report in the file
 */
function samplesOf(report: string, results: readonly JobResult[], former: readonly Sample[]): Sample[] {
  const worst = OUTCOMES.find((outcome) => results.some((result) => result.outcome === outcome));
  const successes = results.filter(({ outcome }) => outcome !== 'failed');
  const latest = successes.toSorted((a, b) => dayOf(a).localeCompare(dayOf(b))).at(-1);
  const lastRun: Sample[] = [
    {
      metric: 'reportctl_last_run_timestamp_seconds',
      report,
      value: seconds(Math.max(...results.map(({ finished }) => finished))),
    },
    {
      metric: 'reportctl_last_run_duration_seconds',
      report,
      value: seconds(
        results.reduce((sum, { started, finished }) => sum + Math.max(0, finished - started), 0),
      ),
    },
    {
      metric: 'reportctl_last_run_attempts',
      report,
      value: Math.max(...results.map(({ attempts }) => attempts)),
    },
    ...OUTCOMES.map(
      (outcome): Sample => ({
        metric: 'reportctl_last_run_outcome',
        report,
        outcome,
        value: outcome === worst ? 1 : 0,
      }),
    ),
  ];
  if (latest === undefined) {
    return [...former.filter(isSuccessSample), ...lastRun];
  }
  const outputs = latest.record?.outputs ?? [];
  return [
    {
      metric: 'reportctl_last_success_timestamp_seconds',
      report,
      value: seconds(Math.max(...successes.map(({ finished }) => finished))),
    },
    { metric: 'reportctl_last_success_rows', report, value: latest.record?.rows ?? 0 },
    {
      metric: 'reportctl_last_success_bytes',
      report,
      value: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    ...lastRun,
  ];
}

function isStatusSample({ metric }: Sample): boolean {
  return /^reportctl_(last_status_|late_|faulty_)/.test(metric);
}

function isSuccessSample({ metric }: Sample): boolean {
  return metric.startsWith('reportctl_last_success_');
}

function dayOf({ period }: JobResult): string {
  return period?.lastDay ?? '';
}

/** Milliseconds to seconds. */
function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
