// One report for one closed period: once, every output from one read, and the run record last.
import { randomUUID } from 'node:crypto';
import type { Period } from '../core/calendar.js';
import type { Destination } from '../core/destination.js';
import { ReportError, sentence } from '../core/errors.js';
import type { Request, Source } from '../core/source.js';
import { type Span, traced } from '../core/trace.js';
import { aboutOf } from '../export/about.js';
import { type ExportPlan, type StagedReport, stageReport } from '../export/export.js';
import { GateKeeper, refusal } from '../export/gates.js';
import { discardAll, type FilledTarget, orDiscard, type Target } from '../export/target.js';
import { definitionHash, isDefinition } from '../reports/definition-hash.js';
import type { Report } from '../reports/report.js';
import { paramValues } from '../reports/request.js';
import { ContentHash } from '../rows/counters.js';
import type { RunRecord } from './documents.js';
import { type Lease, removeAbandoned, takeLease } from './lease.js';
import type { Run } from './manifest.js';
import {
  formerRecord,
  isUnfinished,
  type PeriodKeys,
  type PeriodState,
  periodKeys,
  readState,
} from './period-state.js';
import { PeriodTargets } from './period-targets.js';
import { publishPeriod, quarantine, type Restating } from './publish-period.js';

export interface RunOptions {
  readonly report: Report;
  readonly period: Period;
  readonly request: Request;
  readonly destination: Destination;
  /** The same place, for what has to be done after an interrupt too. */
  readonly afterInterrupt: Destination;
  /** The unique id of this run, which its objects carry. */
  readonly token: string;
  /** Read again and replace what is published, if it differs. */
  readonly restating?: Restating | undefined;
  /** Keep files that a gate refuses under `_quarantine/`. */
  readonly quarantine?: boolean | undefined;
  readonly signal: AbortSignal;
  /** Called when the period is not published yet, before anything is taken or read; throws when it is not to be read now. */
  readonly assertReady?: (() => Promise<void>) | undefined;
  /** Takes what cannot be promised at this destination, one line each. */
  readonly warn: (message: string) => void;
  /** Called only when there is something to read. */
  readonly withSources: <T>(work: (sources: readonly Source[]) => Promise<T>) => Promise<T>;
  readonly onProgress?: ExportPlan['onProgress'];
  /** The phase of a trace that this is. */
  readonly span?: Span;
}

export interface RunOutcome {
  readonly outcome: 'published' | 'restated' | 'unchanged' | 'skipped';
  readonly record: RunRecord;
  /** What the sources noticed of their data, one line each. */
  readonly notes: readonly string[];
}

export function newToken(): string {
  return randomUUID();
}

/**
 * @throws ReportError `contract` when the period was published by another definition, `gate`, `already-running`, and what
 * exporting throws; then no run record was written
 */
export async function runPeriod(options: RunOptions): Promise<RunOutcome> {
  const { report, period, destination, token } = options;
  const keys = periodKeys(report.name, period);
  const settled = async () => {
    const state = await tidied(options, keys, await readState(destination, keys));
    return { state, outcome: settledOutcome(options, keys, state) };
  };
  // Most runs that find nothing to do need no lease to know it.
  const { outcome } = await settled();
  if (outcome !== undefined) {
    await removeAbandoned(destination, keys.lease).catch(() => undefined);
    return outcome;
  }
  await options.assertReady?.();
  for (const broken of (await destination.promises?.()) ?? []) options.warn(broken);
  const lease = await takeLease(options.afterInterrupt, keys.lease, token);
  try {
    const { state, outcome: since } = await settled();
    return since ?? (await runUnderLease(options, keys, state, lease));
  } finally {
    await lease.release();
  }
}

/** Without a note that outlived its run's record and says nothing any more; when it cannot be removed, the next run does it. */
async function tidied(
  { destination }: RunOptions,
  keys: PeriodKeys,
  state: PeriodState,
): Promise<PeriodState> {
  const { pending } = state;
  if (pending === undefined || isUnfinished(state)) return state;
  const gone = { ...state, pending: undefined };
  return destination.remove({ key: keys.pending, version: pending.version }).then(
    () => gone,
    () => state,
  );
}

/** What there is to say without reading. @throws ReportError `contract` */
function settledOutcome(options: RunOptions, keys: PeriodKeys, state: PeriodState): RunOutcome | undefined {
  const { record } = state;
  if (record === undefined || options.restating !== undefined || isUnfinished(state)) return undefined;
  if (isDefinition(record.definition, options.report, paramValues(options.request)))
    return { outcome: 'unchanged', record, notes: [] };
  throw new ReportError(
    'contract',
    `"${options.report.name}" for ${options.period.lastDay} was already published, by another definition (${keys.record})`,
    { hint: 'To replace it use --restate "reason", or bring the former definition back.' },
  );
}

function definitionOf({ report, request }: RunOptions): string {
  return definitionHash(report, paramValues(request));
}

async function runUnderLease(
  options: RunOptions,
  keys: PeriodKeys,
  state: PeriodState,
  lease: Lease,
): Promise<RunOutcome> {
  const { report, request, period, destination, token } = options;
  // A restatement that broke off is brought to its end, whoever runs next.
  const restating = options.restating ?? state.pending?.restating;
  const revision = (state.record?.revision ?? 0) + 1;
  const started = new Date().toISOString();
  const definition = definitionOf(options);
  const about = aboutOf({ report, request, period, definition, revision, started });
  const { signal, quarantine: isQuarantining = false } = options;
  const targets = new PeriodTargets({
    report,
    period,
    destination,
    state,
    about,
    quarantine: isQuarantining,
    signal,
  });
  await targets.look();
  if (lease.tookOver !== undefined) await tellLeftovers(options, targets.targets, lease.tookOver);
  const former = await formerRecord(destination, report.name, period);
  const gateKeeper = new GateKeeper(report, former, { signal });
  const content = new ContentHash(request.columns, report.volatile);
  try {
    const staged = await stage(options, {
      request,
      totals: gateKeeper.totals,
      observers: [content, ...gateKeeper.observers],
      targets: targets.targets,
      splits: targets.splits,
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      ...(options.span === undefined ? {} : { span: options.span }),
    });
    const files = staged.files.filter(({ target }) => !targets.isHeld(target));
    const shadows = staged.files.filter(({ target }) => targets.isHeld(target));
    const run = {
      report,
      request,
      period,
      definition,
      revision,
      gates: await orDiscard(staged.files, () => gateKeeper.test(staged)),
      content: content.digest(),
      token,
      started,
      finished: new Date().toISOString(),
    };
    await refuse(run, staged, files, shadows, options);
    const notes = [...staged.notes, ...files.flatMap(({ target }) => target.writer.notes?.() ?? [])];
    const isSkipped = staged.rows === 0 && report.onEmpty === 'skip';
    if (state.record !== undefined && isSame(run, state, isSkipped ? [] : files)) {
      await discarded(staged.files);
      return { outcome: 'unchanged', record: state.record, notes };
    }
    await discarded(isSkipped ? staged.files : shadows);
    if (!isSkipped) await orDiscard(files, () => lease.assertHeld());
    const publication = { destination, keys, state, run, staged, files: isSkipped ? [] : files, restating };
    const record = await traced(options.span, 'publish', {}, () => publishPeriod(publication));
    const outcome = isSkipped ? 'skipped' : state.record === undefined ? 'published' : 'restated';
    return { outcome, record, notes };
  } finally {
    await gateKeeper.close();
  }
}

/** Everything is read and staged; it is discarded when the sources cannot be closed after that. */
async function stage({ withSources }: RunOptions, plan: Omit<ExportPlan, 'sources'>): Promise<StagedReport> {
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

/** What a killed run left; that it is older than a day is for `check --clean` to see. @param killed its token */
async function tellLeftovers(
  { destination, warn }: RunOptions,
  targets: readonly Target[],
  killed: string,
): Promise<void> {
  try {
    for await (const { key } of destination.leftovers()) {
      if (!key.includes(killed) && !targets.some((target) => target.key === key)) continue;
      warn(
        `a run that was killed left an unfinished ${key}: "reportctl check --clean" removes it after a day`,
      );
    }
  } catch (error) {
    warn(`what a killed run left could not be listed: ${sentence(error)}`);
  }
}

async function discarded(files: readonly FilledTarget[]): Promise<void> {
  const none = new Error('nothing failed');
  const error = await discardAll(files, none);
  if (error !== none) throw error;
}

/** @throws ReportError `gate` with every gate that does not hold, and where the refused files are */
async function refuse(
  run: Run,
  staged: StagedReport,
  files: readonly FilledTarget[],
  shadows: readonly FilledTarget[],
  { report, destination }: RunOptions,
): Promise<void> {
  const gateError = refusal(report.name, run.gates);
  if (gateError === undefined) return;
  const refused = await discardAll(files, gateError);
  if (shadows.length === 0 || refused !== gateError) throw await discardAll(shadows, refused);
  const kept = await quarantine(run, staged, shadows, destination);
  throw new ReportError(
    'gate',
    `${gateError.message}; kept for inspection: ${kept.map(({ location }) => location).join(', ')}`,
    { hint: gateError.hint ?? '' },
  );
}

/** Does the same definition publish the same rows, and is all of it still there? */
function isSame(run: Run, state: PeriodState, files: readonly FilledTarget[]): boolean {
  const { record } = state;
  return (
    record !== undefined &&
    !isUnfinished(state) &&
    record.content === run.content &&
    isDefinition(record.definition, run.report, paramValues(run.request)) &&
    record.outputs.length === files.length &&
    files.every(({ target }) => typeof target.existing === 'object')
  );
}
