// Holds what the server says a query returns against what the report promises.
import { didYouMean, ReportError } from '../../core/errors.js';
import type { Dimension } from '../../core/filter.js';
import type { SqlRequest } from '../../core/source.js';
import { KINDS, type Kind } from '../../core/table.js';
import type { Description } from './describe.js';
import { dimensionsOf, hasMarker } from './query.js';

/** The PostgreSQL types whose text is already the canonical text of a kind (DESIGN.md, "Words"). */
const TYPES: Readonly<Record<Kind, readonly string[] | 'any'>> = {
  text: 'any',
  integer: ['int2', 'int4', 'int8'],
  decimal: ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8'],
  boolean: ['bool'],
  date: ['date'],
  timestamp: ['timestamp', 'timestamptz'],
  json: ['json', 'jsonb'],
};

/** The narrowest kind that takes a type's text as it is. */
export function kindOf(type: string): Kind {
  return KINDS.find((kind) => TYPES[kind] !== 'any' && TYPES[kind].includes(type)) ?? 'text';
}

/** What the statement is built from: the type of each exported column, and of each mapped dimension at each marker. */
export interface Types {
  readonly columns: Readonly<Record<string, string>>;
  readonly dimensions: Readonly<Partial<Record<Dimension, readonly string[]>>>;
}

/**
 * Every exported, mapped and ordering column is returned once, and every exported one is of its kind.
 * @throws ReportError `contract` with the first difference
 */
export function matchContract(doing: string, request: SqlRequest, description: Description): Types {
  const names = description.columns.map((column) => column.name);
  const typeOf = (name: string, as: string): string => {
    const found = description.columns.filter((column) => column.name === name);
    if (found.length > 1)
      throw new ReportError('contract', `${doing}: the query returns ${as} "${name}" ${found.length} times`, {
        hint: 'Give each column a name of its own with AS.',
      });
    if (found[0] === undefined)
      throw new ReportError('contract', `${doing}: the query does not return ${as} "${name}"`, {
        hint: `${didYouMean(name, names)}.`,
      });
    return found[0].type;
  };
  const columns: Record<string, string> = {};
  for (const { name, kind } of request.columns) {
    const type = typeOf(name, 'the column');
    const allowed = TYPES[kind];
    if (allowed !== 'any' && !allowed.includes(type))
      throw new ReportError(
        'contract',
        `${doing}: column "${name}" is promised as ${kind} but the query returns ${type}`,
        {
          hint: `Cast it in the query, or change its kind; ${kind} takes ${allowed.join(', ')}.`,
        },
      );
    columns[name] = type;
  }
  for (const name of request.orderBy) typeOf(name.replace(/^-/, ''), 'the order-by column');
  const dimensions: Partial<Record<Dimension, readonly string[]>> = {};
  const inside = hasMarker(request.query);
  dimensionsOf(request).forEach(([dimension, column], index, { length }) => {
    dimensions[dimension] = inside
      ? description.parameters.filter((_, number) => number % length === index)
      : [typeOf(column, `the column of the ${dimension} filter`)];
  });
  return { columns, dimensions };
}
