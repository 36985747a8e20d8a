// How far an export is: a bar on a terminal, a log line now and then elsewhere.
import type { Params } from 'cli-progress';
import type { Source } from '../../core/source.js';
import type { OpenProgress, ProgressView } from '../../export/progress.js';
import type { CommandSession } from './context.js';
import { formatBytes, formatRows } from './print.js';

const LOG_MILLISECONDS = 10_000;
const BAR_MILLISECONDS = 100;
/** Before that much time a rate says nothing. */
const SETTLED_SECONDS = 1;
const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;
const USUAL_WIDTH = 80;

/** Whether a bar would be drawn, so that an estimate is worth asking for. */
function hasBar({ stderr, quiet, config }: CommandSession): boolean {
  return stderr.isTTY === true && !quiet && config.logFormat === 'text';
}

/** For exports and runs: a bar on a terminal, which needs an estimate; log lines elsewhere. */
export function progressOf(session: CommandSession): OpenProgress {
  return async ({ name, sources, request, isAlone }) => {
    const expected = isAlone && hasBar(session) ? await expectedRows(sources, request) : undefined;
    return openProgress(session, name, expected, isAlone);
  };
}

/**
 * @param expected estimated rows; without it, and when there are more, there is no bar and no time left
 * @param isAlone whether nothing else runs meanwhile: two bars would overwrite each other
 */
async function openProgress(
  session: CommandSession,
  name: string,
  expected: number | undefined,
  isAlone = true,
): Promise<ProgressView> {
  if (!isAlone || !hasBar(session)) return logLines(session, name);
  const { default: progress } = await import('cli-progress');
  const { stderr } = session;
  const draw = (_: unknown, { value, startTime }: Params, { bytes }: { bytes: number }) =>
    progressLine({
      name,
      rows: value,
      bytes,
      expected,
      seconds: (Date.now() - startTime) / 1000,
      width: stderr.columns ?? USUAL_WIDTH,
    });
  const bar = new progress.SingleBar({
    format: draw as unknown as string,
    stream: stderr as NodeJS.WritableStream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 1000 / BAR_MILLISECONDS,
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
  /** The planner's rows. */
  readonly expected: number | undefined;
  readonly seconds: number;
  /** Columns of the terminal. */
  readonly width: number;
}

/** `vendas ████░░░░ 420,000 of about 1,000,000 rows, 65.1 MiB, 32.1 MB/s, about 7 s left`, as far as it fits. */
export function progressLine({ name, rows, bytes, expected, seconds, width }: Progress): string {
  const isSettled = seconds >= SETTLED_SECONDS && rows > 0;
  const isAhead = expected !== undefined && rows <= expected;
  const about = expected === undefined ? '' : `about ${expected.toLocaleString('en-US')}`;
  const size = bytes > 0 ? [formatBytes(bytes)] : [];
  const rate = isSettled && bytes > 0 ? [`${(bytes / 1e6 / seconds).toFixed(1)} MB/s`] : [];
  if (!isAhead) {
    const more = expected === undefined ? '' : `, more than the ${about} expected`;
    return fitting(name, [`${formatRows(rows)}${more}`, ...size, ...rate, duration(seconds)], width);
  }
  const left = isSettled ? [`about ${duration((seconds / rows) * (expected - rows))} left`] : [];
  const text = [`${rows.toLocaleString('en-US')} of ${about} rows`, ...size, ...rate, ...left];
  const room = Math.min(WIDEST_BAR, width - name.length - text.join(', ').length - 3);
  if (room < NARROWEST_BAR) return fitting(name, text, width);
  const done = Math.floor((rows / Math.max(1, expected)) * room);
  return `${name} ${'█'.repeat(done)}${'░'.repeat(room - done)} ${text.join(', ')}`;
}

/** What is counted and how long it takes come first: what stands between gives way. */
function fitting(name: string, facts: readonly string[], width: number): string {
  const line = `${name} ${facts.join(', ')}`;
  if (line.length < width) return line;
  if (facts.length <= 2) return line.slice(0, Math.max(1, width - 1));
  return fitting(name, facts.toSpliced(1, 1), width);
}

/** `7 s`, `3 min`, `2 h 5 min` */
function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function logLines({ log }: CommandSession, name: string): ProgressView {
  let next = Date.now() + LOG_MILLISECONDS;
  return {
    onProgress({ rows, bytes }) {
      if (Date.now() < next) return;
      next = Date.now() + LOG_MILLISECONDS;
      log.info(`${name}: ${formatRows(rows)}, ${formatBytes(bytes)} so far`, { report: name, rows, bytes });
    },
    stop: () => undefined,
  };
}

/** The planner's rows over all sources, or undefined when one cannot say. */
async function expectedRows(
  sources: readonly Source[],
  plan: Parameters<Source['prepare']>[0],
): Promise<number | undefined> {
  try {
    let rows = 0;
    for (const source of sources) rows += (await (await source.prepare(plan)).estimate()).rows;
    return rows;
  } catch {
    // The export itself will say what is wrong.
    return undefined;
  }
}
