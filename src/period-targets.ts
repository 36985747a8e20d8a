// Where the outputs of a report go for one period, and whose files are there already.
import type { Period } from './calendar.js';
import { compression } from './compress.js';
import { alreadyExists } from './destinations/index.js';
import { expandKey } from './naming.js';
import { isOneOf, type PeriodState, pendingFiles, publishedFiles } from './period-state.js';
import type { Output, Report } from './report.js';
import type { Destination, Existing } from './table.js';
import type { Target } from './target.js';
import { type About, createWriter } from './writers/index.js';

/**
 * Every output of the report for the period, to be put where there is nothing, or in place of a file of ours.
 * @throws ReportError `destination` for a key that somebody else has
 */
export async function targetsOf(
  { report, period, destination }: { report: Report; period: Period; destination: Destination },
  state: PeriodState,
  about: About,
): Promise<Target[]> {
  const known = [...publishedFiles(state), ...pendingFiles(state)];
  return Promise.all(
    report.outputs.map(async (output) => {
      const target = await targetOf(output, report, period, about);
      const stored = await destination.stat(target.key);
      // Told before an hour of reading; whoever writes it later than this is met at publishing.
      if (stored !== undefined && !(await isOneOf(known, stored, destination))) {
        throw alreadyExists(`${target.key} at ${destination.label}`, undefined);
      }
      const existing: Existing = stored === undefined ? 'never' : { version: stored.version };
      return { ...target, destination, existing };
    }),
  );
}

async function targetOf(
  output: Output,
  report: Report,
  period: Period,
  about: About,
): Promise<Omit<Target, 'destination' | 'existing'>> {
  const writer = await createWriter(output.format, output.dialect, about);
  const extension = output.compress === undefined ? '' : `.${compression(output.compress).extension}`;
  return {
    key: expandKey(output.key, {
      report: report.name,
      period,
      extension: `${writer.extension}${extension}`,
      labels: report.labels,
    }),
    format: output.format,
    options: output.dialect,
    writer,
    compress: output.compress,
  };
}

/** The same file where readers do not look; its writer counts for itself. */
export async function quarantined(target: Target, about: About): Promise<Target> {
  const writer = await createWriter(target.format, target.options, about);
  return { ...target, key: `_quarantine/${target.key}`, writer, existing: 'replace' };
}
