// The order of rows, as PostgreSQL's default: nulls last (first when descending), exact numbers.
import { type Cell, isNumeric, type Kind } from '../../core/table.js';
import { compareNumbers } from './numbers.js';

export interface SortKey {
  /** The index of the cell in its row. */
  readonly index: number;
  readonly kind: Kind;
  readonly descending: boolean;
}

/** A cell prepared for comparison. */
type Key = string | Approximate | null;

/** `near` decides; where two are equal, `rest` does. */
interface Approximate {
  readonly near: number;
  readonly rest: string;
}

export interface Sortable {
  readonly cells: readonly Cell[];
  readonly keys: readonly Key[];
}

export function sortable(cells: readonly Cell[], keys: readonly SortKey[]): Sortable {
  return { cells, keys: keys.map(({ index, kind }) => keyOf(cells[index] ?? null, kind)) };
}

export function comparison(keys: readonly SortKey[]): (a: Sortable, b: Sortable) => number {
  return (a, b) => {
    for (let index = 0; index < keys.length; index += 1) {
      const { kind, descending } = keys[index] as SortKey;
      const order = compareKeys(a.keys[index] ?? null, b.keys[index] ?? null, kind);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  };
}

function keyOf(cell: Cell, kind: Kind): Key {
  if (cell === null) return null;
  switch (kind) {
    case 'integer':
    case 'decimal':
      return { near: Number(cell), rest: cell };
    case 'date':
    case 'timestamp':
      return momentKey(cell);
    default:
      return cell;
  }
}

function compareKeys(a: Key, b: Key, kind: Kind): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === 'string' || typeof b === 'string') return compareTexts(a as string, b as string);
  if (a.near < b.near) return -1;
  if (a.near > b.near) return 1;
  // Rounding to a double can make different numbers equal, but never reverses their order; NaN compares false both ways.
  if (isNumeric(kind)) return a.rest === b.rest ? 0 : compareNumbers(a.rest, b.rest);
  return compareTexts(a.rest, b.rest);
}

/** By Unicode code points, which is the order of the bytes in UTF-8 (PostgreSQL's collation C). */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return unitRank(left) - unitRank(right);
  }
  return a.length - b.length;
}

/** Surrogates encode code points above U+FFFF, so they rank above every other unit. */
function unitRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const MOMENT =
  /^(\d+)-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?)?( BC)?$/;

/** Days since 1970 in UTC of what a canonical cell names, and the seconds of that day; without an offset, as if UTC. */
function momentKey(cell: string): Approximate {
  const match = MOMENT.exec(cell);
  if (match === null) throw new Error(`no canonical date or timestamp: ${cell}`);
  const part = (index: number) => Number(match[index] ?? 0);
  const year = match[12] === undefined ? part(1) : 1 - part(1);
  const ahead = (part(9) * 3600 + part(10) * 60 + part(11)) * (match[8] === '-' ? -1 : 1);
  const seconds = part(4) * 3600 + part(5) * 60 + part(6) - ahead;
  const day = Math.floor(seconds / 86_400);
  // Digits of a fraction sort as text.
  const rest = `${String(seconds - day * 86_400).padStart(5, '0')}.${match[7] ?? ''}`;
  return { near: days(year, part(2), part(3)) + day, rest };
}

/** Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil. */
function days(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear -
    719_468
  );
}
