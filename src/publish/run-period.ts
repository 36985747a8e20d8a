// One report for one closed period, once: every output is staged from one read, then published together, the run record last.
import { randomUUID } from 'node:crypto';
import type { Period } from '../core/calendar.js';
import type { Destination } from '../core/destination.js';
import type { Effect } from '../core/effect.js';
import { ReportError, withMessageSuffix } from '../core/errors.js';
import type { Request, Source } from '../core/source.js';
import { type Span, withSpan } from '../core/trace.js';
import { aboutOf } from '../export/about.js';
import { type ExportPlan, type StagedReport, stageReport } from '../export/export.js';
import { GateKeeper, refusal } from '../export/gates.js';
import type { Input } from '../export/inputs.js';
import { numberHint, numberResults } from '../export/long-numbers.js';
import { discardAll, discardOnError, type FilledTarget, type Target } from '../export/target.js';
import { definitionHash, isDefinition } from '../reports/definition-hash.js';
import type { Report } from '../reports/report.js';
import { paramValues } from '../reports/request.js';
import { ContentHash } from '../rows/counters.js';
import { type PeriodKeys, periodKeys } from './bookkeeping.js';
import { damageOf } from './damage.js';
import type { RunRecord } from './documents.js';
import { fenced, removeStagedOf } from './fenced.js';
import { removeAbandoned } from './lease/files.js';
import { Lease } from './lease.js';
import type { Run } from './manifest.js';
import { epochOf, formerRecord, isUnfinished, type PeriodState, readState } from './period-state.js';
import { PeriodTargets } from './period-targets.js';
import { publishPeriod, type Restating } from './publish-period.js';
import { restateReport } from './restate-command.js';
import { refuse } from './run-period/refuse.js';
import { isSame } from './same-files.js';
import { clearStaleNote, withdraw } from './strays.js';

export interface RunOptions {
  readonly report: Report;
  readonly period: Period;
  readonly request: Request;
  readonly destination: Destination;
  /** The same destination, opened so that it goes on working after an interruption: for what must be cleaned up. */
  readonly afterInterrupt: Destination;
  /** The files that no output may take the place of. */
  readonly inputs?: readonly Input[] | undefined;
  /** The unique id of this run, which its objects carry. */
  readonly token: string;
  /** Read again, and replace what is published if it differs. */
  readonly restating?: Restating | undefined;
  /** Keep files that a gate refuses under `_quarantine/`. */
  readonly quarantine?: boolean | undefined;
  readonly signal: AbortSignal;
  /** Called when the period is not published yet, before anything is taken or read. Throws when it cannot be read now. */
  readonly assertReady?: (() => Promise<void>) | undefined;
  /** What the run does to the destination; kept up to date while it works. */
  readonly effect: Effect;
  /** Takes warnings, one line each. */
  readonly warn: (message: string) => void;
  /** Opens the sources for as long as the work lasts; called only when there is something to read. */
  readonly withSources: <T>(work: (sources: readonly Source[]) => Promise<T>) => Promise<T>;
  readonly onProgress?: ExportPlan['onProgress'];
  /** The job's span. */
  readonly span?: Span;
}

export interface RunOutcome {
  readonly outcome: 'published' | 'restated' | 'unchanged' | 'skipped';
  readonly record: RunRecord;
  /** What the sources and writers noticed about the data, one line each. */
  readonly notes: readonly string[];
}

export function newToken(): string {
  return randomUUID();
}

/**
 * Publishes the period, unless it is published already.
 * @throws ReportError `contract` when another definition published the period, `gate`, `already-running`, and what exporting
 * throws; then no run record was written, and the message says what is visible all the same
 */
export async function runPeriod(options: RunOptions): Promise<RunOutcome> {
  const { report, period, destination, token } = options;
  const keys = periodKeys(report.name, period);
  const look = async () => {
    const state = await clearStaleNote(destination, keys, await readState(destination, keys));
    return { state, outcome: await outcomeWithoutReading(options, keys, state) };
  };
  // Most runs find the period published, and need no lease to know it.
  const { outcome } = await look();
  if (outcome !== undefined) {
    await removeAbandoned(destination, keys.lease).catch(() => undefined);
    return outcome;
  }
  await options.assertReady?.();
  const lease = await Lease.take(options.afterInterrupt, keys.lease, token);
  try {
    for (const broken of (await destination.promises?.()) ?? []) options.warn(broken);
    // Before the look: what a former holder has staged must not become visible after the look.
    for (const failure of await removeStagedOf(options.afterInterrupt, lease.fenced)) options.warn(failure);
    const { state, outcome: sinceThen } = await look();
    if (sinceThen !== undefined) return sinceThen;
    const held = { ...options, destination: fenced(destination, lease, state) };
    return await runUnderLease(held, keys, state, lease).catch(async (error: unknown) => {
      throw await afterFailure(options, keys, lease, error);
    });
  } catch (error) {
    const { effect } = options;
    throw effect.isUntouched || effect.reach === 'recorded'
      ? error
      : withMessageSuffix(error, effect.sentence);
  } finally {
    await lease.release();
  }
}

/** The error to throw: of a step that failed because another run took the lease, that. What became visible meanwhile is removed. */
async function afterFailure(
  { afterInterrupt, effect, token }: RunOptions,
  keys: PeriodKeys,
  lease: Lease,
  error: unknown,
): Promise<unknown> {
  if (!effect.hasBegun) return error;
  const answer = await lease.confirm().catch((reason: unknown) => reason);
  if (!lease.isLost) return error;
  await withdraw(afterInterrupt, keys, effect, token);
  return answer;
}

/**
 * The outcome where the period is published already; undefined when it must be read.
 * @throws ReportError `contract` when another definition published it, or a file is not as it was published; `destination`
 */
async function outcomeWithoutReading(
  { report, request, period, restating, destination }: RunOptions,
  keys: PeriodKeys,
  state: PeriodState,
): Promise<RunOutcome | undefined> {
  const { record } = state;
  if (record === undefined || restating !== undefined || isUnfinished(state)) return undefined;
  if (isDefinition(record.definition, report, paramValues(request))) {
    const [damage, ...more] = await damageOf(record, destination);
    if (damage === undefined) return { outcome: 'unchanged', record, notes: [] };
    const others = more.length === 0 ? '' : `, and ${more.length} more`;
    throw new ReportError(
      'contract',
      `"${report.name}" for ${period.lastDay} was published, but is not as it was: ${damage}${others}`,
      { hint: `See who changed it, then publish it again: ${restateReport(report, period.lastDay)}.` },
    );
  }
  throw new ReportError(
    'contract',
    `"${report.name}" for ${period.lastDay} was already published, by another definition (${keys.record})`,
    {
      hint: `To publish the period again: ${restateReport(report, period.lastDay)}. Or bring the former definition back.`,
    },
  );
}

/** A period on its way: what was read under the lease, and where its files go. */
interface Preparation {
  readonly options: RunOptions;
  readonly keys: PeriodKeys;
  readonly state: PeriodState;
  readonly lease: Lease;
  readonly restating: Restating | undefined;
  readonly revision: number;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly definition: string;
  readonly targets: PeriodTargets;
}

async function runUnderLease(
  options: RunOptions,
  keys: PeriodKeys,
  state: PeriodState,
  lease: Lease,
): Promise<RunOutcome> {
  const { report, request, period, destination, inputs, token, signal } = options;
  const { quarantine: hasQuarantine = false } = options;
  const revision = (state.record?.revision ?? 0) + 1;
  const started = new Date().toISOString();
  const definition = definitionHash(report, paramValues(request));
  const about = aboutOf({ report, request, period, definition, revision, started, token });
  // A restatement that broke off is finished by whichever run comes next.
  const restating = options.restating ?? state.pending?.restating;
  const repairs = restating !== undefined;
  const place = {
    report,
    period,
    destination,
    state,
    about,
    inputs,
    signal,
    quarantine: hasQuarantine,
    repairs,
  };
  const targets = await PeriodTargets.find(place);
  const preparation = { options, keys, state, lease, restating, revision, started, definition, targets };
  const former = await formerRecord(destination, report.name, period);
  const gateKeeper = new GateKeeper(report, former, { signal });
  try {
    const { staged, run } = await stagePeriod(preparation, gateKeeper);
    return await decide(preparation, staged, run);
  } finally {
    await gateKeeper.close();
  }
}

type PeriodRun = Run & { readonly period: Period; readonly content: string };

/** Reads once and stages every file; nothing is visible yet. */
async function stagePeriod(
  { options, state, lease, revision, started, definition, targets }: Preparation,
  gateKeeper: GateKeeper,
): Promise<{ staged: StagedReport; run: PeriodRun }> {
  const { report, request, period, token, onProgress, span } = options;
  const epoch = lease.epochAfter(epochOf(state));
  const content = new ContentHash(request.columns, report.volatile);
  const staged = await stageWithSources(options, {
    request,
    totals: gateKeeper.totals,
    observers: [content, ...gateKeeper.observers],
    targets: targets.whole,
    splits: targets.splits,
    ...(onProgress && { onProgress }),
    ...(span && { span }),
  });
  const tested = await discardOnError(staged.files, () => gateKeeper.test(staged));
  const published = staged.files.filter(({ target }) => !targets.isQuarantine(target));
  const gates = [...tested, ...numberResults(report, staged, published)];
  const finished = new Date().toISOString();
  const about = { report, request, period, definition, revision, token, epoch, started, finished };
  return { staged, run: { ...about, gates, content: content.digest() } };
}

/** Refuses, keeps what is published, or publishes. */
async function decide(
  { options, keys, state, lease, restating, targets }: Preparation,
  staged: StagedReport,
  run: PeriodRun,
): Promise<RunOutcome> {
  const { report, destination, span } = options;
  const files = staged.files.filter(({ target }) => !targets.isQuarantine(target));
  const quarantineFiles = staged.files.filter(({ target }) => targets.isQuarantine(target));
  const gateError = refusal(report.name, run.gates, numberHint(run.gates));
  if (gateError !== undefined)
    throw await refuse(gateError, { run, staged, files, quarantineFiles, destination });
  const notes = [...staged.notes, ...files.flatMap(({ target }) => target.writer.notes?.() ?? [])];
  const isSkipped = staged.rows === 0 && report.onEmpty === 'skip';
  const published = isSkipped ? [] : files;
  const there = { state, files: published, staged, targets, destination };
  if (state.record !== undefined && (await discardOnError(staged.files, () => isSame(run, there)))) {
    await discardOrThrow(staged.files);
    return { outcome: 'unchanged', record: state.record, notes };
  }
  await discardOrThrow(isSkipped ? staged.files : quarantineFiles);
  await discardOnError(published, () => lease.confirm());
  const { afterInterrupt, signal, effect, warn } = options;
  const publication = {
    ...{ destination, keys, state, run, staged, files: published, restating },
    isForeign: (target: Target) => targets.isForeign(target),
    ...{ afterInterrupt, signal, keepsNote: lease.mayWake, effect, warn },
  };
  const record = await withSpan(span, 'publish', {}, () => publishPeriod(publication));
  const outcome = isSkipped ? 'skipped' : state.record === undefined ? 'published' : 'restated';
  return { outcome, record, notes };
}

/** Stages the plan; what is staged is discarded when the sources cannot be closed after that. */
async function stageWithSources(
  { withSources }: RunOptions,
  plan: Omit<ExportPlan, 'sources'>,
): Promise<StagedReport> {
  const filled: FilledTarget[] = [];
  try {
    return await withSources(async (sources) => {
      const staged = await stageReport({ ...plan, sources });
      filled.push(...staged.files);
      return staged;
    });
  } catch (error) {
    throw await discardAll(filled, error);
  }
}

/** @throws ReportError `destination` for what could not be discarded */
async function discardOrThrow(files: readonly FilledTarget[]): Promise<void> {
  const none = new Error('nothing failed');
  const error = await discardAll(files, none);
  if (error !== none) throw error;
}
