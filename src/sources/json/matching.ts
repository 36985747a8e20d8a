// Tests a filter on the bytes of a JSON value, without decoding it where the value is simple. The rules are those of documents/match.ts.
import { type DayRange, type FilterTest, type NumberRange, textsOf } from '../../core/filter.js';
import { type MatchRules, matcher } from '../documents/match.js';
import { toCell } from '../documents/value.js';
import { ARRAY, OBJECT, QUOTE } from './ascii.js';
import { dayAt, EXTENDED, ExtendedPlace, instantAt, numberAt } from './places.js';
import type { Scanner } from './scanner.js';

/** `unknown`: the value must be decoded and tested by matcher(). */
export const VERDICT = { fails: 0, passes: 1, unknown: 2 } as const;
type Verdict = (typeof VERDICT)[keyof typeof VERDICT];

/** Tests the value from `start` to `end`. */
export type ByteTest = (scanner: Scanner, start: number, end: number) => Verdict;

const LETTER_F = 0x66;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;
const BACKSLASHES = 0x5c5c5c5c;
const HOUR = 3_600_000;
/** Hours whose verdict is remembered: more than a year. */
const MAX_HOURS = 10_000;
const DAY_LENGTH = 10;

export function byteTest(test: FilterTest, rules: MatchRules): ByteTest {
  switch (test.of) {
    case 'texts':
      return textTest(test);
    case 'numbers':
      return numberTest(test);
    case 'dates':
      return dateTest(test.anyOf, matcher(test, rules), rules);
    case 'booleans':
      return booleanTest(test.anyOf);
  }
}

function textTest({ anyOf, noneOf }: Extract<FilterTest, { of: 'texts' }>): ByteTest {
  const { exact, containing } = textsOf(anyOf);
  const wanted = exact.map((text) => Buffer.from(text));
  // Buffer.from() would turn a lone surrogate into another character.
  const isSimple = noneOf === undefined && containing.length === 0 && !exact.some(hasLoneSurrogate);
  if (!isSimple) return ({ bytes }, start) => (bytes[start] === LETTER_N ? VERDICT.fails : VERDICT.unknown);
  return ({ bytes, view }, start, end) => {
    if (bytes[start] === LETTER_N) return VERDICT.fails;
    if (bytes[start] !== QUOTE) return VERDICT.unknown;
    const length = end - start - 2;
    let verdict: Verdict = VERDICT.fails;
    for (const text of wanted)
      if (text.length === length && isAt(text, bytes, start + 1)) verdict = VERDICT.passes;
    // An escape may spell a wanted text, or a lone surrogate, which is an error.
    return verdict === VERDICT.fails && mayHaveBackslash(view, start + 1, end - 1)
      ? VERDICT.unknown
      : verdict;
  };
}

function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

function isAt(text: Buffer, bytes: Buffer, start: number): boolean {
  // Backwards, because most texts of a column differ at their end.
  for (let index = text.length - 1; index >= 0; index -= 1)
    if (bytes[start + index] !== text[index]) return false;
  return true;
}

/** Tests four bytes at once (Bit Twiddling Hacks, "haszero"), up to three of them after the end: a backslash there only costs time. */
function mayHaveBackslash(view: DataView, start: number, end: number): boolean {
  for (let at = start; at < end; at += 4) {
    const slashes = view.getInt32(at, true) ^ BACKSLASHES;
    if (((slashes - 0x01010101) & ~slashes & 0x80808080) !== 0) return true;
  }
  return false;
}

function booleanTest(anyOf: readonly string[]): ByteTest {
  const verdictOn = (value: string) => (anyOf.includes(value) ? VERDICT.passes : VERDICT.fails);
  const [onTrue, onFalse] = [verdictOn('true'), verdictOn('false')];
  return ({ bytes }, start) => {
    switch (bytes[start]) {
      case LETTER_T:
        return onTrue;
      case LETTER_F:
        return onFalse;
      case OBJECT:
      case ARRAY:
        return VERDICT.unknown;
      default:
        return VERDICT.fails;
    }
  };
}

function numberTest({ anyOf, noneOf = [] }: Extract<FilterTest, { of: 'numbers' }>): ByteTest {
  const bound = (text: string | undefined, open: number) => {
    if (text === undefined) return open;
    const bytes = Buffer.from(text);
    return numberAt(bytes, 0, bytes.length);
  };
  const bounds = ({ from, to }: NumberRange) => ({
    from: bound(from, Number.NEGATIVE_INFINITY),
    to: bound(to, Number.POSITIVE_INFINITY),
  });
  const [ranges, unwanted] = [anyOf.map(bounds), noneOf.map(bounds)];
  if ([...ranges, ...unwanted].some(({ from, to }) => Number.isNaN(from) || Number.isNaN(to)))
    return () => VERDICT.unknown;
  const extended = new ExtendedPlace();
  return (scanner, start, end) => {
    const { bytes } = scanner;
    let value = Number.NaN;
    if (bytes[start] === LETTER_N) return VERDICT.fails;
    if (bytes[start] !== OBJECT) value = numberAt(bytes, start, end);
    else if (isDecimal(extended.find(scanner, start, end)))
      value = numberAt(bytes, extended.start, extended.end);
    if (Number.isNaN(value)) return VERDICT.unknown;
    for (const { from, to } of unwanted) if (value >= from && value <= to) return VERDICT.fails;
    for (const { from, to } of ranges) if (value >= from && value <= to) return VERDICT.passes;
    return VERDICT.fails;
  };
}

/** Types whose text is their exact value when numberAt() can read it. */
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
  return (scanner, start, end) => {
    const { bytes } = scanner;
    const first = bytes[start];
    if (first === LETTER_N) return VERDICT.fails;
    if (first === OBJECT) {
      return extended.find(scanner, start, end) === EXTENDED.instant
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

/** The verdict on an instant, remembered for its hour; `unknown` in an hour in which the local day or the offset changes. */
function hourTest(passes: ReturnType<typeof matcher>, timezone: string): (milliseconds: number) => Verdict {
  const cell = toCell('timestamp', { timezone, isoText: false });
  const at = (milliseconds: number) => {
    const value = { type: 'instant', instant: { milliseconds, microseconds: 0 } } as const;
    return { value, dayAndOffset: (cell(value) ?? '').replace(/ [\d:.]+/, ' ') };
  };
  const describe = (start: number): Verdict => {
    const first = at(start);
    // A zone changes at most once in six hours (core/calendar.ts): equal at both ends means equal in between.
    if (first.dayAndOffset !== at(start + HOUR - 1).dayAndOffset) return VERDICT.unknown;
    return passes([first.value]) ? VERDICT.passes : VERDICT.fails;
  };
  const known = new Map<number, Verdict>();
  return (milliseconds) => {
    const number = Math.floor(milliseconds / HOUR);
    let verdict = known.get(number);
    if (verdict === undefined) {
      verdict = describe(number * HOUR);
      if (known.size === MAX_HOURS) known.clear();
      known.set(number, verdict);
    }
    return verdict;
  };
}
