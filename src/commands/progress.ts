// How far an export is: a bar on a terminal, a log line now and then elsewhere.
import type { ExportPlan } from '../export.js';
import type { Source } from '../table.js';
import type { Session } from './context.js';
import { formatBytes, formatRows } from './print.js';

const LOG_MILLISECONDS = 10_000;
const BAR_MILLISECONDS = 100;

export interface ProgressView {
  readonly onProgress: NonNullable<ExportPlan['onProgress']>;
  stop(): void;
}

/** Whether a bar would be drawn, so that an estimate is worth asking for. */
export function hasBar({ stderr, quiet, config }: Session): boolean {
  return stderr.isTTY === true && !quiet && config.logFormat === 'text';
}

/**
 * @param expected estimated rows; the bar grows when there are more
 * @param isAlone whether nothing else runs meanwhile: two bars would overwrite each other
 */
export async function openProgress(
  session: Session,
  name: string,
  expected: number | undefined,
  isAlone = true,
): Promise<ProgressView> {
  if (!isAlone || !hasBar(session)) return logLines(session, name);
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar(
    {
      format: `${name} {bar} {value}/~{total} rows  {size}  {duration_formatted}`,
      stream: session.stderr as NodeJS.WritableStream,
      clearOnComplete: true,
      hideCursor: true,
      fps: 1000 / BAR_MILLISECONDS,
    },
    progress.Presets.shades_classic,
  );
  bar.start(Math.max(1, expected ?? 1), 0, { size: formatBytes(0) });
  return {
    onProgress({ rows, bytes }) {
      if (rows > bar.getTotal()) bar.setTotal(rows);
      bar.update(rows, { size: formatBytes(bytes) });
    },
    stop: () => bar.stop(),
  };
}

function logLines({ log }: Session, name: string): ProgressView {
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
export async function expectedRows(
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
