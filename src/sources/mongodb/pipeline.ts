// Makes the stages to run from a report's pipeline in Extended JSON: checked, read-only, with the filters in their place.
import type { BSON, Document } from 'mongodb';
import { didYouMean, messageOf, ReportError } from '../../core/errors.js';
import type { DocumentQuery } from '../../core/source.js';
import type { Match } from './match.js';

const MARKER = '{filters}';
/** Stages that write, and one that never ends. */
const REFUSED = ['$out', '$merge', '$changeStream'];

/** Does the pipeline have a place for the filters? */
export function hasMarker({ pipeline }: DocumentQuery): boolean {
  return JSON.stringify(pipeline).includes(JSON.stringify({ $match: MARKER }).slice(1, -1));
}

/**
 * The report's stages. The filters replace `{ $match: "{filters}" }` at any depth, or come last without such a stage.
 * @throws ReportError `definition` for a pipeline that is none, is no Extended JSON, or writes
 */
export function stagesOf(
  { pipeline }: DocumentQuery,
  match: Match,
  report: string,
  { EJSON }: Pick<typeof BSON, 'EJSON'>,
): Document[] {
  let placed = false;
  const stages = pipeline.map((stage, index) => {
    const where = `report "${report}", stage ${index + 1} of the pipeline`;
    const [name, ...more] = isObject(stage) ? Object.keys(stage) : [];
    if (name === undefined || more.length > 0 || !name.startsWith('$')) {
      throw new ReportError('definition', `${where}: it is ${shown(stage)}`, {
        hint: 'A stage is an object with one key, such as { $match: { status: "pago" } }.',
      });
    }
    const walk = (value: unknown): unknown => {
      if (typeof value === 'string') assertNoCall(value, where);
      if (value instanceof Date && Number.isNaN(value.getTime())) throw badDate(where);
      if (Array.isArray(value)) return value.map(walk);
      if (!isObject(value)) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, inside]) => {
          if (REFUSED.includes(key)) throw refused(where, key);
          if (key !== '$match' || typeof inside !== 'string') return [key, walk(inside)];
          if (inside !== MARKER) throw noMarker(where, inside);
          placed = true;
          return [key, match];
        }),
      );
    };
    return walk(parsed(stage, where, EJSON)) as Document;
  });
  return placed || Object.keys(match).length === 0 ? stages : [...stages, { $match: match }];
}

function parsed(stage: unknown, where: string, { deserialize }: (typeof BSON)['EJSON']): unknown {
  try {
    // Not relaxed: keeps the types of $numberLong and $numberDouble.
    return deserialize(stage as Document, { relaxed: false });
  } catch (error) {
    throw new ReportError('definition', `${where} is no Extended JSON: ${messageOf(error)}`, {
      hint: 'For example { "$oid": "66f0…" }, { "$date": "2026-01-31T00:00:00Z" } or { "$numberDecimal": "9.99" }.',
      cause: error,
    });
  }
}

/** A plain object. Objects of the driver's classes are values. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !('_bsontype' in value)
  );
}

/** Finds mongosh's constructors in texts: a server would compare the text and silently find nothing. */
function assertNoCall(text: string, where: string): void {
  const call =
    /^\s*(?:new\s+)?(ISODate|Date|ObjectId|UUID|NumberDecimal|NumberLong|NumberInt)\(.*\)\s*$/.exec(
      text,
    )?.[1];
  if (call === undefined) return;
  throw new ReportError('definition', `${where}: ${shown(text)} is only text, and matches nothing`, {
    hint: `Write it as Extended JSON, for example { "${WRAPPERS[call] ?? '$date'}": "…" }.`,
  });
}

const WRAPPERS: Readonly<Record<string, string>> = {
  ObjectId: '$oid',
  UUID: '$uuid',
  NumberDecimal: '$numberDecimal',
  NumberLong: '$numberLong',
  NumberInt: '$numberInt',
};

function badDate(where: string): ReportError {
  return new ReportError('definition', `${where}: a $date cannot be read`, {
    hint: 'It is written as { "$date": "2026-01-31T00:00:00Z" }.',
  });
}

function refused(where: string, key: string): ReportError {
  return new ReportError('definition', `${where}: ${key} is refused`, {
    hint:
      key === '$changeStream'
        ? 'A report reads what is there and ends.'
        : 'Reports only read: where the rows go is said by outputs.',
  });
}

function noMarker(where: string, text: string): ReportError {
  return new ReportError('definition', `${where}: $match is the text ${shown(text)}`, {
    hint: `${didYouMean(text, [MARKER])}; anything else is an object.`,
  });
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
