// The tokens of a key, such as {YYYYMMDD}: which there are, and what they become.
import { createHash } from 'node:crypto';
import { compactDate, type Period } from '../core/calendar.js';
import { didYouMean } from '../core/errors.js';
import type { Cell } from '../core/table.js';

/** The tokens that the design knows; labels add more. */
export const TOKENS = ['YYYYMMDD', 'YYYY', 'MM', 'DD', 'report', 'ext'] as const;
const TOKEN = /\{([^{}]*)\}/g;

/** One complaint for each token of a key that neither the design knows nor the report: its labels, what it is split by. */
export function unknownTokens(key: string, own: readonly string[]): string[] {
  const allowed = [...TOKENS, ...own];
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
  /** What the output is split by, as the report spells it, to the value of this file. */
  readonly split?: Readonly<Record<string, Cell>>;
}

/** The key of an output for a period; the date is the period's last day. */
export function expandKey(key: string, { report, period, extension, labels, split = {} }: KeyValues): string {
  const date = compactDate(period.lastDay);
  const values: Record<string, string> = {
    ...Object.fromEntries(
      [...Object.entries(labels), ...Object.entries(split)].map(([word, value]) => [
        word,
        safeSegment(value),
      ]),
    ),
    YYYYMMDD: date,
    YYYY: date.slice(0, 4),
    MM: date.slice(4, 6),
    DD: date.slice(6, 8),
    report,
    ext: extension,
  };
  return key.replace(TOKEN, (token, word: string) => values[word] ?? token);
}

/** The most bytes of a value in a key. */
export const LONGEST_SEGMENT = 80;
/** Segments with a meaning of their own: null, and where the bookkeeping is. */
const RESERVED = /^_(null|reportctl|quarantine)$/i;

/**
 * A value as one segment of a key: `_` for every character but letters, digits, `.`, `_`, `-` and the like; then `~` and
 * 8 hex digits of the value's SHA-256 if anything was changed, so that two values never share a key. At most 80 bytes.
 * Values that differ in case alone differ so in their segments too.
 */
export function safeSegment(value: string | null): string {
  if (value === null) return '_null';
  const cleaned = value
    .normalize('NFC')
    .replace(/[^\p{L}\p{N} ._=@+-]/gu, '_')
    .replace(/^[. ]|[. ]$/g, '_');
  const isShort = Buffer.byteLength(cleaned) <= LONGEST_SEGMENT;
  if (cleaned === value && isShort && cleaned !== '' && !RESERVED.test(cleaned)) return cleaned;
  const suffix = `~${createHash('sha256').update(value).digest('hex').slice(0, 8)}`;
  let short = '';
  for (const character of cleaned) {
    if (Buffer.byteLength(short + character) > LONGEST_SEGMENT - suffix.length) break;
    short += character;
  }
  return short + suffix;
}
