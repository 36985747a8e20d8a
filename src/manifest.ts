// What stands beside a published file, and the run record that alone means "published".
import { readFileSync } from 'node:fs';
import type { Period } from './calendar.js';
import type { ExportResult } from './export.js';
import type { Report } from './report.js';
import type { Destination, Request } from './table.js';
import type { Output } from './target.js';

/** The version of the shape of both documents. */
const SHAPE = 1;

export interface Run {
  readonly report: Report;
  readonly request: Request;
  readonly period: Period | undefined;
  /** See definitionHash(). */
  readonly definition: string;
  readonly token: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly finished: string;
}

export interface RunRecord {
  readonly record: number;
  readonly report: string;
  readonly period: Period & { readonly timezone: string };
  readonly definition: string;
  readonly revision: number;
  readonly outputs: readonly {
    readonly key: string;
    readonly rows: number;
    readonly bytes: number;
    readonly sha256: string;
  }[];
  readonly token: string;
  readonly tool: string;
  readonly started: string;
  readonly finished: string;
}

/** `reportctl 1.2.3` */
export function toolVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return `reportctl ${version}`;
}

export function manifestKey(key: string): string {
  return `${key}.manifest.json`;
}

/** @param date the period's last day as YYYYMMDD */
export function runRecordKey(report: string, date: string): string {
  return `_reportctl/${report}/${date}.json`;
}

/** What is in one published file; no secret, and nothing of the data but counts and totals. */
export function manifestOf(run: Run, result: ExportResult, output: Output): Record<string, unknown> {
  const { report, request } = run;
  return {
    manifest: SHAPE,
    report: report.name,
    ...(report.title === undefined ? {} : { title: report.title }),
    key: output.key,
    contentType: output.contentType,
    rows: result.rows,
    bytes: output.bytes,
    sha256: output.sha256,
    totals: result.totals,
    neutralised: output.neutralised,
    notes: result.notes,
    ...(request.limit === undefined ? {} : { limit: request.limit }),
    period: run.period === undefined ? null : { ...run.period, timezone: report.timezone },
    filters: Object.fromEntries(request.filters.map(({ filter }) => [filter.dimension, filter.values])),
    params: Object.fromEntries(Object.entries(request.params).map(([name, { value }]) => [name, value])),
    columns: request.columns,
    volatile: report.volatile,
    timezone: report.timezone,
    sources: report.sources,
    definition: run.definition,
    revision: 1,
    encryption: output.encryption ?? null,
    etag: output.etag ?? null,
    token: run.token,
    tool: toolVersion(),
    started: run.started,
    finished: run.finished,
  };
}

export function runRecordOf(run: Run & { readonly period: Period }, result: ExportResult): RunRecord {
  return {
    record: SHAPE,
    report: run.report.name,
    period: { ...run.period, timezone: run.report.timezone },
    definition: run.definition,
    revision: 1,
    outputs: result.outputs.map(({ key, bytes, sha256 }) => ({ key, rows: result.rows, bytes, sha256 })),
    token: run.token,
    tool: toolVersion(),
    started: run.started,
    finished: run.finished,
  };
}

/** Publishes a small JSON document in one step. @throws ReportError `destination` */
export async function putJson(
  destination: Destination,
  key: string,
  document: unknown,
  existing: 'never' | 'replace',
): Promise<void> {
  const staged = await destination.stage(key, { contentType: 'application/json', existing });
  try {
    await staged.write(Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`));
  } catch (error) {
    await staged.discard();
    throw error;
  }
  await staged.publish();
}
