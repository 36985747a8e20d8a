// The folder in which a destination keeps the run records, leases and notes of a report.
import { compactDate, type Period } from '../core/calendar.js';
import type { Destination } from '../core/destination.js';
import { BOOKKEEPING_FOLDER } from '../core/reserved-keys.js';

export interface PeriodKeys {
  readonly record: string;
  readonly lease: string;
  /** The note of a run that is about to publish. */
  readonly pending: string;
  /** The note that somebody was told of a fault of the period. */
  readonly alarm: string;
  /** The folder of a revision that was replaced; ends with a slash. */
  history(revision: number): string;
}

/** The folder, relative to the destination; ends with a slash. */
export function bookkeepingFolder(report: string): string {
  return `${BOOKKEEPING_FOLDER}${report}/`;
}

export function periodKeys(report: string, period: Period): PeriodKeys {
  const folder = bookkeepingFolder(report);
  const date = compactDate(period.lastDay);
  return {
    record: `${folder}${date}.json`,
    lease: `${folder}${date}.lease`,
    pending: `${folder}${date}.pending.json`,
    alarm: `${folder}${date}.alarm.json`,
    history: (revision) => `${folder}history/${date}/r${revision}/`,
  };
}

export interface BookkeepingFile {
  readonly key: string;
  /** The last day of the period: YYYYMMDD. */
  readonly date: string;
  readonly kind: 'record' | 'lease' | 'pending';
  /** Milliseconds since it was written. */
  readonly age: number;
}

const KINDS: Readonly<Record<string, BookkeepingFile['kind']>> = {
  json: 'record',
  lease: 'lease',
  'pending.json': 'pending',
};

/**
 * The records, leases and notes of a report, in the order of their keys: by date, and of one date the record before the
 * lease before the note.
 * @param year only those of this year
 * @throws ReportError `destination`
 */
export async function* bookkeepingFiles(
  destination: Destination,
  report: string,
  year?: number,
): AsyncGenerator<BookkeepingFile> {
  const folder = bookkeepingFolder(report);
  const prefix = year === undefined ? '' : String(year).padStart(4, '0');
  for await (const { key, age } of destination.list(`${folder}${prefix}`)) {
    const name = key.slice(folder.length);
    // Listings are sorted: dated files ("2024…") come before "history/", which can be long, so stop at the first name after the digits.
    if (name > ':') return;
    const [, date, ending = ''] = /^(\d{8})\.(.+)$/.exec(name) ?? [];
    const kind = Object.hasOwn(KINDS, ending) ? KINDS[ending] : undefined;
    if (date !== undefined && kind !== undefined) yield { key, date, kind, age };
  }
}
