// The manifest beside a published file, and the run record, which alone means "published".
import type { Period } from '../core/calendar.js';
import { MANIFEST_ENDING } from '../core/reserved-keys.js';
import type { Request } from '../core/source.js';
import { toolVersion } from '../core/version.js';
import type { Writer } from '../core/writer.js';
import type { StagedReport } from '../export/export.js';
import type { GateResult } from '../export/gates.js';
import type { Output } from '../export/target.js';
import type { Report } from '../reports/report.js';
import { askedOf, paramValues } from '../reports/request.js';
import type { Manifest, RunRecord } from './documents.js';

export interface Run {
  readonly report: Report;
  readonly request: Request;
  readonly period: Period | undefined;
  /** See definitionHash(). */
  readonly definition: string;
  readonly revision: number;
  readonly gates: readonly GateResult[];
  /** SHA-256 of the rows without their volatile columns, where it was computed. */
  readonly content: string | undefined;
  readonly token: string;
  /** The fencing number of a run that holds a lease. */
  readonly epoch?: number;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly finished: string;
}

export function manifestKey(key: string): string {
  return `${key}${MANIFEST_ENDING}`;
}

/** The manifest of one published file. It holds no secret, and of the data only counts and totals. */
export function manifestOf(run: Run, staged: StagedReport, output: Output): Manifest {
  const { report, request, period } = run;
  const { target, contentType, bytes, sha256, part } = output.file;
  const { rows, totals, nulls } = part ?? staged;
  const { filters, where } = askedOf(request);
  return {
    manifest: 1,
    report: report.name,
    ...(report.title === undefined ? {} : { title: report.title }),
    key: target.key,
    contentType,
    format: target.format,
    dialect: { ...target.options },
    compress: target.compress ?? null,
    rows,
    bytes,
    sha256,
    content: part?.content ?? run.content ?? null,
    totals: { ...totals },
    nulls: { ...nulls },
    neutralised: target.writer.neutralised,
    ...textNumbersOf(target.writer),
    notes: [...staged.notes, ...(target.writer.notes?.() ?? [])],
    ...(request.limit === undefined ? {} : { limit: request.limit }),
    ...(part === undefined ? {} : { split: { ...part.values } }),
    period: period === undefined ? null : { ...period, timezone: report.timezone },
    filters: Object.fromEntries(Object.entries(filters).map(([word, values]) => [word, [...values]])),
    ...(where.length === 0 ? {} : { where: [...where] }),
    ...(request.orderBy === report.orderBy ? {} : { orderBy: [...request.orderBy] }),
    params: paramValues(request),
    columns: staged.columns.map((column) => {
      const offset = staged.offsets[column.name];
      return offset === undefined ? column : { ...column, offset };
    }),
    volatile: [...report.volatile],
    timezone: report.timezone,
    sources: [...report.sources],
    gates: [...run.gates],
    definition: run.definition,
    revision: run.revision,
    encryption: output.encryption ?? null,
    etag: output.etag ?? null,
    version: output.version,
    parts: output.parts ?? null,
    checksum: output.checksum === undefined ? null : { ...output.checksum },
    token: run.token,
    tool: toolVersion(),
    started: run.started,
    finished: run.finished,
  };
}

/** The field of a manifest; empty where no number is text. */
export function textNumbersOf(writer: Writer): Pick<Manifest, 'textNumbers'> {
  const found = Object.entries(writer.textNumbers?.() ?? {});
  if (found.length === 0) return {};
  return { textNumbers: Object.fromEntries(found.map(([name, { count }]) => [name, count])) };
}

/** @param files the published files; none when there was nothing to publish */
export function runRecordOf(
  run: Run & { readonly period: Period; readonly content: string },
  staged: StagedReport,
  files: readonly Output[],
  restated: RunRecord['restated'],
): RunRecord {
  return {
    record: 1,
    report: run.report.name,
    period: { ...run.period, timezone: run.report.timezone },
    definition: run.definition,
    revision: run.revision,
    rows: staged.rows,
    totals: { ...staged.totals },
    content: run.content,
    outputs: files.map(({ version, file: { target, bytes, sha256, part } }) => ({
      key: target.key,
      ...(part === undefined ? {} : { split: { ...part.values } }),
      rows: part?.rows ?? staged.rows,
      bytes,
      sha256,
      version,
    })),
    token: run.token,
    ...(run.epoch === undefined ? {} : { epoch: run.epoch }),
    tool: toolVersion(),
    started: run.started,
    finished: run.finished,
    ...(restated === undefined ? {} : { restated }),
  };
}
