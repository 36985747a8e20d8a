// Paths into documents: how they are written, and as a tree for reading all of them in one pass.
import { ReportError } from '../../errors.js';
import type { Column } from '../../table.js';

/** A key on the way to, or at the end of, some paths. */
export interface Field {
  readonly path: string;
  /** The numbers of the columns that end here. */
  readonly columns: number[];
  readonly fields: Fields | undefined;
  /** The document, by its number, in which it was seen last: a second time in one document is a duplicate. */
  seenIn: number;
}

export interface Fields {
  readonly byName: ReadonlyMap<string, Field>;
  /** What the reader found out about names; see rows.ts. */
  readonly names: Map<string, Name>;
  first: Name | undefined;
}

/** The bytes of a key, which field it is, and the key that followed it last time: documents resemble each other. */
export interface Name {
  readonly bytes: Uint8Array;
  readonly field: Field | undefined;
  following: Name | undefined;
}

export function pathOf(column: Column): string {
  return column.path ?? column.name;
}

export function isIndex(segment: string): boolean {
  return /^(?:0|[1-9]\d{0,8})$/.test(segment);
}

/** @throws ReportError `definition` for a path that MongoDB cannot follow */
export function assertPath(path: string, whose: string): void {
  const wrong = path.split('.').find((segment) => segment === '' || segment.startsWith('$'));
  if (wrong === undefined && !path.includes('\0')) return;
  throw new ReportError('definition', `${whose}: ${JSON.stringify(path)} is no path into a document`, {
    hint: 'Keys are separated by dots, none is empty and none begins with $; a pipeline can rename such keys with $getField.',
  });
}

/** @param paths the path of each column */
export function fieldTree(paths: readonly string[]): Fields {
  return fields(
    paths.map((path, column) => ({ segments: path.split('.'), column })),
    '',
  );
}

function fields(wanted: readonly { segments: readonly string[]; column: number }[], prefix: string): Fields {
  const byName = new Map<string, Field>();
  for (const name of new Set(wanted.map(({ segments }) => segments[0] ?? ''))) {
    const path = prefix + name;
    const here = wanted.filter(({ segments }) => segments[0] === name);
    const below = here
      .filter(({ segments }) => segments.length > 1)
      .map(({ segments, column }) => ({ segments: segments.slice(1), column }));
    byName.set(name, {
      path,
      columns: here.filter(({ segments }) => segments.length === 1).map(({ column }) => column),
      fields: below.length === 0 ? undefined : fields(below, `${path}.`),
      seenIn: 0,
    });
  }
  return { byName, names: new Map(), first: undefined };
}

/** The numbers of all columns that end below the fields. */
export function columnsBelow({ byName }: Fields): number[] {
  return [...byName.values()].flatMap((field) => [
    ...field.columns,
    ...(field.fields === undefined ? [] : columnsBelow(field.fields)),
  ]);
}

/**
 * What MongoDB has to send for the paths: none inside another (which it refuses), and whole arrays, since a projection
 * reads no index.
 */
export function projectionOf(paths: readonly string[]): Record<string, 1> {
  const cut = paths.map((path) => {
    const segments = path.split('.');
    const index = segments.findIndex(isIndex);
    return index === -1 ? path : segments.slice(0, index).join('.') || path;
  });
  const kept = [...new Set(cut)].filter((path) => !cut.some((other) => path.startsWith(`${other}.`)));
  return Object.fromEntries(kept.map((path) => [path, 1]));
}
