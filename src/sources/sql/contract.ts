// Compares what the server says a query returns with what the report promises.
import { didYouMean, ReportError } from '../../core/errors.js';
import type { FloatColumn, SqlRequest } from '../../core/source.js';
import { type Column, KINDS, type Kind } from '../../core/table.js';
import type { Dialect } from './dialect.js';
import { dimensionsOf } from './query.js';

/** What the server says of a query. */
export interface Description {
  readonly columns: readonly DescribedColumn[];
  /**
   * Where conditions stand inside the query: the types of the dimensionsOf() the request, in that order, once for each
   * marker. Undefined where the conditions are on columns.
   */
  readonly expressions: readonly string[] | undefined;
}

export interface DescribedColumn {
  readonly name: string;
  /** As the engine names it. */
  readonly type: string;
}

/** What the statement is built from: the type of each exported or compared column, and of each mapped word at each marker. */
export interface Types {
  readonly columns: Readonly<Record<string, string>>;
  readonly dimensions: Readonly<Record<string, readonly string[]>>;
}

/** The narrowest kind whose canonical text is the type's own text. */
export function kindOf(type: string, { types }: Dialect): Kind {
  return KINDS.find((kind) => types[kind] !== 'any' && types[kind].includes(type)) ?? 'text';
}

/** The decimal columns whose type is binary floating point. */
export function floatsOf(
  { columns }: Pick<SqlRequest, 'columns'>,
  types: Types,
  { floats }: Dialect,
): FloatColumn[] {
  return columns.flatMap(({ name, kind }) => {
    const type = types.columns[name];
    return kind === 'decimal' && type !== undefined && floats.includes(type) ? [{ name, type }] : [];
  });
}

/**
 * Every exported, mapped and ordering column is returned once, and every exported one is of its kind.
 * @param doing for messages: what we were doing
 * @throws ReportError `contract` with the first difference
 */
export function matchContract(
  doing: string,
  request: SqlRequest,
  { columns: described, expressions }: Description,
  dialect: Dialect,
): Types {
  const columns: Record<string, string> = {};
  for (const column of request.columns) {
    const { type } = onlyColumn(doing, described, column.name, 'the column');
    assertKind(doing, column, type, dialect);
    columns[column.name] = type;
  }
  for (const { onResult } of request.filters) {
    if (onResult === undefined || columns[onResult.name] !== undefined) continue;
    const { type } = onlyColumn(doing, described, onResult.name, 'the column');
    assertKind(doing, onResult, type, dialect);
    columns[onResult.name] = type;
  }
  for (const term of request.orderBy)
    onlyColumn(doing, described, term.replace(/^-/, ''), 'the order-by column');
  const dimensions: Record<string, readonly string[]> = {};
  dimensionsOf(request).forEach(([dimension, column], index, { length }) => {
    dimensions[dimension] = expressions?.filter((_, number) => number % length === index) ?? [
      onlyColumn(doing, described, column, `the column of the ${dimension} filter`).type,
    ];
  });
  return { columns, dimensions };
}

/** @param role for messages: what the report needs the column for */
function onlyColumn(
  doing: string,
  columns: readonly DescribedColumn[],
  name: string,
  role: string,
): DescribedColumn {
  const [found, ...more] = columns.filter((column) => column.name === name);
  if (more.length > 0)
    throw new ReportError(
      'contract',
      `${doing}: the query returns ${role} "${name}" ${more.length + 1} times`,
      { hint: 'Give each column a name of its own with AS.' },
    );
  if (found === undefined) {
    const names = columns.map((column) => column.name);
    throw new ReportError('contract', `${doing}: the query does not return ${role} "${name}"`, {
      hint: `${didYouMean(name, names)}.`,
    });
  }
  return found;
}

function assertKind(doing: string, { name, kind }: Column, type: string, { types }: Dialect): void {
  const allowed = types[kind];
  if (allowed === 'any' || allowed.includes(type)) return;
  throw new ReportError(
    'contract',
    `${doing}: column "${name}" is promised as ${kind} but the query returns ${type}`,
    {
      hint: `Cast it in the query, or change its kind; ${kind} takes ${allowed.join(', ')}.`,
    },
  );
}
