// What a destination holds of one report and period: its run record, the note of an unfinished run, and which files are ours.
import { createHash } from 'node:crypto';
import { compactDate, type Period } from '../core/calendar.js';
import type { Destination } from '../core/destination.js';
import type { Stored } from '../core/store.js';
import { bookkeepingFiles, type PeriodKeys } from './bookkeeping.js';
import { type Pending, parsePending, parseRunRecord, type RunRecord } from './documents.js';

export interface PeriodState {
  /** The run record: what is published. */
  readonly record: (RunRecord & { readonly version: string }) | undefined;
  /** The note of what a run was about to publish, unless that run removed it. */
  readonly pending: (Pending & { readonly version: string }) | undefined;
}

/** @throws ReportError `contract` for a document that cannot be read, `destination` */
export async function readState(destination: Destination, keys: PeriodKeys): Promise<PeriodState> {
  const [record, pending] = await Promise.all([
    destination.read(keys.record),
    destination.read(keys.pending),
  ]);
  return {
    record: record && { ...parseRunRecord(record.content, keys.record), version: record.version },
    pending: pending && { ...parsePending(pending.content, keys.pending), version: pending.version },
  };
}

/**
 * Whether a run started to write or replace files and did not get to its record. A note of the record's own run is left over, and
 * so is one with a smaller epoch: its run had lost the lease.
 */
export function isUnfinished({ record, pending }: PeriodState): boolean {
  if (pending === undefined || pending.token === record?.token) return false;
  return record === undefined || (pending.epoch ?? 0) >= (record.epoch ?? 0);
}

/** The largest fencing number of a run that left a document of the period. */
export function epochOf({ record, pending }: PeriodState): number {
  return Math.max(record?.epoch ?? 0, pending?.epoch ?? 0);
}

/** A file that a run wrote. */
export interface KnownFile {
  readonly key: string;
  readonly token: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Known files by their keys. */
export type KnownFiles = ReadonlyMap<string, readonly KnownFile[]>;

/** Whether the stored file is one of these: by its token or, where the store keeps none, by the SHA-256 of its bytes. */
export async function isOneOf(known: KnownFiles, stored: Stored, destination: Destination): Promise<boolean> {
  const candidates = (known.get(stored.key) ?? []).filter(({ bytes }) => bytes === stored.bytes);
  if (candidates.length === 0) return false;
  if (stored.token !== undefined) return candidates.some(({ token }) => token === stored.token);
  const sha256 = await sha256Of(stored.key, destination);
  return candidates.some((candidate) => candidate.sha256 === sha256);
}

/** SHA-256 of the bytes at a key, lower-case hex. @throws ReportError `destination` */
export async function sha256Of(key: string, destination: Destination): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of destination.download(key)) hash.update(chunk);
  return hash.digest('hex');
}

/** The files under their keys. */
export function filesByKey(known: readonly KnownFile[]): KnownFiles {
  const files = new Map<string, KnownFile[]>();
  for (const file of known) files.set(file.key, [...(files.get(file.key) ?? []), file]);
  return files;
}

/** The files of the run record. */
export function publishedFiles({ record }: PeriodState): KnownFiles {
  const outputs = record?.outputs ?? [];
  const token = record?.token ?? '';
  return filesByKey(outputs.map(({ key, bytes, sha256 }) => ({ key, bytes, sha256, token })));
}

/** The files of the run record and those of unfinished runs. */
export function knownFiles(state: PeriodState): KnownFiles {
  return filesByKey([...[...publishedFiles(state).values()].flat(), ...pendingFiles(state)]);
}

/** The files that may be there because a run did not finish. */
export function pendingFiles({ pending }: PeriodState): KnownFile[] {
  return [...(pending?.outputs ?? [])];
}

/** How many years back to look for the period to compare with. */
const YEARS_BACK = 2;

/**
 * The run record of the last published period before this one that had rows, for comparison.
 * @throws ReportError `destination`, `contract` for a record that cannot be read
 */
export async function formerRecord(
  destination: Destination,
  report: string,
  period: Period,
): Promise<RunRecord | undefined> {
  const before = compactDate(period.lastDay);
  const year = Number(before.slice(0, 4));
  for (let back = 0; back < YEARS_BACK; back++) {
    const keys: string[] = [];
    for await (const { key, date, kind } of bookkeepingFiles(destination, report, year - back)) {
      if (kind === 'record' && date < before) keys.push(key);
    }
    for (const key of keys.reverse()) {
      const stored = await destination.read(key);
      const record = stored && parseRunRecord(stored.content, key);
      if (record && record.rows > 0) return record;
    }
  }
  return undefined;
}
