// The lines that a run prints for a job.
import type { RunOutcome } from '../../publish/run-period.js';
import { formatBytes, formatRows } from '../shared/print.js';

/** Files listed on a terminal; `--json` lists all. */
const MAX_LISTED_FILES = 10;

/**
 * A line for each of the first MAX_LISTED_FILES files, one that sums up the others, and one for what a restatement changed.
 * @param place the destination that the keys are printed under
 */
export function outcomeLines(
  title: string,
  place: string,
  { outcome, record }: Omit<RunOutcome, 'notes'>,
): string[] {
  if (record.outputs.length === 0) return [`${outcome} ${title}: no rows, no file`];
  const lines = record.outputs.slice(0, MAX_LISTED_FILES).map(({ key, rows, bytes, sha256 }) => {
    return `${outcome} ${title}: ${place}/${key}, ${formatRows(rows)}, ${formatBytes(bytes)}, sha256 ${sha256}`;
  });
  if (record.outputs.length > MAX_LISTED_FILES) {
    const more = (record.outputs.length - MAX_LISTED_FILES).toLocaleString('en-US');
    const bytes = record.outputs.reduce((sum, output) => sum + output.bytes, 0);
    lines.push(
      `${outcome} ${title}: … and ${more} more files; in total ${formatRows(record.rows)}, ${formatBytes(bytes)}`,
    );
  }
  if (outcome !== 'restated' || record.restated === undefined) return lines;
  const { rows, totals } = record.restated;
  const changes = [`rows ${rows.before} to ${rows.after}`];
  for (const [name, { before, after }] of Object.entries(totals)) {
    changes.push(
      before === after
        ? `${name} unchanged at ${after}`
        : `${name} ${before ?? 'unknown'} to ${after ?? 'unknown'}`,
    );
  }
  return [...lines, `revision ${record.revision}: ${changes.join(', ')}`];
}
