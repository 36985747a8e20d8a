// The key of an output for a period.
import type { Period } from '../core/calendar.js';
import { ReportError } from '../core/errors.js';
import { reservedPart } from '../core/reserved-keys.js';
import type { Cell } from '../core/table.js';
import { expandKey } from '../reports/key.js';
import type { Output, Report } from '../reports/report.js';
import { compression } from '../writers/compression.js';
import { formatOf } from '../writers/index.js';

/**
 * @param split what the output is split by, to the values of this file; the tokens of what is left out stay
 * @throws ReportError `definition` when it is the name of a file of reportctl itself
 */
export function outputKey(
  report: Report,
  output: Output,
  period: Period,
  split: Readonly<Record<string, Cell>> = {},
): string {
  const packed = output.compress === undefined ? '' : `.${compression(output.compress).extension}`;
  const key = expandKey(output.key, {
    report: report.name,
    period,
    extension: `${formatOf(output.format).extension}${packed}`,
    labels: report.labels,
    split,
  });
  const reserved = reservedPart(key);
  if (reserved === undefined) return key;
  throw new ReportError('definition', `${report.file}: the key ${key} is reserved (${reserved})`, {
    hint: 'reportctl keeps files of its own there: choose another key.',
  });
}
