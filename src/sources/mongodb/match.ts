// Makes a $match from filters, by the rules of documents/match.ts, with operands of every BSON type that the data may have.
import {
  type DayRange,
  type Filter,
  type FilterTest,
  type StartOfDay,
  type TextMatch,
  textsOf,
} from '../../core/filter.js';
import { foldedPattern } from '../../core/folded-text.js';
import type { BsonTypes, Condition } from './condition.js';
import { numberConditions } from './numbers.js';

export type Match = Readonly<Record<string, unknown>>;

export interface MatchField {
  readonly filter: Pick<Filter, 'test'>;
  readonly path: string;
  /** Are dates stored as ISO 8601 text? */
  readonly stored: 'text' | undefined;
}

/**
 * All filters as one document; empty without filters. Null, a missing field and NaN never match. When a path leads through an
 * array, MongoDB's own rule holds: any element may match, and different elements may meet the two ends of a range; what must not
 * match, matches no element.
 */
export function matchOf(fields: readonly MatchField[], bson: BsonTypes): Match {
  const matches = fields.flatMap(({ filter: { test }, path, stored }) => {
    const at = (conditions: readonly Condition[]) => conditions.map((condition) => ({ [path]: condition }));
    const wanted = at(wantedConditions(test, stored, bson));
    const unwanted = at(unwantedConditions(test, bson));
    return [
      wanted.length === 1 && wanted[0] !== undefined ? wanted[0] : { $or: wanted },
      ...(unwanted.length === 0 ? [] : [{ $nor: unwanted }]),
    ];
  });
  if (matches.length > 1) return { $and: matches };
  return matches[0] ?? {};
}

/** Conditions of which one must hold. */
function wantedConditions(test: FilterTest, stored: 'text' | undefined, bson: BsonTypes): Condition[] {
  switch (test.of) {
    case 'texts':
      return test.anyOf.length === 0 ? [ANY_VALUE] : textConditions(test.anyOf, bson);
    case 'numbers':
      return test.anyOf.flatMap((range) => numberConditions(range, bson));
    case 'dates':
      return test.anyOf.flatMap((range) =>
        stored === 'text' ? [...isoConditions(range), dateCondition(range)] : [dateCondition(range)],
      );
    case 'booleans':
      return test.anyOf.map((value) => ({ $eq: value === 'true' }));
  }
}

/** Conditions of which none may hold. */
function unwantedConditions(test: FilterTest, bson: BsonTypes): Condition[] {
  if (test.of === 'texts') return textConditions(test.noneOf ?? [], bson);
  return test.of === 'numbers' ? (test.noneOf ?? []).flatMap((range) => numberConditions(range, bson)) : [];
}

/** Every type but null and array (MongoDB manual, "BSON Types"): of an array its elements are asked. */
const ANY_VALUE: Condition = {
  $type: [
    'double',
    'string',
    'object',
    'binData',
    'objectId',
    'bool',
    'date',
    'regex',
    'dbPointer',
    'javascript',
    'symbol',
    'javascriptWithScope',
    'int',
    'timestamp',
    'long',
    'decimal',
    'minKey',
    'maxKey',
  ],
};

/** The text itself, and the ObjectId, UUID or number (in any numeric type) that it spells; or texts that contain a part. */
function textConditions(matches: readonly TextMatch[], bson: BsonTypes): Condition[] {
  const { exact, containing } = textsOf(matches);
  return [
    ...(exact.length === 0 ? [] : exactConditions(exact, bson)),
    ...containing.map((folded) => ({ $regex: pattern(folded) })),
  ];
}

/** As PCRE spells a character by its number. */
function pattern(folded: string): string {
  return foldedPattern(folded, (codePoint) => `\\x{${codePoint.toString(16)}}`);
}

function exactConditions(values: readonly string[], { ObjectId, UUID, ...bson }: BsonTypes): Condition[] {
  const spelled = values.flatMap((value): unknown[] => {
    if (/^[0-9a-f]{24}$/i.test(value)) return [value, new ObjectId(value)];
    if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value))
      return [value, new UUID(value).toBinary()];
    return [value];
  });
  const numbers = values.filter((value) => SPELLED_NUMBER.test(value)).map((value) => value.replace('+', ''));
  return [
    spelled.length === 1 ? { $eq: spelled[0] } : { $in: spelled },
    ...numbers.flatMap((value) => numberConditions({ from: value, to: value }, { ObjectId, UUID, ...bson })),
  ];
}

/** The same numbers that postgres/condition.ts accepts for a numeric column. */
const SPELLED_NUMBER = /^[+-]?\d{1,500}(?:\.\d{1,500})?$/;

/** Ranges of BSON dates. MongoDB compares only values of one type, so text never matches. */
function dateCondition({ from, to }: DayRange): Condition {
  if (from === undefined && to === undefined) return { $type: 'date' };
  return {
    ...(from === undefined ? {} : { $gte: instantOf(from) }),
    ...(to === undefined ? {} : { $lt: instantOf(to) }),
  };
}

const TIME = '\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,9})?)?';
const DATE = '^\\d{4}-\\d\\d-\\d\\d';
const OTHER_OFFSET = '[+-](?:(?:0[1-9]|1\\d)(?::?\\d\\d)?|00:?(?:0[1-9]|[1-5]\\d))';

/**
 * Ranges of ISO 8601 text, which sorts as time does when all texts have one form. Text without an offset is the report's local
 * time. Text in UTC (`Z`, `+00:00`) is compared with the days' starts in UTC. Text with another offset counts as local time
 * of the report's zone, which is right when the offset is that zone's; otherwise convert it in the pipeline with $dateFromString.
 */
function isoConditions({ from, to }: DayRange): Condition[] {
  const range = (spell: (start: StartOfDay) => string, form: string): Condition => ({
    $gte: from === undefined ? '0' : spell(from),
    $lt: to === undefined ? ':' : spell(to),
    $regex: form,
  });
  const utc = (start: StartOfDay, separator: string) =>
    instantOf(start).toISOString().slice(0, 19).replace('T', separator).replace(/:00$/, '');
  return [
    range(({ date }) => date, `${DATE}(?:[T ]${TIME}(?:${OTHER_OFFSET})?)?$`),
    ...['T', ' '].map((separator) =>
      range((start) => utc(start, separator), `${DATE}${separator}${TIME}(?:Z|[+-]00(?::?00)?)$`),
    ),
  ];
}

const INSTANT = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)([+-])(\d\d):(\d\d)(?::(\d\d))?$/;

/** Not Date.parse(): that refuses seconds in an offset and reads the year 0099 as 1999. */
function instantOf({ instant }: StartOfDay): Date {
  const match = INSTANT.exec(instant);
  if (match === null) throw new Error(`no instant: ${instant}`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(8).map((part) => Number(part ?? 0));
  const ahead = (hours * 3600 + minutes * 60 + seconds) * (match[7] === '-' ? -1 : 1);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second - ahead);
  return date;
}
