// A projection of find or $project as a function on documents; fields that stay keep their bytes.
import { ServerError } from './errors.js';
import { evaluate } from './expressions.js';
import { isTruthy } from './order.js';
import { type PathTree, projected, withValueAt } from './paths.js';
import { type Field, fieldsOf, isNumber, TYPE, type Value } from './values.js';

export type Transform = (document: Buffer) => Buffer;

interface Leaf {
  readonly path: string;
  readonly value: Field;
}

/** @throws ServerError with the codes that a server has for a projection that contradicts itself. */
export function compileProjection(specification: Uint8Array): Transform {
  const leaves = leavesOf(specification);
  if (leaves.length === 0) return (document) => document;
  const plain = leaves.filter(({ value }) => isPlain(value));
  const computed = leaves.filter(({ value }) => !isPlain(value));
  const others = plain.filter(({ path }) => path !== '_id');
  const id = plain.find(({ path }) => path === '_id');
  const first = others[0] ?? (computed.length > 0 ? undefined : id);
  const keep = first === undefined || isTruthy(first.value);
  const odd = others.find(({ value }) => isTruthy(value) !== keep);
  if (odd !== undefined) {
    const mode = keep ? 'exclusion on field X in inclusion' : 'inclusion on field X in exclusion';
    throw new ServerError(keep ? 31254 : 31253, `Cannot do ${mode.replace('X', odd.path)} projection`);
  }
  if (!keep && computed.length > 0)
    throw new ServerError(31310, `Cannot use an expression in an exclusion projection: ${computed[0]?.path}`);

  const tree: PathTree = new Map();
  for (const { path } of [...others, ...computed]) grow(tree, path);
  for (const { path } of computed) prune(tree, path);
  const idListed =
    id === undefined ? keep && !computed.some(({ path }) => path === '_id') : isTruthy(id.value) === keep;
  if (idListed) tree.set('_id', 'whole');
  const additions = computed.map(({ path, value }) => ({ path: path.split('.'), value }));
  return (document) =>
    additions.reduce(
      (result, { path, value }) => withValueAt(result, path, evaluate(value, document)),
      projected(document, tree, keep),
    );
}

/** $addFields and $set: every path with its expression, all of them evaluated on the document as it came in. */
export function compileAddition(specification: Uint8Array): Transform {
  const leaves = leavesOf(specification).map(({ path, value }) => ({ path: path.split('.'), value }));
  return (document) =>
    leaves.reduce(
      (result, { path, value }) => withValueAt(result, path, evaluate(value, document)),
      document,
    );
}

function isPlain(value: Value): boolean {
  return value.type === TYPE.bool || isNumber(value);
}

/** `{ a: { b: 1 } }` is `{ 'a.b': 1 }`, unless what is inside is an operator. */
function leavesOf(specification: Uint8Array, prefix = ''): Leaf[] {
  return fieldsOf(specification).flatMap((field) => {
    checkPath(field.name);
    const path = `${prefix}${field.name}`;
    if (field.type !== TYPE.object) return [{ path, value: field }];
    const inside = fieldsOf(field.bytes);
    if (inside.length === 0 || inside[0]?.name.startsWith('$')) return [{ path, value: field }];
    return leavesOf(field.bytes, `${path}.`);
  });
}

export function checkPath(path: string): void {
  if (path === '') throw new ServerError(40352, 'FieldPath cannot be constructed with empty string');
  if (path.endsWith('.')) throw new ServerError(40353, "FieldPath must not end with a '.'.");
  const steps = path.split('.');
  if (steps.includes('')) throw new ServerError(15998, 'FieldPath field names may not be empty strings.');
  if (steps.some((step) => step.startsWith('$')))
    throw new ServerError(16410, `FieldPath field names may not start with '$': ${path}`);
}

function grow(tree: PathTree, path: string): void {
  const [step = '', ...rest] = path.split('.');
  const known = tree.get(step);
  if (known === 'whole' || (known !== undefined && rest.length === 0))
    throw new ServerError(31250, `Path collision at ${path}`);
  if (rest.length === 0) {
    tree.set(step, 'whole');
    return;
  }
  const below: PathTree = known ?? new Map();
  tree.set(step, below);
  grow(below, rest.join('.'));
}

/** A computed field takes nothing over from the document; the objects that it sits in stay. */
function prune(tree: PathTree, path: string): void {
  const [step = '', ...rest] = path.split('.');
  const below = tree.get(step);
  if (below === undefined || below === 'whole') tree.delete(step);
  else prune(below, rest.join('.'));
}
