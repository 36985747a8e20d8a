// Paths into documents: their syntax, and a tree of them for reading all in one pass.
import { ReportError } from '../../core/errors.js';
import type { Column } from '../../core/table.js';
import { pathThrough, segmentsOf } from '../documents/path.js';

/** A key that paths end at or lead through. */
interface Field {
  readonly path: string;
  /** The number of the level inside it, where paths lead on. */
  readonly level: number | undefined;
}

/** The numbers of the fields of one object, by their keys. */
type Level = ReadonlyMap<string, number>;

/** Paths as a tree with numbered fields and levels. The document is level 0. */
export interface FieldTree {
  readonly levels: readonly Level[];
  readonly fields: readonly Field[];
  /** The number of the field at the end of each column's path. */
  readonly ofColumns: readonly number[];
}

export function pathOf(column: Column): string {
  return column.path ?? column.name;
}

export function isIndex(segment: string): boolean {
  return /^(?:0|[1-9]\d{0,8})$/.test(segment);
}

/**
 * @param where `server` for what the server itself follows, which cannot be a name with a dot
 * @throws ReportError `definition` for a path that MongoDB cannot follow
 */
export function assertPath(path: string, whose: string, where: 'server' | 'document' = 'server'): void {
  const segments = segmentsOf(path);
  const wrong =
    path.includes('\0') ||
    segments.some(
      (name) => name === '' || name.startsWith('$') || (where === 'server' && name.includes('.')),
    );
  if (!wrong) return;
  throw new ReportError('definition', `${whose}: ${JSON.stringify(path)} is no path into a document`, {
    hint: 'Keys are separated by dots, none is empty and none begins with $. Only a column may lead through a key with a dot, spelled \\. ; a pipeline can rename such keys with $getField.',
  });
}

/** @param paths the path of each column */
export function fieldTree(paths: readonly string[]): FieldTree {
  const levels: Map<string, number>[] = [];
  const fields: Field[] = [];
  const numbers = new Map<string, number>();
  const grow = (below: readonly (readonly string[])[], above: readonly string[]): number => {
    const level = new Map<string, number>();
    const number = levels.push(level) - 1;
    for (const name of new Set(below.map(([first = '']) => first))) {
      const here = [...above, name];
      const rest = below.filter(([first, ...more]) => first === name && more.length > 0);
      const next =
        rest.length === 0
          ? undefined
          : grow(
              rest.map((segments) => segments.slice(1)),
              here,
            );
      const path = pathThrough(here);
      const field = fields.push({ path, level: next }) - 1;
      level.set(name, field);
      numbers.set(path, field);
    }
    return number;
  };
  const all = paths.map(segmentsOf);
  grow(all, []);
  return { levels, fields, ofColumns: all.map((segments) => numbers.get(pathThrough(segments)) ?? -1) };
}

/** The numbers of a field and of all fields inside it. */
export function fieldsFrom(tree: FieldTree, number: number): number[] {
  const level = tree.fields[number]?.level;
  const below = level === undefined ? [] : [...(tree.levels[level]?.values() ?? [])];
  return [number, ...below.flatMap((field) => fieldsFrom(tree, field))];
}

/**
 * The projection for the paths. A path inside another is left out, because MongoDB refuses both; a path with an index becomes the
 * whole array, and one with a dot in a name the whole object, because a projection has neither.
 * @returns undefined for the whole document
 */
export function projectionOf(paths: readonly string[]): Record<string, 1> | undefined {
  const cut = paths.map((path) => {
    const segments = segmentsOf(path);
    const index = segments.findIndex((name, at) => (at > 0 && isIndex(name)) || name.includes('.'));
    return index === -1 ? path : segments.slice(0, index).join('.');
  });
  if (cut.includes('')) return undefined;
  const kept = [...new Set(cut)].filter((path) => !cut.some((other) => path.startsWith(`${other}.`)));
  return Object.fromEntries(kept.map((path) => [path, 1]));
}
