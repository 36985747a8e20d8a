// The stages of an aggregation, each a function on an array of documents; a stage that is not here is an error.
import { BSON } from 'mongodb';
import { ServerError, unsupported } from './errors.js';
import { evaluate } from './expressions.js';
import { compileGroup } from './group.js';
import { compileMatch, matchesAny } from './match.js';
import { compareValues } from './order.js';
import { candidatesAt, valueAt, withValueAt } from './paths.js';
import { checkPath, compileAddition, compileProjection, type Transform } from './projection.js';
import {
  arrayOf,
  documentOf,
  elementOf,
  type Field,
  fieldOf,
  fieldsOf,
  isNumber,
  objectOf,
  TYPE,
  textOf,
  toJavaScript,
  toValue,
  type Value,
} from './values.js';

export type Stage = (documents: readonly Buffer[]) => readonly Buffer[];

/** Where $lookup and $collStats look. */
export interface Surroundings {
  /** `database.collection` */
  readonly namespace: string;
  collection(name: string): readonly Buffer[];
}

/** @throws ServerError 40324 for a stage that is not known here, and what a server says of a wrong one. */
export function compilePipeline(pipeline: Value | undefined, surroundings: Surroundings): Stage {
  if (pipeline?.type !== TYPE.array) throw new ServerError(14, "'pipeline' must be an array");
  const stages = fieldsOf(pipeline.bytes).map((stage, index) => {
    const [field, second] = stage.type === TYPE.object ? fieldsOf(stage.bytes) : [];
    if (field === undefined || second !== undefined)
      throw new ServerError(40323, 'A pipeline stage specification object must contain exactly one field.');
    const compile = STAGES[field.name];
    if (compile === undefined)
      throw new ServerError(40324, `Unrecognized pipeline stage name: '${field.name}'`);
    if (field.name === '$collStats' && index > 0)
      throw new ServerError(40602, '$collStats is only valid as the first stage in a pipeline');
    return compile(field, surroundings);
  });
  return (documents) => stages.reduce((current, stage) => stage(current), documents);
}

const STAGES: Readonly<Record<string, (operand: Field, surroundings: Surroundings) => Stage>> = {
  $match: (operand) => {
    const matches = compileMatch(objectBytes(operand));
    return (documents) => documents.filter(matches);
  },
  $project: (operand) => each(compileProjection(nonEmpty(operand, 51272))),
  $addFields: (operand) => each(compileAddition(objectBytes(operand))),
  $set: (operand) => each(compileAddition(objectBytes(operand))),
  $unset: (operand) => {
    const names = operand.type === TYPE.array ? fieldsOf(operand.bytes) : [operand];
    return each(compileProjection(documentOf(names.map((name) => elementOf(textOf(name), toValue(0))))));
  },
  $sort: (operand) => compileSort(nonEmpty(operand, 15976)),
  $limit: (operand) => {
    const limit = wholeNumber(operand, 15958, 1);
    return (documents) => documents.slice(0, limit);
  },
  $skip: (operand) => {
    const skip = wholeNumber(operand, 15956, 0);
    return (documents) => documents.slice(skip);
  },
  $unwind: compileUnwind,
  $group: (operand) => compileGroup(objectBytes(operand)),
  $count: (operand) => (documents) =>
    documents.length === 0 ? [] : [documentOf([elementOf(textOf(operand), toValue(documents.length))])],
  $sortByCount: (operand) => {
    const count = objectOf([elementOf('$sum', toValue(1))]);
    const group = compileGroup(documentOf([elementOf('_id', operand), elementOf('count', count)]));
    const sort = compileSort(documentOf([elementOf('count', toValue(-1))]));
    return (documents) => sort(group(documents));
  },
  $replaceRoot: (operand) => {
    const root = fieldOf(objectBytes(operand), 'newRoot');
    if (root === undefined) throw new ServerError(40231, 'no newRoot specified for the $replaceRoot stage');
    return each(replacement(root));
  },
  $replaceWith: (operand) => each(replacement(operand)),
  $lookup: compileLookup,
  $facet: (operand, surroundings) => {
    const facets = fieldsOf(objectBytes(operand)).map((field) => ({
      name: field.name,
      run: compilePipeline(field, surroundings),
    }));
    return (documents) => [
      documentOf(
        facets.map(({ name, run }) => {
          const found = run(documents).map((bytes) => ({ type: TYPE.object, bytes: Buffer.from(bytes) }));
          return elementOf(name, arrayOf(found));
        }),
      ),
    ];
  },
  $unionWith: (operand, surroundings) => {
    const coll = fieldOf(objectBytes(operand), 'coll');
    if (coll?.type !== TYPE.string) throw unsupported('$unionWith without coll');
    const run = compilePipeline(fieldOf(objectBytes(operand), 'pipeline'), surroundings);
    return (documents) => [...documents, ...run(surroundings.collection(textOf(coll)))];
  },
  $collStats: (operand, { namespace }) => {
    const asked = new Set(fieldsOf(objectBytes(operand)).map((field) => field.name));
    return (documents) => [Buffer.from(BSON.serialize(collectionStatistics(namespace, documents, asked)))];
  },
};

/** What $collStats says; `size` is the documents' own bytes. */
function collectionStatistics(namespace: string, documents: readonly Buffer[], asked: ReadonlySet<string>) {
  const size = documents.reduce((sum, document) => sum + document.length, 0);
  const avgObjSize = documents.length === 0 ? 0 : Math.floor(size / documents.length);
  return {
    ns: namespace,
    localTime: new Date(),
    ...(asked.has('count') ? { count: documents.length } : {}),
    ...(asked.has('storageStats')
      ? { storageStats: { size, count: documents.length, avgObjSize, storageSize: size } }
      : {}),
  };
}

function each(transform: Transform): Stage {
  return (documents) => documents.map(transform);
}

function objectBytes(operand: Field): Buffer {
  if (operand.type !== TYPE.object)
    throw new ServerError(15959, `the ${operand.name} specification must be an object`);
  return operand.bytes;
}

function nonEmpty(operand: Field, code: number): Buffer {
  const bytes = objectBytes(operand);
  if (fieldsOf(bytes).length === 0)
    throw new ServerError(code, `${operand.name} must have at least one field`);
  return bytes;
}

function wholeNumber(operand: Field, code: number, least: number): number {
  const value = isNumber(operand) ? Number(toJavaScript(operand)) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < least)
    throw new ServerError(
      code,
      `invalid argument to ${operand.name} stage: ${String(toJavaScript(operand))}`,
    );
  return value;
}

/** A field with an array sorts by its least item upwards and by its greatest downwards; the sort is stable. */
export function compileSort(specification: Uint8Array): Stage {
  const keys = fieldsOf(specification).map((field) => {
    checkPath(field.name);
    const direction = isNumber(field) ? Number(toJavaScript(field)) : 0;
    if (direction !== 1 && direction !== -1)
      throw new ServerError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    return { path: field.name.split('.'), direction };
  });
  return (documents) =>
    documents
      .map((document) => ({
        document,
        values: keys.map(({ path, direction }) => sortKey(document, path, direction)),
      }))
      .sort((a, b) => {
        for (const [index, { direction }] of keys.entries()) {
          const difference = compareValues(a.values[index], b.values[index]) * direction;
          if (difference !== 0) return difference;
        }
        return 0;
      })
      .map(({ document }) => document);
}

function sortKey(document: Buffer, path: readonly string[], direction: number): Value | undefined {
  const candidates = candidatesAt(document, path);
  // An array is sorted by its items; an empty one comes before null, as what is undefined does.
  const items = candidates.filter(({ value, item }) => item || value?.type !== TYPE.array);
  if (items.length === 0) return undefined;
  return items
    .map(({ value }) => value ?? toValue(null))
    .reduce((best, value) => (compareValues(value, best) * direction < 0 ? value : best));
}

function compileUnwind(operand: Field): Stage {
  const options = operand.type === TYPE.object ? fieldsOf(operand.bytes) : [{ ...operand, name: 'path' }];
  const option = (name: string) => options.find((field) => field.name === name);
  const named = option('path');
  const text = named?.type === TYPE.string ? textOf(named) : '';
  if (!text.startsWith('$'))
    throw new ServerError(28818, `path option to $unwind stage should be prefixed with a '$': ${text}`);
  const path = text.slice(1).split('.');
  const indexField = option('includeArrayIndex');
  const indexPath = indexField && textOf(indexField).split('.');
  const preserve = option('preserveNullAndEmptyArrays')?.bytes[0] === 1;

  const indexed = (document: Buffer, index: number | null) =>
    indexPath
      ? withValueAt(document, indexPath, toValue(index === null ? null : BSON.Long.fromNumber(index)))
      : document;
  return (documents) =>
    documents.flatMap((document) => {
      const value = valueAt(document, path);
      const items = value?.type === TYPE.array ? fieldsOf(value.bytes) : undefined;
      if (items !== undefined && items.length > 0)
        return items.map((item, index) => indexed(withValueAt(document, path, item), index));
      const something = items === undefined && value !== undefined && value.type !== TYPE.null;
      if (!something && !preserve) return [];
      return [indexed(items === undefined ? document : withValueAt(document, path, undefined), null)];
    });
}

function replacement(expression: Value): Transform {
  return (document) => {
    const root = evaluate(expression, document);
    if (root?.type !== TYPE.object)
      throw new ServerError(40228, "'newRoot' expression must evaluate to an object");
    return root.bytes;
  };
}

/** The form with localField and foreignField. */
function compileLookup(operand: Field, { collection }: Surroundings): Stage {
  const options = fieldsOf(objectBytes(operand));
  const option = (name: string) => {
    const field = options.find((one) => one.name === name);
    if (field?.type !== TYPE.string) throw new ServerError(9, `$lookup argument '${name}' must be a string`);
    return textOf(field);
  };
  const other = options.find(({ name }) => !['from', 'localField', 'foreignField', 'as'].includes(name));
  if (other !== undefined) throw unsupported(`$lookup with ${other.name}`);
  const foreign = collection(option('from'));
  const [local, joined, as] = [
    option('localField').split('.'),
    option('foreignField'),
    option('as').split('.'),
  ];
  return each((document) => {
    const value = valueAt(document, local) ?? toValue(null);
    const matches = matchesAny(value.type === TYPE.array ? fieldsOf(value.bytes) : [value], joined);
    const found = foreign.filter(matches).map((bytes) => ({ type: TYPE.object, bytes }));
    return withValueAt(document, as, arrayOf(found));
  });
}
