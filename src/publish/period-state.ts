// What the destination says of one report and period: published, begun, or nothing; and which files there are ours.
import { createHash } from 'node:crypto';
import { compactDate, type Period } from '../core/calendar.js';
import type { Destination, Stored } from '../core/destination.js';
import type { Pending, RunRecord } from './documents.js';

export interface PeriodKeys {
  readonly record: string;
  readonly lease: string;
  readonly pending: string;
  /** The note that somebody was told of something wrong with the period. */
  readonly alarm: string;
  /** The folder of a revision that was replaced; ends with a slash. */
  history(revision: number): string;
}

/** Where the bookkeeping of a report is, relative to its destination; ends with a slash. */
export function bookFolder(report: string): string {
  return `_reportctl/${report}/`;
}

export function periodKeys(report: string, period: Period): PeriodKeys {
  const folder = bookFolder(report);
  const date = compactDate(period.lastDay);
  return {
    record: `${folder}${date}.json`,
    lease: `${folder}${date}.lease`,
    pending: `${folder}${date}.pending.json`,
    alarm: `${folder}${date}.alarm.json`,
    history: (revision) => `${folder}history/${date}/r${revision}/`,
  };
}

export interface PeriodState {
  /** What is published. */
  readonly record: (RunRecord & { readonly version: string }) | undefined;
  /** What a run that did not come to its end was about to publish. */
  readonly pending: (Pending & { readonly version: string }) | undefined;
}

/** @throws ReportError `contract` for a document that cannot be read, `destination` */
export async function readState(destination: Destination, keys: PeriodKeys): Promise<PeriodState> {
  const { parsePending, parseRunRecord } = await import('./documents.js');
  const [record, pending] = await Promise.all([
    destination.read(keys.record),
    destination.read(keys.pending),
  ]);
  return {
    record: record && { ...parseRunRecord(record.content, keys.record), version: record.version },
    // The record is written after the files that the note tells of: then the note is only left over.
    pending: pending && { ...parsePending(pending.content, keys.pending), version: pending.version },
  };
}

/** Has a run begun to replace or to write files without coming to its record? */
export function isUnfinished({ record, pending }: PeriodState): boolean {
  return pending !== undefined && pending.token !== record?.token;
}

/** A file as a run left it. */
export interface Known {
  readonly key: string;
  readonly token: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** By their keys: there may be thousands, and each is asked for. */
export type KnownFiles = ReadonlyMap<string, readonly Known[]>;

/** Is the stored file one of these? By its token, or where the store keeps none, by its bytes. */
export async function isOneOf(known: KnownFiles, stored: Stored, destination: Destination): Promise<boolean> {
  const candidates = (known.get(stored.key) ?? []).filter(({ bytes }) => bytes === stored.bytes);
  if (candidates.length === 0) return false;
  if (stored.token !== undefined) return candidates.some(({ token }) => token === stored.token);
  const hash = createHash('sha256');
  for await (const chunk of destination.download(stored.key)) hash.update(chunk);
  const sha256 = hash.digest('hex');
  return candidates.some((candidate) => candidate.sha256 === sha256);
}

function byKey(known: readonly Known[]): KnownFiles {
  const files = new Map<string, Known[]>();
  for (const file of known) files.set(file.key, [...(files.get(file.key) ?? []), file]);
  return files;
}

/** The files that the run record tells of. */
export function publishedFiles({ record }: PeriodState): KnownFiles {
  const outputs = record?.outputs ?? [];
  const token = record?.token ?? '';
  return byKey(outputs.map(({ key, bytes, sha256 }) => ({ key, bytes, sha256, token })));
}

/** Those of the run record, and those of runs that did not come to their end. */
export function knownFiles(state: PeriodState): KnownFiles {
  return byKey([...[...publishedFiles(state).values()].flat(), ...pendingFiles(state)]);
}

/** The files that may be there because a run did not come to its end. */
export function pendingFiles({ pending }: PeriodState): Known[] {
  return [...(pending?.outputs ?? [])];
}

/** The last published period before this one that had rows, for comparison; those of two years are looked through. */
export async function formerRecord(
  destination: Destination,
  report: string,
  period: Period,
): Promise<RunRecord | undefined> {
  const { parseRunRecord } = await import('./documents.js');
  const date = compactDate(period.lastDay);
  const year = Number(date.slice(0, 4));
  for (const each of [year, year - 1]) {
    const dates: string[] = [];
    for await (const { key } of destination.list(`${bookFolder(report)}${String(each).padStart(4, '0')}`)) {
      const found = /\/(\d{8})\.json$/.exec(key)?.[1];
      if (found !== undefined && found < date) dates.push(key);
    }
    for (const key of dates.sort().reverse()) {
      const stored = await destination.read(key);
      const record = stored && parseRunRecord(stored.content, key);
      if (record && record.rows > 0) return record;
    }
  }
  return undefined;
}
