// Shows the progress of an export: a bar on a terminal, a log line every ten seconds elsewhere.
import type { Params } from 'cli-progress';
import type { Source } from '../../core/source.js';
import type { OpenProgress, ProgressView } from '../../export/progress.js';
import type { CommandSession } from './context.js';
import { formatBytes, formatRows } from './print.js';
import { screenOf } from './screen.js';

const LOG_INTERVAL_MS = 10_000;
const BAR_INTERVAL_MS = 100;
/** Rates measured over less time are too inaccurate to show. */
const MIN_SECONDS_FOR_RATE = 1;
/** Characters. */
const MAX_BAR_WIDTH = 30;
const MIN_BAR_WIDTH = 8;

function canDrawBar({ stderr, quiet, config }: CommandSession): boolean {
  return stderr.isTTY === true && !quiet && config.logFormat === 'text';
}

/** The progress display of exports and runs. Only a bar needs the estimate of rows, so only then the sources are asked for one. */
export function progressFor(session: CommandSession): OpenProgress {
  return async ({ name, sources, request, isAlone }) => {
    const expected = isAlone && canDrawBar(session) ? await expectedRows(sources, request) : undefined;
    return openProgress(session, name, expected, isAlone);
  };
}

/**
 * @param expected estimated rows; without an estimate, or once it is exceeded, the line shows neither bar nor remaining time
 * @param isAlone whether no other export runs at the same time: two bars would overwrite each other
 */
async function openProgress(
  session: CommandSession,
  name: string,
  expected: number | undefined,
  isAlone = true,
): Promise<ProgressView> {
  if (!isAlone || !canDrawBar(session)) return logLines(session, name);
  // An upgrade may have removed the file since the program started: then the bar is not worth a failure.
  const { default: progress } = await import('cli-progress').catch(() => ({ default: undefined }));
  if (progress === undefined) return logLines(session, name);
  const { stderr } = session;
  const draw = (_: unknown, { value, startTime }: Params, { bytes }: { bytes: number }) =>
    progressLine({
      name,
      rows: value,
      bytes,
      expected,
      seconds: (Date.now() - startTime) / 1000,
      width: screenOf(stderr).width,
    });
  const bar = new progress.SingleBar({
    format: draw as unknown as string,
    stream: stderr as NodeJS.WritableStream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 1000 / BAR_INTERVAL_MS,
  });
  bar.start(Number.MAX_SAFE_INTEGER, 0, { bytes: 0 });
  return {
    onProgress: ({ rows, bytes }) => bar.update(rows, { bytes }),
    stop: () => bar.stop(),
  };
}

export interface Progress {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  /** Estimated rows. */
  readonly expected: number | undefined;
  readonly seconds: number;
  /** Columns of the terminal. */
  readonly width: number;
}

/** `vendas ████░░░░ 420,000 of about 1,000,000 rows, 65.1 MiB, 32.1 MB/s, about 7 s left`, shortened to fit the width. */
export function progressLine({ name, rows, bytes, expected, seconds, width }: Progress): string {
  const hasRate = seconds >= MIN_SECONDS_FOR_RATE && rows > 0;
  const isWithinEstimate = expected !== undefined && rows <= expected;
  const about = expected === undefined ? '' : `about ${expected.toLocaleString('en-US')}`;
  const size = bytes > 0 ? [formatBytes(bytes)] : [];
  const rate = hasRate && bytes > 0 ? [`${(bytes / 1e6 / seconds).toFixed(1)} MB/s`] : [];
  if (!isWithinEstimate) {
    const more = expected === undefined ? '' : `, more than the ${about} expected`;
    return fitToWidth(name, [`${formatRows(rows)}${more}`, ...size, ...rate, duration(seconds)], width);
  }
  const left = hasRate ? [`about ${duration((seconds / rows) * (expected - rows))} left`] : [];
  const facts = [`${rows.toLocaleString('en-US')} of ${about} rows`, ...size, ...rate, ...left];
  const barWidth = Math.min(MAX_BAR_WIDTH, width - name.length - facts.join(', ').length - 3);
  if (barWidth < MIN_BAR_WIDTH) return fitToWidth(name, facts, width);
  const done = Math.floor((rows / Math.max(1, expected)) * barWidth);
  return `${name} ${'█'.repeat(done)}${'░'.repeat(barWidth - done)} ${facts.join(', ')}`;
}

/** Drops facts from the middle until the line fits: the first (rows) and the last (time) matter most. */
function fitToWidth(name: string, facts: readonly string[], width: number): string {
  const line = `${name} ${facts.join(', ')}`;
  if (line.length < width) return line;
  if (facts.length <= 2) return line.slice(0, Math.max(1, width - 1));
  return fitToWidth(name, facts.toSpliced(1, 1), width);
}

/** `7 s`, `3 min`, `2 h 5 min` */
function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function logLines({ log }: CommandSession, name: string): ProgressView {
  let next = Date.now() + LOG_INTERVAL_MS;
  return {
    onProgress({ rows, bytes }) {
      if (Date.now() < next) return;
      next = Date.now() + LOG_INTERVAL_MS;
      log.info(`${name}: ${formatRows(rows)}, ${formatBytes(bytes)} so far`, { report: name, rows, bytes });
    },
    stop: () => undefined,
  };
}

/** The sum of the sources' estimates, or undefined when a source fails to give one. */
async function expectedRows(
  sources: readonly Source[],
  plan: Parameters<Source['prepare']>[0],
): Promise<number | undefined> {
  try {
    let rows = 0;
    for (const source of sources) rows += (await (await source.prepare(plan)).estimate()).rows;
    return rows;
  } catch {
    // The export meets the same error and reports it.
    return undefined;
  }
}
