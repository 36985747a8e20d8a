// One report for one closed period: once, every output from one read, and the run record last.
import { randomUUID } from 'node:crypto';
import { compactDate, type Period } from './calendar.js';
import { compression } from './compress.js';
import { ReportError } from './errors.js';
import { type ExportPlan, exportReport } from './export.js';
import { testGates } from './gates.js';
import { manifestKey, manifestOf, putJson, type RunRecord, runRecordKey, runRecordOf } from './manifest.js';
import { expandKey } from './naming.js';
import { definitionHash, type Output, type Report } from './report.js';
import type { Destination, Request, Source } from './table.js';
import { type Target, unrecorded } from './target.js';
import { createWriter } from './writers/index.js';

export interface RunOptions {
  readonly report: Report;
  readonly period: Period;
  readonly request: Request;
  readonly destination: Destination;
  /** The unique id of this run, which its objects carry. */
  readonly token: string;
  /** Called only when there is something to read. */
  readonly withSources: <T>(work: (sources: readonly Source[]) => Promise<T>) => Promise<T>;
  readonly onProgress?: ExportPlan['onProgress'];
}

export interface RunOutcome {
  readonly outcome: 'published' | 'unchanged';
  readonly record: RunRecord;
  /** What the sources noticed of their data, one line each. */
  readonly notes: readonly string[];
}

export function newToken(): string {
  return randomUUID();
}

/**
 * @throws ReportError `contract` when the period was published by another definition, and what exporting throws;
 * then no run record was written
 */
export async function runPeriod(options: RunOptions): Promise<RunOutcome> {
  const { report, period, request, destination, token } = options;
  const params = Object.fromEntries(Object.entries(request.params).map(([name, { value }]) => [name, value]));
  const definition = definitionHash(report, params);
  const recordKey = runRecordKey(report.name, compactDate(period.lastDay));
  const former = await readRecord(destination, recordKey);
  if (former !== undefined) {
    if (former.definition === definition) return { outcome: 'unchanged', record: former, notes: [] };
    throw new ReportError(
      'contract',
      `"${report.name}" for ${compactDate(period.lastDay)} was already published, by another definition (${recordKey})`,
      {
        hint: 'Bring the former definition back, or move the published files and that record away and run again.',
      },
    );
  }
  const started = new Date().toISOString();
  const targets = await Promise.all(report.outputs.map((output) => targetOf(output, options)));
  const result = await options.withSources((sources) =>
    exportReport({
      request,
      sources,
      totals: report.totals,
      targets,
      gate: (rows) => testGates(report.name, report.gates, rows),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    }),
  );
  const run = { report, request, period, definition, token, started, finished: new Date().toISOString() };
  const record = runRecordOf(run, result);
  try {
    for (const output of result.outputs) {
      await putJson(destination, manifestKey(output.key), manifestOf(run, result, output), 'replace');
    }
    await putJson(destination, recordKey, record, 'never');
  } catch (error) {
    throw unrecorded(result.outputs, error);
  }
  return { outcome: 'published', record, notes: result.notes };
}

async function targetOf(output: Output, { report, period, destination }: RunOptions): Promise<Target> {
  const writer = await createWriter(output.format, output.dialect);
  const extension = output.compress === undefined ? '' : `.${compression(output.compress).extension}`;
  return {
    key: expandKey(output.key, {
      report: report.name,
      period,
      extension: `${writer.extension}${extension}`,
      labels: report.labels,
    }),
    writer,
    compress: output.compress,
    destination,
    existing: 'never',
  };
}

async function readRecord(destination: Destination, key: string): Promise<RunRecord | undefined> {
  const bytes = await destination.read(key);
  if (bytes === undefined) return undefined;
  try {
    const record = JSON.parse(bytes.toString('utf8')) as RunRecord;
    if (typeof record.definition === 'string') return record;
  } catch {
    // Told below, as for a record without what makes it one.
  }
  throw new ReportError('contract', `the run record ${key} at ${destination.label} cannot be read`, {
    hint: 'It was changed by hand: restore it, or move it and its files away and run again.',
  });
}
