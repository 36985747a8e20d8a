// Chooses the columns of two published files that are compared, their order, and the key.
import { didYouMean, ReportError } from '../../core/errors.js';
import { isNumeric, type Kind } from '../../core/table.js';
import type { Manifest } from '../../publish/documents.js';

interface ComparedColumn {
  readonly name: string;
  /** The kind in both files; of two number kinds `decimal`, of other different kinds `text`. */
  readonly kind: Kind;
}

/** The form in which rows are compared: the columns of both files without the volatile ones, the key first. */
export interface Layout {
  readonly columns: readonly ComparedColumn[];
  /** The number of columns in the key. */
  readonly keys: number;
  /** The index of the column to group by. */
  readonly by: number | undefined;
  /** The indices of the columns to sum; that of the value comes first. */
  readonly totals: readonly number[];
  /** Columns that only one of the files has. */
  readonly gone: readonly string[];
  readonly added: readonly string[];
}

export interface Chosen {
  /** Names of columns. */
  readonly key: readonly string[];
  readonly by: string | undefined;
  /** The total whose differences matter most; by default the first one with decimals, else the first one. */
  readonly value?: string | undefined;
}

/** @throws ReportError `usage` for a column that is not in both files, or differs at every read */
export function layoutOf(before: Manifest, after: Manifest, { key, by, value }: Chosen): Layout {
  const volatile = new Set([...before.volatile, ...after.volatile]);
  const common = before.columns.flatMap(({ name, kind }) => {
    const other = after.columns.find((column) => column.name === name);
    return other === undefined || volatile.has(name) ? [] : [{ name, kind: commonKind(kind, other.kind) }];
  });
  const chosen = (name: string): ComparedColumn => {
    const found = common.find((column) => column.name === name);
    if (found !== undefined) return found;
    const why = volatile.has(name) ? 'differs at every read' : 'is not in both files';
    const names = common.map((column) => column.name);
    throw new ReportError('usage', `diff: the column "${name}" ${why}`, {
      hint: `${didYouMean(name, names)}.`,
    });
  };
  const keys = [...new Set(key)].map(chosen);
  const columns = [...keys, ...common.filter((column) => !keys.includes(column))];
  const summed = new Set([...Object.keys(before.totals), ...Object.keys(after.totals)]);
  const totals = columns.flatMap(({ name, kind }, index) =>
    summed.has(name) && isNumeric(kind) ? [index] : [],
  );
  const first = totals.find((index) => columns[index]?.kind === 'decimal') ?? totals[0];
  const valueIndex = value === undefined ? first : totals.find((index) => columns[index]?.name === value);
  if (value !== undefined && valueIndex === undefined) {
    const names = totals.map((index) => columns[index]?.name ?? '');
    throw new ReportError('usage', `diff: "${value}" is no total of both files`, {
      hint: names.length === 0 ? 'They have no totals.' : `${didYouMean(value, names)}.`,
    });
  }
  return {
    columns,
    keys: keys.length,
    by: by === undefined ? undefined : columns.indexOf(chosen(by)),
    totals: totals.toSorted((one, other) => Number(other === valueIndex) - Number(one === valueIndex)),
    gone: namesOnlyIn(before, after, volatile),
    added: namesOnlyIn(after, before, volatile),
  };
}

function commonKind(one: Kind, other: Kind): Kind {
  if (one === other) return one;
  return isNumeric(one) && isNumeric(other) ? 'decimal' : 'text';
}

function namesOnlyIn(one: Manifest, other: Manifest, volatile: ReadonlySet<string>): string[] {
  const names = one.columns.map(({ name }) => name).filter((name) => !volatile.has(name));
  return names.filter((name) => !other.columns.some((column) => column.name === name));
}
