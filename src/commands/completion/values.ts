// Values of a dimension from the source itself, if it answers while somebody waits at a prompt.
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../core/config.js';
import type { Dimension } from '../../core/filter.js';
import { withSources } from '../../export/with-sources.js';
import type { Report } from '../../reports/report.js';
import { requestOf } from '../../reports/request.js';
import { preloadDriver } from '../../sources/index.js';
import { type Context, openSession } from '../shared/context.js';

/** Milliseconds for connecting and answering together. */
const PATIENCE = 300;
const MOST = 50;

/** None when the source is slow, far, or fails. Never throws. */
export async function sourceValues(
  context: Context,
  report: Report,
  dimension: Dimension,
  prefix: string,
): Promise<string[]> {
  const late = new AbortController();
  try {
    const config = loadConfig(context);
    // Starting a PostgreSQL, or fetching files, takes longer than anybody waits.
    const isNear = (name: string) => !/^(embedded|s3):/i.test(config.source(name).reveal());
    const sources = report.sources.filter(isNear);
    await Promise.all(sources.map((name) => preloadDriver(config.source(name).reveal())));
    const session = await openSession({ ...context, signal: late.signal }, { quiet: true });
    const request = requestOf({ ...report, sources }, { filters: [], params: {} });
    const work = withSources(session, { ...report, sources }, async (opened) => {
      const found = await Promise.all(
        opened.map((source) => source.values?.(request, dimension, prefix, MOST) ?? []),
      );
      return [...new Set(found.flat())].sort().slice(0, MOST);
    });
    // Whoever loses the race may fail later, unheard.
    work.catch(() => undefined);
    return await Promise.race([work, sleep(PATIENCE, [] as string[], { ref: false })]);
  } catch {
    return [];
  } finally {
    late.abort(new Error('too late'));
  }
}
