// Aggregation expressions: paths, literals, comparisons and sums on the bytes, every other operator by mingo.
import { ACCUMULATORS } from './accumulators.js';
import { ServerError, unsupported } from './errors.js';
import { evaluateByMingo } from './mingo.js';
import { negated, productOf, sumOf } from './numbers.js';
import { compareValues, isTruthy } from './order.js';
import { valueAt } from './paths.js';
import {
  arrayOf,
  elementOf,
  fieldsOf,
  isNumber,
  objectOf,
  TYPE,
  textOf,
  toValue,
  type Value,
} from './values.js';

type Document = Uint8Array;

/**
 * The expression's value on a document; undefined when there is none.
 * @throws ServerError for what mingo would get wrong (see `plain`) or does not know.
 */
export function evaluate(expression: Value, document: Document): Value | undefined {
  if (expression.type === TYPE.string) return evaluateText(expression, document);
  if (expression.type === TYPE.array)
    return arrayOf(fieldsOf(expression.bytes).map((item) => evaluate(item, document) ?? NULL));
  if (expression.type !== TYPE.object) return expression;
  const fields = fieldsOf(expression.bytes);
  const operator = fields[0];
  if (operator === undefined || !operator.name.startsWith('$')) {
    return objectOf(
      fields.flatMap((field) => {
        const value = evaluate(field, document);
        return value === undefined ? [] : [elementOf(field.name, value)];
      }),
    );
  }
  if (fields.length > 1)
    throw new ServerError(
      15983,
      `an object representing an expression must have exactly one field: ${operator.name}`,
    );
  const own = OPERATORS[operator.name];
  return own === undefined ? evaluateByMingo(expression, document) : own(operator, document);
}

const NULL: Value = toValue(null);

function evaluateText(expression: Value, document: Document): Value | undefined {
  const text = textOf(expression);
  if (!text.startsWith('$')) return expression;
  const [variable = '', ...path] = text.slice(1).split('.');
  if (!variable.startsWith('$')) return valueAt(document, [variable, ...path]);
  if (variable === '$REMOVE') return undefined;
  if (variable !== '$ROOT' && variable !== '$CURRENT')
    throw new ServerError(17276, `Use of undefined variable: ${variable.slice(1)}`);
  return path.length === 0
    ? objectOf(fieldsOf(document).map((field) => field.element))
    : valueAt(document, path);
}

type Operator = (operand: Value, document: Document) => Value | undefined;

const OPERATORS: Readonly<Record<string, Operator>> = {
  $literal: (operand) => operand,
  $add: arithmetic(sumOf),
  $multiply: arithmetic(productOf),
  $subtract: arithmetic(([left = NULL, right = NULL]) => sumOf([left, negated(right)])),
  $eq: comparison((difference) => difference === 0),
  $ne: comparison((difference) => difference !== 0),
  $gt: comparison((difference) => difference > 0),
  $gte: comparison((difference) => difference >= 0),
  $lt: comparison((difference) => difference < 0),
  $lte: comparison((difference) => difference <= 0),
  $and: (operand, document) => toValue(operandsOf(operand, document).every(isTruthy)),
  $or: (operand, document) => toValue(operandsOf(operand, document).some(isTruthy)),
  $not: (operand, document) => toValue(!isTruthy(operandsOf(operand, document)[0])),
  $ifNull: (operand, document) => {
    const values = operandsOf(operand, document);
    return values.find((value) => value !== undefined && value.type !== TYPE.null) ?? values.at(-1);
  },
  $sum: accumulated('$sum'),
  $avg: accumulated('$avg'),
  $min: accumulated('$min'),
  $max: accumulated('$max'),
  $cond: (operand, document) => {
    const fields = fieldsOf(operand.bytes);
    const part = (name: string, index: number) =>
      operand.type === TYPE.array ? fields[index] : fields.find((field) => field.name === name);
    const [condition, yes, no] = [part('if', 0), part('then', 1), part('else', 2)];
    if (!condition || !yes || !no) throw new ServerError(16020, '$cond takes if, then and else');
    return evaluate(isTruthy(evaluate(condition, document)) ? yes : no, document);
  },
};

function operandsOf(operand: Value, document: Document): (Value | undefined)[] {
  const items = operand.type === TYPE.array ? fieldsOf(operand.bytes) : [operand];
  return items.map((item) => evaluate(item, document));
}

/** On numbers; null when one is missing. Dates are left to nobody. */
function arithmetic(apply: (values: readonly Value[]) => Value): Operator {
  return (operand, document) => {
    const values = operandsOf(operand, document);
    const present = values.filter((value) => value !== undefined && value.type !== TYPE.null) as Value[];
    if (present.length < values.length) return NULL;
    if (!present.every(isNumber)) throw unsupported('arithmetic on anything but numbers');
    return apply(present);
  };
}

/** A single operand may be the array of what is meant. */
function accumulated(name: string): Operator {
  return (operand, document) => {
    const values = operandsOf(operand, document);
    const [only] = values;
    const inside = values.length === 1 && only?.type === TYPE.array ? fieldsOf(only.bytes) : values;
    return ACCUMULATORS[name]?.(inside);
  };
}

function comparison(holds: (difference: number) => boolean): Operator {
  return (operand, document) => {
    const [left, right] = operandsOf(operand, document);
    return toValue(holds(compareValues(left, right)));
  };
}
