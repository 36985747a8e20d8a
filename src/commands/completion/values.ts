// Completes the values of a filter from the source, if it answers quickly enough for a prompt.
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../core/config.js';
import { withSources } from '../../export/with-sources.js';
import type { Report } from '../../reports/report.js';
import { requestOf } from '../../reports/request.js';
import { preloadSource } from '../../sources/index.js';
import { type Context, openSession } from '../shared/context.js';

/** For connecting and querying together. */
const COMPLETION_TIMEOUT_MS = 300;
const MAX_VALUES = 50;

/**
 * The values of the column of a word that begin with the prefix, at most MAX_VALUES, sorted. An empty array when the source fails, is too slow,
 * or would have to be started or downloaded. Never throws.
 */
export async function sourceValues(
  context: Context,
  report: Report,
  word: string,
  prefix: string,
): Promise<string[]> {
  const timeout = new AbortController();
  try {
    const config = loadConfig(context);
    // Starting an embedded PostgreSQL, or downloading files, takes longer than the timeout.
    const isFast = (name: string) => !/^(embedded|s3):/i.test(config.source(name).reveal());
    const sources = report.sources.filter(isFast);
    await Promise.all(sources.map((name) => preloadSource(config.source(name).reveal())));
    const session = await openSession({ ...context, signal: timeout.signal }, { quiet: true });
    const request = requestOf({ ...report, sources }, { filters: [], params: {} });
    const work = withSources(session, { ...report, sources }, async (opened) => {
      const found = await Promise.all(
        opened.map((source) => source.values?.(request, word, prefix, MAX_VALUES) ?? []),
      );
      return [...new Set(found.flat())].sort().slice(0, MAX_VALUES);
    });
    // When the timeout wins the race, a later failure of the work must not become an unhandled rejection.
    work.catch(() => undefined);
    return await Promise.race([work, sleep(COMPLETION_TIMEOUT_MS, [] as string[], { ref: false })]);
  } catch {
    return [];
  } finally {
    timeout.abort(new Error('too late'));
  }
}
