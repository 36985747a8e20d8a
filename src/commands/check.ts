// reportctl check: definitions, connections, columns against the contract, and what the destination can do.
import { Command, InvalidArgumentError } from 'commander';
import { lastClosedPeriod, todayIn } from '../core/calendar.js';
import type { Destination, Finding } from '../core/destination.js';
import { ReportError, sentence } from '../core/errors.js';
import { printable } from '../core/log.js';
import type { Prepared, Request, Source } from '../core/source.js';
import { openDestination } from '../destinations/index.js';
import { prepareAll } from '../export/export.js';
import { withSources } from '../export/with-sources.js';
import { newToken } from '../publish/run-period.js';
import { questionOf } from '../reports/definition/wait-for.js';
import { loadReport, reportNames } from '../reports/load-report.js';
import type { Report } from '../reports/report.js';
import { requestOf } from '../reports/request.js';
import { scheduledReports } from '../reports/scheduled-reports.js';
import { compression } from '../writers/compression.js';
import {
  addCommonOptions,
  type CommandSession,
  type CommonOptions,
  type Context,
  openSession,
} from './shared/context.js';
import { paired } from './shared/filter-options.js';
import { printJson, printLines, spellPeriod } from './shared/print.js';

interface CheckOptions extends CommonOptions {
  readonly param?: Readonly<Record<string, string>>;
  readonly sample?: number;
  readonly clean?: true;
}

interface Checked extends Finding {
  /** What the command ends with when this is not ok. */
  readonly error?: unknown;
}

export function checkCommand(context: Context): Command {
  const command = new Command('check')
    .description('definitions, connections, columns and the destination; reads no rows')
    .argument('[reports...]', 'names in queries/, or paths of report files; else all')
    .option('--param <name=value>', 'a param of the reports', paired)
    .option(
      '--sample <documents>',
      'also read so many documents: paths that none has, values that do not fit, fields in no column',
      sampleSize,
    )
    .option('--clean', 'also remove what killed runs left at the destination more than a day ago');
  addCommonOptions(command);
  return command.action(async (names: string[], options: CheckOptions) => {
    const session = await openSession(context, options);
    const chosen = names.length > 0 ? names : await reportNames(session.config);
    const checked: Checked[] = [];
    for (const name of chosen) checked.push(...(await checkReport(session, name, options)));
    checked.push(...(await checkDestination(session, options.clean === true)));
    const findings = checked.map(({ subject, ok, detail }) => ({ subject, ok, detail }));
    if (session.json) printJson(session.stdout, findings);
    else
      printLines(
        session.stdout,
        findings.map(({ subject, ok, detail }) =>
          printable(`${ok ? 'ok    ' : 'FAILED'} ${subject}: ${detail}`),
        ),
      );
    throwFailures(checked);
  });
}

async function checkReport(session: CommandSession, name: string, options: CheckOptions): Promise<Checked[]> {
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
    const declared = Object.entries(options.param ?? {}).filter(([param]) =>
      Object.hasOwn(report.params, param),
    );
    const missing = Object.entries(report.params).filter(
      ([param, { default: fallback }]) => fallback === undefined && options.param?.[param] === undefined,
    );
    if (missing.length > 0) {
      const wanted = missing.map(([param]) => `--param ${param}=…`).join(' ');
      return [
        {
          subject,
          ok: true,
          detail: `definition is valid; the query was not described, for want of ${wanted}`,
        },
      ];
    }
    const choice = { filters: [], params: Object.fromEntries(declared) };
    const request = requestOf(report, choice);
    return await withSources(session, report, async (sources) => {
      const prepared = await prepareAll(sources, request);
      const order =
        report.orderBy.length === 0 ? '; no order-by: the same rows may come in another order' : '';
      const checked: Checked[] = sources.map((source) => ({
        subject,
        ok: true,
        detail: `${source.label} returns the ${report.columns.length} columns of the contract${order}`,
      }));
      for (const scheduled of scheduledReports(report)) {
        await prepareAll(sources, requestOf(scheduled, choice));
        const detail = `one ${scheduled.period} at a time of ${JSON.stringify(scheduled.organization)}`;
        checked.push({ subject: `report ${scheduled.name}`, ok: true, detail });
      }
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

/** What a run would be told now; that it is not ready now makes no check fail. */
async function readiness(
  { now, signal }: CommandSession,
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
      const detail = `${source.label} is ${isReady ? 'ready' : `not ready now (${text})`} for ${spellPeriod(period)}`;
      checked.push({ subject, ok: true, detail });
    } catch (error) {
      signal.throwIfAborted();
      checked.push(failed(subject, error));
    }
  }
  return checked;
}

/** What the documents themselves say; that alone makes no check fail, since a run may never read them. */
async function sampled(
  { signal }: CommandSession,
  subject: string,
  source: Source,
  prepared: Prepared | undefined,
  documents: number,
): Promise<Checked[]> {
  const nothing = `${source.label} has nothing to sample: the server itself describes the columns`;
  try {
    const details = (await prepared?.sample?.(documents)) ?? [nothing];
    return details.map((detail) => ({ subject, ok: true, detail }));
  } catch (error) {
    signal.throwIfAborted();
    return [failed(subject, error)];
  }
}

async function checkDestination(session: CommandSession, clean: boolean): Promise<Checked[]> {
  const { config, signal } = session;
  const subject = `destination ${config.destination}`;
  try {
    const destination = await openDestination(config.destination, {
      token: newToken(),
      signal,
      s3: config.s3,
    });
    try {
      const findings = await destination.check();
      if (clean) findings.push(await cleaned(destination));
      return findings.map((finding) => ({
        ...finding,
        ...(finding.ok
          ? {}
          : { error: new ReportError('destination', `${finding.subject}: ${finding.detail}`) }),
      }));
    } finally {
      await destination.close();
    }
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
    return { subject, ok: false, detail: `${sentence(error)} Removed before that: ${removed.length}` };
  }
  const detail = removed.length === 0 ? 'nothing is older than a day' : `removed ${removed.join(', ')}`;
  return { subject, ok: true, detail };
}

function sampleSize(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('Give a whole number from 1.');
  return Number(value);
}

function failed(subject: string, error: unknown): Checked {
  return { subject, ok: false, detail: sentence(error), error };
}

/** All of one kind end with that kind's exit code, several kinds with `partial`. */
function throwFailures(checked: readonly Checked[]): void {
  const errors = checked.flatMap(({ error }) => (error === undefined ? [] : [error]));
  if (errors.length === 0) return;
  const codes = new Set(errors.map((error) => (error instanceof ReportError ? error.code : 'unexpected')));
  const [code] = codes;
  throw new ReportError(
    codes.size === 1 && code !== undefined ? code : 'partial',
    `${errors.length} of ${checked.length} checks failed`,
  );
}
