// Opens the sources of a report for as long as the work lasts.
import pLimit from 'p-limit';
import { sourceVariable } from '../core/config/variables.js';
import { ReportError } from '../core/errors.js';
import type { Session } from '../core/session.js';
import type { Source } from '../core/source.js';
import { storeOpener } from '../destinations/for-session.js';
import type { Report } from '../reports/report.js';
import { openSource } from '../sources/index.js';
import { maskedSource } from './masked-source.js';

/** How many sources are opened at the same time. */
const MAX_PARALLEL_OPENS = 4;

/** Hears of each source, by its name, whether it answers. */
export interface SourceWatch {
  answered(name: string): void;
  failed(name: string): void;
}

/**
 * Opens every source of the report, does the work, and closes them all, whatever happened.
 * @throws ReportError `definition` when one is not configured or two are the same, `source` when one cannot be opened
 */
export async function withSources<T>(
  session: Session,
  report: Pick<Report, 'name' | 'sources'>,
  work: (sources: readonly Source[]) => Promise<T>,
  watch?: SourceWatch,
): Promise<T> {
  const urls = report.sources.map((name) => ({ name, url: session.config.source(name) }));
  urls.forEach(({ name, url }, index) => {
    const twin = urls.slice(0, index).find((other) => other.url.reveal() === url.reveal());
    if (twin === undefined) return;
    throw new ReportError('definition', `"${report.name}" would read the same rows twice`, {
      hint: `${sourceVariable(twin.name)} and ${sourceVariable(name)} are the same URL.`,
    });
  });
  const opened: Source[] = [];
  try {
    const limit = pLimit(MAX_PARALLEL_OPENS);
    const settled = await Promise.allSettled(
      urls.map(({ name, url }, index) =>
        limit(async () => {
          const variables = session.config.postgres;
          const options = {
            name,
            url: url.reveal(),
            shown: String(url),
            variables,
            cwd: session.config.cwd,
            openStore: storeOpener(session.config),
            idleTimeoutMs: session.config.idleTimeoutMs,
            signal: session.signal,
          };
          const unmasked = await watched(name, watch, () => openSource(options));
          const source = maskedSource(unmasked, session.config.environment);
          opened[index] = {
            ...source,
            prepare: (request) => watched(name, watch, () => source.prepare(request), true),
            ask: (question) => watched(name, watch, () => source.ask(question), true),
          };
        }),
      ),
    );
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    const result = await work(opened);
    await closeAll(opened);
    return result;
  } catch (error) {
    // An error while closing is not the reason of the failure.
    await closeAll(opened).catch(() => undefined);
    throw error;
  }
}

/** @param isAnswer whether success means that the source answered a request, rather than only accepted a connection */
async function watched<T>(
  name: string,
  watch: SourceWatch | undefined,
  work: () => Promise<T>,
  isAnswer = false,
): Promise<T> {
  try {
    const result = await work();
    if (isAnswer) watch?.answered(name);
    return result;
  } catch (error) {
    watch?.failed(name);
    throw error;
  }
}

/** Closes every source, also when another one fails to close. */
async function closeAll(opened: Source[]): Promise<void> {
  const settled = await Promise.allSettled(opened.splice(0).map((source) => source?.close()));
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
