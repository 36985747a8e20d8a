// Groups what failed, is late or has recovered by its cause: one message tells of all that have the same one.
import { messageOf, ReportError } from '../../core/errors.js';
import type { JobResult } from '../events.js';

/** Messages of one run, or one call of status. */
export const MAX_MESSAGES = 20;

/**
 * The error that stands for all with its cause: that of the job by which a source or the destination was given up, for those
 * that were not tried after it.
 */
export function rootError(error: unknown): unknown {
  const isGivenUp = error instanceof ReportError && (error.code === 'source' || error.code === 'destination');
  return isGivenUp && error.cause instanceof ReportError && error.cause.code === error.code
    ? error.cause
    : error;
}

/** Failures with the same text have the same cause: code and message, without the names of the report. */
export function causeOf({ report, title, period, error }: JobResult): string {
  const root = rootError(error);
  const code = root instanceof ReportError ? root.code : 'other';
  return `${code} ${withoutNames(messageOf(root), [report, title, period?.from, period?.lastDay])}`;
}

/** Names within other words stay: a report may be called `a`. */
function withoutNames(message: string, names: readonly (string | undefined)[]): string {
  return names.reduce<string>((text, name) => {
    if (name === undefined || name === '') return text;
    const escaped = name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    return text.replace(new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'gu'), '…');
  }, message);
}

/** The items by the key of each, in the order of the first of each group. */
export function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
