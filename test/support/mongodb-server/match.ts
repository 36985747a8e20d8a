// A filter as a predicate on documents, by MongoDB's rules of types, arrays and missing fields.
import { ServerError, unsupported } from './errors.js';
import { evaluate } from './expressions.js';
import { isNaNValue } from './numbers.js';
import { bracketOf, compareValues, isTruthy } from './order.js';
import { type Candidate, candidatesAt } from './paths.js';
import {
  arrayOf,
  documentOf,
  elementOf,
  type Field,
  fieldsOf,
  isNumber,
  objectOf,
  TYPE,
  textOf,
  toJavaScript,
  type Value,
} from './values.js';

export type Predicate = (document: Buffer) => boolean;
/** A condition on what is at one path. */
type Test = (candidates: readonly Candidate[]) => boolean;
type ValueTest = (value: Value | undefined) => boolean;

/** @throws ServerError for what a server refuses, and for what this one does not know. */
export function compileMatch(filter: Uint8Array): Predicate {
  const predicates = fieldsOf(filter).map(compileField);
  return (document) => predicates.every((predicate) => predicate(document));
}

function compileField(field: Field): Predicate {
  const { name } = field;
  if (name === '$comment') return () => true;
  if (name === '$expr') return (document) => isTruthy(evaluate(field, document));
  if (name === '$and' || name === '$or' || name === '$nor') {
    const branches = itemsOf(field, name).map((item) => {
      if (item.type !== TYPE.object)
        throw new ServerError(2, '$or/$and/$nor entries need to be full objects');
      return compileMatch(item.bytes);
    });
    if (branches.length === 0) throw new ServerError(2, '$and/$or/$nor must be a nonempty array');
    if (name === '$and') return (document) => branches.every((branch) => branch(document));
    const wanted = name === '$or';
    return (document) => branches.some((branch) => branch(document)) === wanted;
  }
  if (['$where', '$text', '$jsonSchema', '$sampleRate'].includes(name)) throw unsupported(name);
  if (name.startsWith('$')) throw new ServerError(2, `unknown top level operator: ${name}`);
  const path = name.split('.');
  const test = compileCondition(field);
  return (document) => test(candidatesAt(document, path));
}

/** `{ path: <condition> }`: operators, a regular expression, or a value to equal. */
function compileCondition(condition: Value): Test {
  const operators = operatorsOf(condition);
  if (operators === undefined) return anyOf(equalTo(condition));
  const tests = operators.map((operator) => compileOperator(operator, operators));
  return (candidates) => tests.every((test) => test(candidates));
}

function operatorsOf(condition: Value): Field[] | undefined {
  if (condition.type !== TYPE.object) return undefined;
  const fields = fieldsOf(condition.bytes);
  // $ref, $id and $db are a DBRef, which is a value.
  return fields[0]?.name.startsWith('$') && fields[0].name !== '$ref' ? fields : undefined;
}

const RANGES: Readonly<Record<string, (difference: number) => boolean>> = {
  $gt: (difference) => difference > 0,
  $gte: (difference) => difference >= 0,
  $lt: (difference) => difference < 0,
  $lte: (difference) => difference <= 0,
};

function compileOperator(operator: Field, siblings: readonly Field[]): Test {
  const { name } = operator;
  const range = RANGES[name];
  if (range !== undefined) {
    if (operator.type === TYPE.regex)
      throw new ServerError(2, `Can't have RegEx as arg to predicate over field: ${name}`);
    return anyOf(inRange(operator, range));
  }
  switch (name) {
    case '$eq':
      return anyOf((value) => equal(value, operator));
    case '$ne':
      if (operator.type === TYPE.regex) throw new ServerError(2, "Can't have regex as arg to $ne.");
      return noneOf((value) => equal(value, operator));
    case '$in':
      return anyOf(oneOf(operator));
    case '$nin':
      return noneOf(oneOf(operator));
    case '$not':
      return compileNot(operator);
    case '$exists': {
      const wanted = isTruthy(operator);
      return (candidates) => candidates.some(({ value }) => value !== undefined) === wanted;
    }
    case '$type':
      return typeTest(operator);
    case '$size': {
      const wanted = toJavaScript(operator);
      return onWhole((value) => value.type === TYPE.array && fieldsOf(value.bytes).length === wanted);
    }
    case '$all': {
      const tests = itemsOf(operator, name).map(compileCondition);
      return (candidates) => tests.length > 0 && tests.every((test) => test(candidates));
    }
    case '$elemMatch':
      return compileElemMatch(operator);
    case '$regex':
      return anyOf(
        matchesText(
          operator,
          siblings.find((field) => field.name === '$options'),
        ),
      );
    case '$options':
      if (!siblings.some((field) => field.name === '$regex'))
        throw new ServerError(2, '$options needs a $regex');
      return () => true;
    case '$mod':
    case '$geoWithin':
    case '$geoIntersects':
    case '$near':
    case '$nearSphere':
    case '$bitsAllSet':
    case '$bitsAllClear':
    case '$bitsAnySet':
    case '$bitsAnyClear':
      throw unsupported(name);
    default:
      throw new ServerError(2, `unknown operator: ${name}`);
  }
}

function compileNot(operand: Field): Test {
  if (operand.type !== TYPE.regex && operatorsOf(operand) === undefined)
    throw new ServerError(2, '$not needs a regex or a document');
  const test = compileCondition(operand);
  return (candidates) => !test(candidates);
}

function compileElemMatch(operand: Field): Test {
  if (operand.type !== TYPE.object) throw new ServerError(2, '$elemMatch needs an Object');
  const first = fieldsOf(operand.bytes)[0]?.name ?? '';
  const onValues = first.startsWith('$') && !['$and', '$or', '$nor', '$expr'].includes(first);
  const test = onValues ? compileCondition(operand) : undefined;
  const matches = onValues ? undefined : compileMatch(operand.bytes);
  return onWhole(
    (value) =>
      value.type === TYPE.array &&
      fieldsOf(value.bytes).some((item) => {
        if (test !== undefined) return test([{ value: item, item: false }]);
        const nested = item.type === TYPE.object || item.type === TYPE.array;
        return nested && matches?.(item.bytes) === true;
      }),
  );
}

function anyOf(test: ValueTest): Test {
  return (candidates) => candidates.some(({ value }) => test(value));
}

function noneOf(test: ValueTest): Test {
  return (candidates) => !candidates.some(({ value }) => test(value));
}

/** For operators that see the array at a path, never its items. */
function onWhole(test: (value: Value) => boolean): Test {
  return (candidates) => candidates.some(({ value, item }) => !item && value !== undefined && test(value));
}

function equalTo(operand: Value): ValueTest {
  return operand.type === TYPE.regex ? matchesText(operand) : (value) => equal(value, operand);
}

function isNullish(value: Value | undefined): boolean {
  return value === undefined || value.type === TYPE.null || value.type === TYPE.undefined;
}

function equal(value: Value | undefined, operand: Value): boolean {
  if (isNullish(operand)) return isNullish(value);
  return value !== undefined && compareValues(value, operand) === 0;
}

/** Only values of the operand's own type bracket compare with it; NaN only with itself. */
function inRange(operand: Value, holds: (difference: number) => boolean): ValueTest {
  if (isNullish(operand)) return (value) => holds(0) && isNullish(value);
  const everyType = operand.type === TYPE.minKey || operand.type === TYPE.maxKey;
  const notANumber = isNumber(operand) && isNaNValue(operand);
  return (value) => {
    if (bracketOf(value) !== bracketOf(operand))
      return everyType && holds(bracketOf(value) - bracketOf(operand));
    if (value !== undefined && isNumber(value) && notANumber !== isNaNValue(value)) return false;
    return holds(compareValues(value, operand));
  };
}

function oneOf(operand: Field): ValueTest {
  const items = itemsOf(operand, operand.name);
  if (items.some((item) => operatorsOf(item)))
    throw new ServerError(2, `cannot nest $ under ${operand.name}`);
  const tests = items.map(equalTo);
  return (value) => tests.some((test) => test(value));
}

function itemsOf(operand: Field, name: string): Field[] {
  if (operand.type !== TYPE.array) throw new ServerError(2, `${name} needs an array`);
  return fieldsOf(operand.bytes);
}

/** JavaScript's regular expressions stand in for PCRE: plain patterns only. */
function matchesText(operand: Value, options?: Value): ValueTest {
  const [source = '', own = ''] =
    operand.type === TYPE.regex ? operand.bytes.toString('utf8').split('\0') : [textOf(operand)];
  const flags = options === undefined ? own : textOf(options);
  if (/[^ims]/.test(flags)) throw unsupported(`regular expressions with the options "${flags}"`);
  const pattern = compilePattern(source, flags);
  return (value) => {
    if (value?.type === TYPE.regex) return operand.type === TYPE.regex && compareValues(value, operand) === 0;
    return (value?.type === TYPE.string || value?.type === TYPE.symbol) && pattern.test(textOf(value));
  };
}

function compilePattern(source: string, flags: string): RegExp {
  try {
    // PCRE's way of spelling a character by its number.
    const spelled = source.replaceAll(/\\x\{([0-9a-f]+)\}/g, (_, digits: string) =>
      String.fromCodePoint(Number.parseInt(digits, 16)),
    );
    return new RegExp(spelled, flags);
  } catch (error) {
    throw new ServerError(51091, `Regular expression is invalid: ${(error as Error).message}`);
  }
}

function typeTest(operand: Field): Test {
  const wanted = operand.type === TYPE.array ? fieldsOf(operand.bytes) : [operand];
  const types = new Set(wanted.flatMap(typesOf));
  return (candidates) => candidates.some(({ value }) => value !== undefined && types.has(value.type));
}

function typesOf(operand: Value): number[] {
  const wanted = toJavaScript(operand);
  if (wanted === 'number') return [TYPE.int, TYPE.long, TYPE.double, TYPE.decimal];
  const type =
    typeof wanted === 'string' ? (TYPE as Readonly<Record<string, number>>)[wanted] : Number(wanted) & 255;
  if (type === undefined || !(Object.values(TYPE) as number[]).includes(type))
    throw new ServerError(2, `Unknown type name alias: ${String(wanted)}`);
  return [type];
}

/** `{ <path>: { $in: <values> } }` */
export function matchesAny(values: readonly Value[], path: string): Predicate {
  return compileMatch(documentOf([elementOf(path, objectOf([elementOf('$in', arrayOf(values))]))]));
}
