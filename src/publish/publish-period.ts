// Publishes the staged files of a period: first a pending note, then the former files are kept, then the files, the run record last.

import type { Period } from '../core/calendar.js';
import type { Destination, Existing } from '../core/destination.js';
import type { Effect } from '../core/effect.js';
import { errorSentence, ReportError } from '../core/errors.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import { tidyUp } from '../core/watchdog.js';
import type { StagedReport } from '../export/export.js';
import { discardOnError, type FilledTarget, type Output, publishAll, type Target } from '../export/target.js';
import type { PeriodKeys } from './bookkeeping.js';
import type { Pending, RunRecord } from './documents.js';
import { manifestKey, manifestOf, type Run, runRecordOf } from './manifest.js';
import {
  isOneOf,
  knownFiles,
  type PeriodState,
  pendingFiles,
  publishedFiles,
  readState,
} from './period-state.js';
import { putJson } from './put-json.js';
import { restateReport } from './restate-command.js';
import { removeFile } from './strays.js';
import { schemaKey, tableSchemaOf } from './table-schema.js';

export interface Restating {
  readonly reason: string;
  /** Who asked for it: `user@host`. */
  readonly by: string;
}

export interface Publication {
  readonly destination: Destination;
  readonly keys: PeriodKeys;
  /** What the destination held before, read under the lease. */
  readonly state: PeriodState;
  readonly run: Run & { readonly period: Period; readonly content: string };
  readonly staged: StagedReport;
  /** The staged files to publish. */
  readonly files: readonly FilledTarget[];
  readonly restating: Restating | undefined;
  /** Whether the file that the target replaces has bytes of somebody else. */
  readonly isForeign: (target: Target) => boolean;
  /** The same destination without the questions to the lease, opened so that it goes on working after an interruption. */
  readonly afterInterrupt: Destination;
  /** Of the run. */
  readonly signal: AbortSignal;
  /** A former holder of the lease may still run, and may make a file visible that is in its note only. */
  readonly keepsNote: boolean;
  readonly effect: Effect;
  /** Takes warnings, one line each. */
  readonly warn: (message: string) => void;
}

/** How many files are looked up, copied, written or removed at the same time. */
const MAX_PARALLEL_FILES = 8;

/**
 * Makes the period visible. After a crash at any step the same run again finishes the work: the note says which files are ours.
 * @throws ReportError `destination`; before the first file is visible, everything staged is discarded. The effect says how far it came
 */
export async function publishPeriod(publication: Publication): Promise<RunRecord> {
  const { destination, keys, state, run, staged, files, effect } = publication;
  const former = state.record;
  effect.began();
  const { note, companions } = await discardOnError(files, async () => {
    // Looked up before anything is visible: a companion that another run writes later must not be replaced.
    const companions = await mapConcurrently(MAX_PARALLEL_FILES, files, async ({ target: { key } }) => ({
      manifest: await existingAt(destination, manifestKey(key)),
      schema: await existingAt(destination, schemaKey(key)),
    }));
    const noted: Existing = state.pending === undefined ? 'never' : { version: state.pending.version };
    return { note: await putJson(destination, keys.pending, pendingOf(publication), noted), companions };
  });
  const removeNote = (from: Destination) =>
    from.remove({ key: keys.pending, version: note.version }).catch(() => undefined);
  let outputs: Output[];
  try {
    await discardOnError(files, async () => {
      if (former === undefined) return;
      await keepFormer(publication, former);
      await keepForeign(publication, former);
    });
    outputs = await publishAll(files, effect);
  } catch (error) {
    // Nothing of this run is visible, and of no other that did not end: the period is as it was before the note.
    if (effect.isUntouched && pendingFiles(state).length === 0) await removeNote(destination);
    throw error;
  }
  const record = runRecordOf(run, staged, outputs, restatedOf(publication));
  await mapConcurrently(MAX_PARALLEL_FILES, outputs, async (output, index) => {
    const { key } = output.file.target;
    const manifest = manifestOf(run, staged, output);
    const { manifest: former = 'never', schema = 'never' } = companions[index] ?? {};
    await putJson(destination, manifestKey(key), manifest, former);
    await putJson(destination, schemaKey(key), tableSchemaOf(manifest), schema);
  });
  // Before the record: readers notice a missing file, but believe one too many.
  await removeFormer(publication);
  await putRecord(publication, record);
  await tidyUp(publication.signal, async () => {
    await assertUnchanged(publication, outputs);
    // The period is published: a note that stays is removed by the next run.
    // The lease is not asked: the note of another holder would have another version.
    if (!publication.keepsNote) await removeNote(publication.afterInterrupt);
  });
  return record;
}

/** Writes the run record. From then on the period is published, whatever happens. @throws ReportError `destination` */
async function putRecord(publication: Publication, record: RunRecord): Promise<void> {
  const { destination, afterInterrupt, keys, state, effect, warn } = publication;
  const existing = state.record === undefined ? 'never' : { version: state.record.version };
  try {
    await putJson(destination, keys.record, record, existing);
  } catch (error) {
    const found = await readState(afterInterrupt, keys).catch(() => 'unreadable' as const);
    if (found === 'unreadable') effect.recordUnknown();
    if (found === 'unreadable' || found.record?.token !== record.token) throw error;
    warn(`the run record ${keys.record} was written, but its end was not confirmed: ${errorSentence(error)}`);
  }
  effect.recorded();
}

/**
 * A file that cannot be looked at is told, and no failure: the period is published.
 * @throws ReportError `destination` for a file that another writer replaced or removed since this run published it
 */
async function assertUnchanged(
  { run: { report, period }, afterInterrupt, warn }: Publication,
  outputs: readonly Output[],
): Promise<void> {
  const restate = restateReport(report, period.lastDay);
  await mapConcurrently(MAX_PARALLEL_FILES, outputs, async ({ location, version, file }) => {
    const stored = await afterInterrupt.stat(file.target.key).catch((error: unknown) => {
      warn(`whether another writer changed ${location} could not be found out: ${errorSentence(error)}`);
      return { version };
    });
    if (stored?.version === version) return;
    const now = stored === undefined ? 'it is gone' : 'it has other content';
    throw new ReportError(
      'destination',
      `the period is recorded as published, but another writer changed ${location} meanwhile: ${now}`,
      { hint: `See who else writes there, then publish it again: ${restate}.`, retryable: false },
    );
  });
}

async function existingAt(destination: Destination, key: string): Promise<Existing> {
  const stored = await destination.stat(key);
  return stored === undefined ? 'never' : { version: stored.version };
}

function pendingOf({ state, run, files, restating }: Publication): Pending {
  const ours = files.map(({ target, bytes, sha256 }) => ({
    key: target.key,
    token: run.token,
    bytes,
    sha256,
  }));
  return {
    pending: 1,
    report: run.report.name,
    token: run.token,
    ...(run.epoch === undefined ? {} : { epoch: run.epoch }),
    revision: run.revision,
    ...(restating === undefined ? {} : { restating }),
    // Files of an earlier unfinished run are there until they are replaced.
    outputs: [...ours, ...pendingFiles(state)],
  };
}

function restatedOf({ state, staged, restating }: Publication): RunRecord['restated'] {
  const former = state.record;
  if (former === undefined || restating === undefined) return undefined;
  const names = [...new Set([...Object.keys(former.totals), ...Object.keys(staged.totals)])];
  return {
    ...restating,
    revision: former.revision,
    rows: { before: former.rows, after: staged.rows },
    totals: Object.fromEntries(
      names.map((name) => [
        name,
        { before: former.totals[name] ?? null, after: staged.totals[name] ?? null },
      ]),
    ),
  };
}

/** Copies the former files, their manifests and schemas, and the run record into the history; what an unfinished run copied stays. */
async function keepFormer(
  { destination, keys, state }: Publication,
  former: RunRecord & { readonly version: string },
): Promise<void> {
  const folder = keys.history(former.revision);
  const published = publishedFiles(state);
  await mapConcurrently(MAX_PARALLEL_FILES, former.outputs, async ({ key }) => {
    if ((await destination.stat(`${folder}${key}`)) !== undefined) return;
    const stored = await destination.stat(key);
    if (stored === undefined || !(await isOneOf(published, stored, destination))) return;
    for (const companion of [manifestKey(key), schemaKey(key)]) {
      const found = await destination.stat(companion);
      if (found !== undefined) await destination.copy(found, `${folder}${companion}`);
    }
    await destination.copy(stored, `${folder}${key}`);
  });
  await destination.copy({ key: keys.record, version: former.version }, `${folder}record.json`);
}

/** Copies files of somebody else that are about to be replaced, with what stands beside them, below `foreign/` in the history. */
async function keepForeign(
  { destination, keys, files, isForeign }: Publication,
  former: RunRecord,
): Promise<void> {
  const folder = `${keys.history(former.revision)}foreign/`;
  const foreign = files.filter(({ target }) => isForeign(target));
  await mapConcurrently(MAX_PARALLEL_FILES, foreign, async ({ target: { key } }) => {
    for (const each of [key, manifestKey(key), schemaKey(key)]) {
      const stored = await destination.stat(each);
      if (stored !== undefined) await destination.copy(stored, `${folder}${each}`);
    }
  });
}

/** Removes files of the former revision, or of an unfinished run, that this revision does not have. Files of others stay. */
async function removeFormer({ destination, state, files, effect }: Publication): Promise<void> {
  const known = knownFiles(state);
  const kept = new Set(files.map(({ target }) => target.key));
  const gone = [...known.keys()].filter((key) => !kept.has(key));
  await mapConcurrently(MAX_PARALLEL_FILES, gone, async (key) => {
    const stored = await destination.stat(key);
    if (stored !== undefined && !(await isOneOf(known, stored, destination))) return;
    await removeFile(destination, key, stored);
    if (stored !== undefined) effect.formerRemoved(key);
  });
}

/** Publishes the files that a gate refused under `_quarantine/`, where readers do not look, each with its manifest. */
export async function quarantine(
  run: Run,
  staged: StagedReport,
  files: readonly FilledTarget[],
  destination: Destination,
): Promise<Output[]> {
  const outputs = await publishAll(files);
  await mapConcurrently(MAX_PARALLEL_FILES, outputs, (output) => {
    const manifest = manifestOf(run, staged, output);
    return putJson(destination, manifestKey(output.file.target.key), manifest, 'replace');
  });
  return outputs;
}
