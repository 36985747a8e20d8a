// Conditions on the finished counters that must hold before anything is published.
import { ReportError } from './errors.js';

export interface GateLimits {
  readonly minRows: number | undefined;
  readonly maxRows: number | undefined;
}

/** One sentence for each gate that does not hold: which gate, expected, found. */
export function failedGates({ minRows, maxRows }: GateLimits, rows: number): string[] {
  const failed: string[] = [];
  if (minRows !== undefined && rows < minRows)
    failed.push(`gate min-rows: expected at least ${minRows}, found ${rows}`);
  if (maxRows !== undefined && rows > maxRows)
    failed.push(`gate max-rows: expected at most ${maxRows}, found ${rows}`);
  return failed;
}

/** @throws ReportError `gate` when one does not hold */
export function testGates(report: string, limits: GateLimits, rows: number): void {
  const failed = failedGates(limits, rows);
  if (failed.length > 0) {
    throw new ReportError('gate', `"${report}" is not published: ${failed.join('; ')}`, {
      hint: 'Look at the source; a gate that is wrong is changed in the report file.',
    });
  }
}
