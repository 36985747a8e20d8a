// Imports, while a source is read or waited for, whatever the rest of the run would import later.
import { explainMissingFile } from '../core/program-files.js';
import type { Session } from '../core/session.js';
import { preloadStore } from '../destinations/index.js';
import { preloadSource } from '../sources/index.js';
import { preloadFormats } from '../writers/index.js';
import type { Job } from './job.js';

/**
 * A function that imports all that any job may still need, once, and resolves when that is done. An upgrade can replace the
 * program's files during a run, and what was imported before keeps working. What every run uses is imported statically.
 * Node looks at the file again when another module imports it, so each import is made where the program itself makes it.
 * test/commands/upgraded.test.ts holds that nothing is missing. @throws ReportError `unexpected` when files are gone already
 */
export function preloader(session: Session, jobs: readonly Job[]): () => Promise<void> {
  let loading: Promise<void> | undefined;
  return () => {
    loading ??= preload(session, jobs).catch((error: unknown) => {
      throw explainMissingFile(error);
    });
    // Whoever waits for it hears of the failure; nobody may.
    loading.catch(() => undefined);
    return loading;
  };
}

async function preload({ config, log }: Session, jobs: readonly Job[]): Promise<void> {
  const reports = jobs.flatMap((job) => ('error' in job ? [] : [job.report]));
  const sources = new Set(reports.flatMap((report) => report.sources));
  const urls = [...sources].flatMap((name) => {
    try {
      return [config.source(name).reveal()];
    } catch {
      // The job says that the source is not set.
      return [];
    }
  });
  await Promise.all([
    ...urls.map(preloadSource),
    ...[config.destination, ...urls].map(preloadStore),
    preloadFormats(reports.flatMap(({ outputs }) => outputs)),
  ]);
  log.debug('all that publishing needs is loaded');
}
