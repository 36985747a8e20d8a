// What becomes of many values in $group, and of an array in an expression.
import { averageOf, sumOf } from './numbers.js';
import { compareValues, keyOf } from './order.js';
import { arrayOf, isNumber, TYPE, toValue, type Value } from './values.js';

/** Of the values of a group's documents, in order. */
type Accumulate = (values: readonly (Value | undefined)[]) => Value | undefined;

const NULL = toValue(null);

export const ACCUMULATORS: Readonly<Record<string, Accumulate>> = {
  // Anything but a number counts as nothing.
  $sum: (values) => sumOf(present(values).filter(isNumber)),
  $avg: (values) => averageOf(present(values).filter(isNumber)) ?? NULL,
  $min: (values) => extreme(values, -1),
  $max: (values) => extreme(values, 1),
  $first: (values) => values[0] ?? NULL,
  $last: (values) => values.at(-1) ?? NULL,
  $push: (values) => arrayOf(present(values)),
  $addToSet: (values) =>
    arrayOf([...new Map(present(values).map((value) => [keyOf(value), value])).values()]),
  $count: (values) => sumOf(values.map(() => toValue(1))),
};

function present(values: readonly (Value | undefined)[]): Value[] {
  return values.filter((value) => value !== undefined);
}

function extreme(values: readonly (Value | undefined)[], sign: number): Value {
  const real = present(values).filter(({ type }) => type !== TYPE.null && type !== TYPE.undefined);
  if (real.length === 0) return NULL;
  return real.reduce((best, value) => (compareValues(value, best) * sign > 0 ? value : best));
}
