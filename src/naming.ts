// The tokens of a key, such as {YYYYMMDD}: which there are, and what they become.
import { createHash } from 'node:crypto';
import { compactDate, type Period } from './calendar.js';
import { didYouMean } from './errors.js';

/** The tokens that the design knows; labels add more. */
export const TOKENS = ['YYYYMMDD', 'YYYY', 'MM', 'DD', 'report', 'ext'] as const;
const TOKEN = /\{([^{}]*)\}/g;

/** One complaint for each token of a key that neither the design nor the report's labels know. */
export function unknownTokens(key: string, labels: readonly string[]): string[] {
  const allowed = [...TOKENS, ...labels];
  return [...key.matchAll(TOKEN)]
    .map((match) => match[1] ?? '')
    .filter((token) => !allowed.includes(token))
    .map((token) => `unknown token {${token}}; ${didYouMean(token, allowed)}`);
}

export interface KeyValues {
  readonly report: string;
  readonly period: Period;
  readonly extension: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The key of an output for a period; the date is the period's last day. */
export function expandKey(key: string, { report, period, extension, labels }: KeyValues): string {
  const date = compactDate(period.lastDay);
  const values: Record<string, string> = {
    ...Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, safeSegment(value)])),
    YYYYMMDD: date,
    YYYY: date.slice(0, 4),
    MM: date.slice(4, 6),
    DD: date.slice(6, 8),
    report,
    ext: extension,
  };
  return key.replace(TOKEN, (token, word: string) => values[word] ?? token);
}

/**
 * A value as one segment of a key: `_` for every character but letters, digits, `.`, `_`, `-` and the like; then `~` and
 * 8 hex digits of the value's SHA-256 if anything was changed, so that two values never share a key. At most 80 bytes.
 */
export function safeSegment(value: string | null): string {
  if (value === null) return '_null';
  const cleaned = value
    .normalize('NFC')
    .replace(/[^\p{L}\p{N} ._=@+-]/gu, '_')
    .replace(/^[. ]|[. ]$/g, '_');
  if (cleaned === value && Buffer.byteLength(cleaned) <= 80 && cleaned !== '' && cleaned !== '_null')
    return cleaned;
  const suffix = `~${createHash('sha256').update(value).digest('hex').slice(0, 8)}`;
  let short = '';
  for (const character of cleaned) {
    if (Buffer.byteLength(short + character) > 80 - suffix.length) break;
    short += character;
  }
  return short + suffix;
}
