// Drafts a report from what a source says of a table, a query or a collection, and checks the draft against the source.
import { ReportError } from '../../core/errors.js';
import type { Outline, Source } from '../../core/source.js';
import { parseReport } from '../../reports/load-report.js';
import type { Report } from '../../reports/report.js';
import { requestOf } from '../../reports/request.js';
import { type Draft, draftReport } from './draft.js';

export interface Drafted extends Draft {
  readonly outline: Outline;
  readonly report: Report;
}

interface Wanted {
  /** The name of the report. */
  readonly name: string;
  /** The name of the source in report files. */
  readonly sourceName: string;
  /** A table, a view, a query or a collection. */
  readonly from: string;
  /** The day of a test that is a run; without it the report has no test. */
  readonly testDay?: string;
}

/** @throws ReportError as the source does, and `contract` or `source` where `check` would fail */
export async function draftFrom(
  source: Source,
  { name, sourceName, from, testDay }: Wanted,
): Promise<Drafted> {
  const outline = await source.outline(from);
  const draft = draftReport(name, sourceName, outline, testDay);
  const report = parseReport(`${name}.${draft.extension}`, draft.text);
  await source.prepare(requestOf(report, { filters: [], params: {} }));
  return { ...draft, outline, report };
}

/** @throws ReportError `usage` for a name that a report cannot have */
export function assertReportName(command: string, name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) return;
  throw new ReportError('usage', `${command}: "${name}" cannot be a report's name`, {
    hint: 'Letters, digits, "_" and "-" only: the name becomes a key and a flag.',
  });
}
