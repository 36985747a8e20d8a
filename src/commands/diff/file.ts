// Writes the differences of two files to a CSV: a line for each value that was added, is gone or changed, or for each sum.
import type { Destination, Existing } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import type { Batch, Cell, Column, Table } from '../../core/table.js';
import type { Layout } from '../../verify/diff/layout.js';
import { countChange, type RowChange } from '../../verify/diff/tally.js';
import type { Differences } from '../../verify/diff.js';
import { createWriter, DEFAULT_FORMAT } from '../../writers/index.js';

/** @throws ReportError `usage` for another ending than `.csv` */
export function assertCsvName(output: string): void {
  if (output.endsWith('.csv')) return;
  throw new ReportError('usage', `diff: -o ${output} is no CSV`, {
    hint: 'Give a name that ends with .csv.',
  });
}

export interface ChangesTarget {
  readonly destination: Destination;
  readonly key: string;
  readonly existing: Existing;
}

/** Writes the changes and then publishes the file. @throws ReportError `destination`, and what the changes throw */
export function writeChanges(
  changes: AsyncIterable<readonly RowChange[]>,
  layout: Layout,
  target: ChangesTarget,
): Promise<void> {
  return writeTable({ columns: columnsOf(layout), batches: batchesOf(changes, layout) }, target);
}

/** Writes a line for each total of each group that differs, as writeChanges() does. @throws ReportError `destination` */
export function writeSums(differences: Differences, target: ChangesTarget): Promise<void> {
  const { by = 'all', groups } = differences;
  const rows = (groups ?? [{ value: null, ...differences }]).flatMap(({ value, rows, totals }): Cell[][] =>
    Object.entries({ ...totals, rows: countChange(rows) }).map(([name, sum]) => [
      value,
      name,
      sum.before,
      sum.after,
      sum.difference,
      sum.percent,
    ]),
  );
  const text = (name: string): Column => ({ name, kind: 'text' });
  const numbers = ['before', 'after', 'difference', 'percent'].map(
    (name): Column => ({ name, kind: 'decimal' }),
  );
  async function* batches(): AsyncGenerator<Batch> {
    if (rows.length > 0) yield { rowCount: rows.length, rows: () => rows };
  }
  return writeTable({ columns: [text(by), text('sum'), ...numbers], batches: batches() }, target);
}

async function writeTable(table: Table, { destination, key, existing }: ChangesTarget): Promise<void> {
  const writer = await createWriter(DEFAULT_FORMAT, {});
  const staged = await destination.stage(key, { contentType: writer.contentType, existing });
  try {
    for await (const chunk of writer.encode(table)) await staged.write(chunk);
  } catch (error) {
    await staged.discard();
    throw error;
  }
  await staged.publish();
}

/** `change`, the key's columns, `column`, `before`, `after`. A key column with one of these names is renamed to `key_…`. */
function columnsOf({ columns, keys }: Layout): Column[] {
  const fixedNames = ['change', 'column', 'before', 'after'];
  const keyColumns = columns.slice(0, keys).map(({ name, kind }) => ({
    name: fixedNames.includes(name) ? `key_${name}` : name,
    kind,
  }));
  const text = (name: string): Column => ({ name, kind: 'text' });
  return [text('change'), ...keyColumns, text('column'), text('before'), text('after')];
}

async function* batchesOf(
  changes: AsyncIterable<readonly RowChange[]>,
  { columns, keys }: Layout,
): AsyncGenerator<Batch> {
  for await (const batch of changes) {
    const rows = batch.flatMap(({ change, before, after, columns: differing }): Cell[][] => {
      const key = (before ?? after ?? []).slice(0, keys);
      // A row that consists of its key alone has no differing column, and still gets a line.
      const indexes = differing.length === 0 ? [-1] : differing;
      return indexes.map((index) => [
        change,
        ...key,
        columns[index]?.name ?? null,
        before?.[index] ?? null,
        after?.[index] ?? null,
      ]);
    });
    yield { rowCount: rows.length, rows: () => rows };
  }
}
