// A filter's test on the bytes of a value: the verdict where they are simple, by the rules of documents/match.ts.
import type { DayRange, FilterTest, NumberRange } from '../../core/filter.js';
import { type MatchRules, matcher } from '../documents/match.js';
import { toCell } from '../documents/value.js';
import { OBJECT, QUOTE } from './ascii.js';
import { dayAt, EXTENDED, ExtendedPlace, instantAt, numberAt } from './places.js';
import type { Scanner } from './scanner.js';

/** `unknown`: it takes a Value to know. */
export const VERDICT = { fails: 0, passes: 1, unknown: 2 } as const;
type Verdict = (typeof VERDICT)[keyof typeof VERDICT];

/** Of the value from `start` to `end`. */
export type ByteTest = (scanner: Scanner, start: number, end: number) => Verdict;

const LETTER_N = 0x6e;
const BACKSLASHES = 0x5c5c5c5c;
const HOUR = 3_600_000;
/** More than a year of them, whatever their order. */
const MOST_HOURS = 10_000;
const DAY_LENGTH = 10;

export function byteTest(test: FilterTest, rules: MatchRules): ByteTest {
  switch (test.of) {
    case 'texts':
      return textTest(test.anyOf);
    case 'numbers':
      return numberTest(test.anyOf);
    case 'dates':
      return dateTest(test.anyOf, matcher(test, rules), rules);
  }
}

function textTest(anyOf: readonly string[]): ByteTest {
  const wanted = anyOf.map((text) => Buffer.from(text));
  // Half a character would become the bytes of another.
  if (anyOf.some((text) => /\p{Surrogate}/u.test(text))) return () => VERDICT.unknown;
  return ({ bytes, view }, start, end) => {
    if (bytes[start] === LETTER_N) return VERDICT.fails;
    if (bytes[start] !== QUOTE) return VERDICT.unknown;
    const length = end - start - 2;
    let verdict: Verdict = VERDICT.fails;
    for (const text of wanted)
      if (text.length === length && isAt(text, bytes, start + 1)) verdict = VERDICT.passes;
    // An escape may spell what is wanted, or half a character, which is an error.
    return verdict === VERDICT.fails && mayHaveBackslash(view, start + 1, end - 1)
      ? VERDICT.unknown
      : verdict;
  };
}

function isAt(text: Buffer, bytes: Buffer, start: number): boolean {
  // Most texts differ in the end.
  for (let index = text.length - 1; index >= 0; index -= 1)
    if (bytes[start + index] !== text[index]) return false;
  return true;
}

/** Four bytes at once (Bit Twiddling Hacks, "haszero"): one behind the end, where three more can be read, only makes it take longer. */
function mayHaveBackslash(view: DataView, start: number, end: number): boolean {
  for (let at = start; at < end; at += 4) {
    const slashes = view.getInt32(at, true) ^ BACKSLASHES;
    if (((slashes - 0x01010101) & ~slashes & 0x80808080) !== 0) return true;
  }
  return false;
}

function numberTest(anyOf: readonly NumberRange[]): ByteTest {
  const bound = (text: string | undefined, open: number) => {
    if (text === undefined) return open;
    const bytes = Buffer.from(text);
    return numberAt(bytes, 0, bytes.length);
  };
  const ranges = anyOf.map(({ from, to }) => ({
    from: bound(from, Number.NEGATIVE_INFINITY),
    to: bound(to, Number.POSITIVE_INFINITY),
  }));
  if (ranges.some(({ from, to }) => Number.isNaN(from) || Number.isNaN(to))) return () => VERDICT.unknown;
  const extended = new ExtendedPlace();
  return ({ bytes, view }, start, end) => {
    let value = Number.NaN;
    if (bytes[start] === LETTER_N) return VERDICT.fails;
    if (bytes[start] !== OBJECT) value = numberAt(bytes, start, end);
    else if (isDecimal(extended.find(bytes, view, start, end)))
      value = numberAt(bytes, extended.start, extended.end);
    if (Number.isNaN(value)) return VERDICT.unknown;
    for (const { from, to } of ranges) if (value >= from && value <= to) return VERDICT.passes;
    return VERDICT.fails;
  };
}

/** Types whose texts say their value exactly, as far as numberAt() reads them. */
function isDecimal(type: number): boolean {
  return type === EXTENDED.decimal || type === EXTENDED.double;
}

function dateTest(
  anyOf: readonly DayRange[],
  passes: ReturnType<typeof matcher>,
  { timezone }: MatchRules,
): ByteTest {
  const ofHour = hourTest(passes, timezone);
  const dayOf = (day: DayRange['from'], open: number) =>
    day === undefined ? open : dayAt(Buffer.from(day.date), 0);
  const ranges = anyOf.map(({ from, to }) => ({
    from: dayOf(from, Number.NEGATIVE_INFINITY),
    to: dayOf(to, Number.POSITIVE_INFINITY),
  }));
  const extended = new ExtendedPlace();
  return ({ bytes, view }, start, end) => {
    const first = bytes[start];
    if (first === LETTER_N) return VERDICT.fails;
    if (first === OBJECT) {
      return extended.find(bytes, view, start, end) === EXTENDED.instant
        ? ofHour(extended.milliseconds)
        : VERDICT.unknown;
    }
    if (first !== QUOTE) return VERDICT.unknown;
    if (end - start - 2 !== DAY_LENGTH) {
      const milliseconds = instantAt(bytes, start + 1, end - 1);
      return Number.isNaN(milliseconds) ? VERDICT.unknown : ofHour(milliseconds);
    }
    const day = dayAt(bytes, start + 1);
    if (Number.isNaN(day)) return VERDICT.unknown;
    let verdict: Verdict = VERDICT.fails;
    for (const { from, to } of ranges) {
      if (day >= from && day < to) return VERDICT.passes;
      if (Number.isNaN(from) || Number.isNaN(to)) verdict = VERDICT.unknown;
    }
    return verdict;
  };
}

/** The verdict of an instant, remembered by its hour, unless the local day or the offset changes within that. */
function hourTest(passes: ReturnType<typeof matcher>, timezone: string): (milliseconds: number) => Verdict {
  const cell = toCell('timestamp', { timezone, isoText: false });
  const at = (milliseconds: number) => {
    const value = { type: 'instant', instant: { milliseconds, microseconds: 0 } } as const;
    return { value, dayAndOffset: (cell(value) ?? '').replace(/ [\d:.]+/, ' ') };
  };
  const describe = (start: number): Verdict => {
    const first = at(start);
    // A zone changes once in six hours at most (core/calendar.ts), so that what is the same at both ends is so between them.
    if (first.dayAndOffset !== at(start + HOUR - 1).dayAndOffset) return VERDICT.unknown;
    return passes([first.value]) ? VERDICT.passes : VERDICT.fails;
  };
  const known = new Map<number, Verdict>();
  return (milliseconds) => {
    const number = Math.floor(milliseconds / HOUR);
    let verdict = known.get(number);
    if (verdict === undefined) {
      verdict = describe(number * HOUR);
      if (known.size === MOST_HOURS) known.clear();
      known.set(number, verdict);
    }
    return verdict;
  };
}
