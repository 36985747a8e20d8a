// Adapts ranges over the rows of a template to the number of rows that replace them.

/** Row numbers. */
export interface Reach {
  /** The first row that is replaced. */
  readonly model: number;
  /** The last row that is replaced. */
  readonly lastModel: number;
  /** The last row that was written. */
  readonly last: number;
}

/** Whole rows have no letters. */
const REFERENCE = /^(\$?[A-Z]{1,3}\$?|\$?)(\d+)(?::(\$?[A-Z]{1,3}\$?|\$?)(\d+))?$/;

/** The first and last row of a reference such as `A5`, `$A$5:$J$24` or `5:24`, or undefined for any other text. */
export function rowsOf(reference: string): { readonly first: number; readonly last: number } | undefined {
  const match = REFERENCE.exec(reference);
  if (!match) return undefined;
  return { first: Number(match[2]), last: Number(match[4] ?? match[2]) };
}

/**
 * A reference that has the model row in it ends at the last row now. One that goes on below all rows of the template (its
 * author made room) ends there as before when that is further. Any other stays.
 */
export function extended(reference: string, { model, lastModel, last }: Reach): string {
  const rows = rowsOf(reference);
  if (rows === undefined || rows.first > model || rows.last < model) return reference;
  const until = rows.last > lastModel ? Math.max(rows.last, last) : last;
  if (until === rows.last) return reference;
  return reference.replace(REFERENCE, (_, from: string, first: string, to: string = from) => {
    return `${from}${first}:${to}${until}`;
  });
}

/** The same for a list of references, separated by spaces. */
export function allExtended(references: string, reach: Reach): string {
  return references
    .split(' ')
    .map((reference) => extended(reference, reach))
    .join(' ');
}
