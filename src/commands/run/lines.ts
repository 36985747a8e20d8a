// What a run prints of each job.

import type { Job } from '../../jobs/choose.js';
import type { RunOutcome } from '../../publish/run-period.js';
import { formatBytes, formatRows, spellPeriod } from '../shared/print.js';

/** `vendas 2024-10-05` */
export function titleOf(job: Job): string {
  return 'error' in job ? job.name : `${job.name} ${spellPeriod(job.period)}`;
}

/** So many files are named; `--json` has all. */
const NAMED = 10;

/** A line for each file, or for the first of many, and what a restatement changed. */
export function outcomeLines(
  title: string,
  place: string,
  { outcome, record }: Omit<RunOutcome, 'notes'>,
): string[] {
  if (record.outputs.length === 0) return [`${outcome} ${title}: no rows, no file`];
  const lines = record.outputs.slice(0, NAMED).map(({ key, rows, bytes, sha256 }) => {
    return `${outcome} ${title}: ${place}/${key}, ${formatRows(rows)}, ${formatBytes(bytes)}, sha256 ${sha256}`;
  });
  if (record.outputs.length > NAMED) {
    const more = (record.outputs.length - NAMED).toLocaleString('en-US');
    const bytes = record.outputs.reduce((sum, output) => sum + output.bytes, 0);
    lines.push(
      `${outcome} ${title}: … and ${more} more, in all ${formatRows(record.rows)}, ${formatBytes(bytes)}`,
    );
  }
  if (outcome !== 'restated' || record.restated === undefined) return lines;
  const { rows, totals } = record.restated;
  const changes = [`rows ${rows.before} to ${rows.after}`];
  for (const [name, { before, after }] of Object.entries(totals)) {
    changes.push(
      before === after ? `${name} still ${after}` : `${name} ${before ?? 'unknown'} to ${after ?? 'unknown'}`,
    );
  }
  return [...lines, `revision ${record.revision}: ${changes.join(', ')}`];
}
