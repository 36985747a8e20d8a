// Opens the sources of a report for as long as some work lasts.
import pLimit from 'p-limit';
import { sourceVariable } from '../config.js';
import { ReportError } from '../errors.js';
import type { Report } from '../report.js';
import { openSource } from '../sources/index.js';
import type { Source } from '../table.js';
import type { Session } from './context.js';

/** How many sources are opened at the same time. */
const OPENING = 4;

/**
 * Opens every source of the report, does the work, and closes them all, whatever happened.
 * @throws ReportError `definition` when one is not configured or two are the same, `source` when one cannot be opened
 */
export async function withSources<T>(
  session: Session,
  report: Report,
  work: (sources: readonly Source[]) => Promise<T>,
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
    const limit = pLimit(OPENING);
    const settled = await Promise.allSettled(
      urls.map(({ name, url }, index) =>
        limit(async () => {
          const variables = session.config.postgres;
          const { pathStyle: s3PathStyle, allowHttp: s3AllowHttp } = session.config.s3;
          const options = {
            name,
            url: url.reveal(),
            shown: String(url),
            variables,
            s3PathStyle,
            s3AllowHttp,
            signal: session.signal,
          };
          opened[index] = await openSource(options);
        }),
      ),
    );
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    const result = await work(opened);
    await closeAll(opened);
    return result;
  } catch (error) {
    // What closing complains about after a failure is not why we failed.
    await closeAll(opened).catch(() => undefined);
    throw error;
  }
}

/** Every one is closed, whatever the others say. */
async function closeAll(opened: Source[]): Promise<void> {
  const settled = await Promise.allSettled(opened.splice(0).map((source) => source?.close()));
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
