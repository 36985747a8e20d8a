// Checks, before a run, what it would need: definitions, connections, columns against the contract, and the destination.
import { formatPeriod, lastClosedPeriod, todayIn } from '../core/calendar.js';
import type { Destination, Finding } from '../core/destination.js';
import { errorSentence, ReportError } from '../core/errors.js';
import type { Session } from '../core/session.js';
import type { FloatColumn, Prepared, Request, Source } from '../core/source.js';
import { withDestination } from '../destinations/for-session.js';
import { prepareAll } from '../export/export.js';
import { withSources } from '../export/with-sources.js';
import { questionOf } from '../reports/definition/wait-for.js';
import { loadReport, reportNames } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';
import { requestOf } from '../reports/request.js';
import { scheduledReports } from '../reports/scheduled-reports.js';
import { numericCast } from '../sources/sql/exact.js';
import { compression } from '../writers/compression.js';
import { formatOf } from '../writers/index.js';
import { checkSettings } from './check/settings.js';
import { sharedKeys, undatedKeys } from './shared-keys.js';

export interface CheckAll {
  /** Names or paths of reports; all of the folder when empty. */
  readonly names: readonly string[];
  /** As typed: name to value. */
  readonly params: Readonly<Record<string, string>>;
  /** How many documents to read from each source of documents. */
  readonly sample?: number | undefined;
  /** Remove what killed runs left at the destination more than a day ago. */
  readonly clean: boolean;
}

export interface Checked extends Finding {
  /** Why the check failed, where it did. */
  readonly error?: unknown;
}

/** Checks every report and then the destination; a failed check does not stop the others. @throws the signal's reason */
export async function checkAll(session: Session, options: CheckAll): Promise<Checked[]> {
  const { names, clean } = options;
  const chosen = names.length > 0 ? names : await reportNames(session.config);
  const checked: Checked[] = [];
  for (const name of chosen) checked.push(...(await checkReport(session, name, options)));
  const keyFaults = [
    ...(await sharedKeys(chosen, session.config)),
    ...(await undatedKeys(chosen, session.config)),
  ];
  for (const { report, error } of keyFaults) checked.push(failed(`report ${report}`, error));
  checked.push(...checkSettings(session), ...(await checkDestination(session, clean)));
  return checked;
}

async function checkReport(session: Session, name: string, options: CheckAll): Promise<Checked[]> {
  let report: Report;
  try {
    report = await loadReport(name, session.config);
  } catch (error) {
    return [failed(`report ${name}`, error)];
  }
  const subject = `report ${report.name}`;
  try {
    for (const { compress } of [...report.outputs, ...report.scheduledOutputs])
      if (compress !== undefined) compression(compress);
    const declared = Object.entries(options.params).filter(([param]) => Object.hasOwn(report.params, param));
    const missing = Object.entries(report.params).filter(
      ([param, { default: fallback }]) => fallback === undefined && options.params[param] === undefined,
    );
    if (missing.length > 0) {
      const wanted = missing.map(([param]) => `--param ${param}=…`).join(' ');
      return [
        {
          subject,
          ok: true,
          detail: `definition is valid; the query was not described, for want of ${wanted}`,
        },
        ...outputWarnings(subject, report),
      ];
    }
    const choice = { filters: [], params: Object.fromEntries(declared) };
    const request = requestOf(report, choice);
    return await withSources(session, report, async (sources) => {
      const prepared = await prepareAll(sources, request);
      const order =
        report.orderBy.length === 0 ? '; no order-by: the same rows may come in another order' : '';
      const checked: Checked[] = sources.map((source, index) => ({
        subject,
        ok: true,
        // A misspelt path would give nulls, or no rows.
        ...(options.sample === undefined && prepared[index]?.sample !== undefined && { isWarning: true }),
        detail: `${source.label} ${contractFound(report, prepared[index], options)}${order}`,
      }));
      for (const scheduled of scheduledReports(report)) {
        await prepareAll(sources, requestOf(scheduled, choice));
        const detail = `one ${scheduled.period} at a time of ${JSON.stringify(scheduled.organization)}`;
        checked.push({ subject: `report ${scheduled.name}`, ok: true, detail });
      }
      for (const [index, source] of sources.entries())
        checked.push(...floating(subject, report, source, prepared[index]?.floats));
      for (const { leftOut = [] } of prepared)
        checked.push(...leftOut.map((detail) => ({ subject, ok: true, detail })));
      checked.push(...outputWarnings(subject, report));
      for (const source of sources) checked.push(...(await cautioned(subject, source)));
      checked.push(...(await readiness(session, subject, report, request, sources)));
      if (options.sample === undefined) return checked;
      for (const [index, source] of sources.entries())
        checked.push(...(await sampled(session, subject, source, prepared[index], options.sample)));
      return checked;
    });
  } catch (error) {
    session.signal.throwIfAborted();
    return [failed(subject, error)];
  }
}

/** The columns that the source has as floating point: a warning where the report sums them, or takes them for amounts. */
function floating(
  subject: string,
  { columns, totals, gates }: Report,
  { label }: Source,
  floats: readonly FloatColumn[] = [],
): Checked[] {
  // In documents each value has a type of its own.
  const typed = floats.flatMap(({ name, type }) => (type === undefined ? [] : [{ name, type }]));
  const [first] = typed;
  if (first === undefined) return [];
  const summed = typed.find(
    ({ name }) =>
      totals.includes(name) ||
      Object.hasOwn(gates.total, name) ||
      columns.some((column) => column.name === name && column.currency !== undefined),
  );
  const isWarning = summed !== undefined;
  const named = typed.map(({ name, type }) => `${name} (${type})`).join(', ');
  const detail = `floating point in ${label}, so sums are not exact: ${named}; for exact ones cast in the query, such as ${numericCast((summed ?? first).name, '(…)')}`;
  return [{ subject, ok: true, ...(isWarning && { isWarning }), detail }];
}

/** What the files that outputs name, such as templates, lose or leave behind. */
function outputWarnings(subject: string, report: Report): Checked[] {
  const details = [...report.outputs, ...report.scheduledOutputs].flatMap(({ format, dialect }) => {
    return formatOf(format).cautions?.(dialect, report.columns) ?? [];
  });
  return [...new Set(details)].map((detail) => ({ subject, ok: true, isWarning: true, detail }));
}

/** Documents do not say what paths they have: only reading some of them finds a misspelt one. */
function contractFound({ columns }: Report, prepared: Prepared | undefined, { sample }: CheckAll): string {
  return prepared?.sample === undefined
    ? `returns the ${columns.length} columns of the contract`
    : `can be read; the paths of its ${columns.length} columns are ${sample === undefined ? 'not checked without --sample' : 'checked below'}`;
}

async function cautioned(subject: string, source: Source): Promise<Checked[]> {
  const details = (await source.cautions?.()) ?? [];
  return details.map((detail) => ({ subject, ok: true, isWarning: true, detail }));
}

/** What a run would be told now; that it is not ready now makes no check fail. */
async function readiness(
  { now, signal }: Session,
  subject: string,
  report: Report,
  { params }: Request,
  sources: readonly Source[],
): Promise<Checked[]> {
  const { waitFor } = report;
  if (waitFor === undefined) return [];
  const period = lastClosedPeriod(report.period, todayIn(report.timezone, now));
  const question = questionOf(report, waitFor, period, params);
  const checked: Checked[] = [];
  for (const source of sources) {
    try {
      const { isReady, text } = await source.ask(question);
      const detail = `${source.label} is ${isReady ? 'ready' : `not ready now (${text})`} for ${formatPeriod(period)}`;
      checked.push({ subject, ok: true, detail });
    } catch (error) {
      signal.throwIfAborted();
      checked.push(failed(subject, error));
    }
  }
  return checked;
}

/** What the documents themselves say. A path that none of them has makes nulls or selects nothing; the rest fails no check. */
async function sampled(
  { signal }: Session,
  subject: string,
  source: Source,
  prepared: Prepared | undefined,
  documents: number,
): Promise<Checked[]> {
  const nothing = `${source.label} has nothing to sample: the server itself describes the columns`;
  try {
    const lines = (await prepared?.sample?.(documents)) ?? [{ detail: nothing, isMissing: false }];
    return lines.map(({ detail, isMissing }) =>
      isMissing ? unsafe(subject, detail) : { subject, ok: true, detail },
    );
  } catch (error) {
    signal.throwIfAborted();
    return [failed(subject, error)];
  }
}

async function checkDestination(session: Session, clean: boolean): Promise<Checked[]> {
  const { config, signal } = session;
  const subject = `destination ${config.destination}`;
  try {
    return await withDestination(session, async (destination) => {
      // Cleaned first: the check would complain about what is being removed.
      const cleaning = clean ? [await cleaned(destination)] : [];
      const findings = [...(await destination.check()), ...cleaning];
      return findings.map((finding) => ({
        ...finding,
        ...(finding.ok
          ? {}
          : {
              error: new ReportError(
                finding.isUnsafe ? 'unsafe' : 'destination',
                `${finding.subject}: ${finding.detail}`,
              ),
            }),
      }));
    });
  } catch (error) {
    signal.throwIfAborted();
    return [failed(subject, error)];
  }
}

/** No run of ours takes so long, in milliseconds: what is older was left by one that was killed. */
const LEFT_BEHIND_AFTER = 24 * 3_600_000;

async function cleaned(destination: Destination): Promise<Finding> {
  const subject = 'cleaning up';
  const removed: string[] = [];
  try {
    for await (const leftover of destination.leftovers()) {
      if (leftover.age < LEFT_BEHIND_AFTER) continue;
      await leftover.remove();
      removed.push(leftover.key);
    }
  } catch (error) {
    return { subject, ok: false, detail: `${errorSentence(error)} Removed before that: ${removed.length}` };
  }
  const detail = removed.length === 0 ? 'nothing is older than a day' : `removed ${removed.join(', ')}`;
  return { subject, ok: true, detail };
}

/** A run would work, but not as somebody expects. */
function unsafe(subject: string, detail: string): Checked {
  return { subject, ok: false, isUnsafe: true, detail, error: new ReportError('unsafe', detail) };
}

function failed(subject: string, error: unknown): Checked {
  return { subject, ok: false, detail: errorSentence(error), error };
}
