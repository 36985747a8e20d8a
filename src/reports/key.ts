// Expands the tokens of a key, such as {YYYYMMDD}.
import { createHash } from 'node:crypto';
import { compactDate, type Period } from '../core/calendar.js';
import { didYouMean } from '../core/errors.js';
import { reservedPart } from '../core/reserved-keys.js';
import type { Cell } from '../core/table.js';

/** The tokens of every report; labels and split-by add more. */
export const TOKENS = ['YYYYMMDD', 'YYYY', 'MM', 'DD', 'report', 'ext'] as const;
const TOKEN = /\{([^{}]*)\}/g;

/**
 * A message for each unknown token of a key.
 * @param own the tokens that the report adds: its labels, and what the output is split by
 */
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
  /** Each term of split-by, as in the report file, to its value in this file. */
  readonly split?: Readonly<Record<string, Cell>>;
}

/**
 * The key of an output for a period. Date tokens get the period's last day. Where values from data would make a name that
 * reportctl uses itself, each of them is marked as safeSegment() marks what it changes.
 */
export function expandKey(key: string, values: KeyValues): string {
  const expanded = withSegments(key, values, safeSegment);
  // A value can make a reserved name together with the text around it: "x.manifest" in "{product}.json".
  return reservedPart(expanded) === undefined ? expanded : withSegments(key, values, markedSegment);
}

function withSegments(
  key: string,
  { report, period, extension, labels, split = {} }: KeyValues,
  segmentOf: (value: Cell) => string,
): string {
  const date = compactDate(period.lastDay);
  const values: Record<string, string> = {
    ...Object.fromEntries(
      [...Object.entries(labels), ...Object.entries(split)].map(([word, value]) => [word, segmentOf(value)]),
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

/** Bytes (UTF-8) that a value takes in a key at most. */
export const MAX_SEGMENT_BYTES = 80;
/** Segments with a special meaning: null, and the folders that reportctl itself uses. */
const RESERVED = /^_(null|reportctl|quarantine)$/i;

/**
 * A value as one segment of a key, at most MAX_SEGMENT_BYTES long. Every character except letters, digits, space and `._=@+-`
 * becomes `_`. If that changed anything, `~` and 8 hex digits of the value's SHA-256 follow, so that two values never share a key.
 * Letters keep their case, so values that differ only in case share a key on a store that ignores case.
 */
export function safeSegment(value: string | null): string {
  if (value === null) return '_null';
  const cleaned = value
    .normalize('NFC')
    .replace(/[^\p{L}\p{N} ._=@+-]/gu, '_')
    .replace(/^[. ]|[. ]$/g, '_');
  const isShort = Buffer.byteLength(cleaned) <= MAX_SEGMENT_BYTES;
  if (cleaned === value && isShort && cleaned !== '' && !RESERVED.test(cleaned)) return cleaned;
  return shortened(cleaned, value);
}

/** The same, with the digits of its SHA-256 even where nothing was changed. */
function markedSegment(value: string | null): string {
  const segment = safeSegment(value);
  return value === null || segment !== value ? segment : shortened(value, value);
}

/** As much of the text as there is room for, and 8 hex digits of the value's SHA-256. */
function shortened(cleaned: string, value: string): string {
  const suffix = `~${createHash('sha256').update(value).digest('hex').slice(0, 8)}`;
  let short = '';
  for (const character of cleaned) {
    if (Buffer.byteLength(short + character) > MAX_SEGMENT_BYTES - suffix.length) break;
    short += character;
  }
  return short + suffix;
}
