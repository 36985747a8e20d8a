// The schema of what diff --json prints.
import * as z from 'zod';
import { cell, count, location, names, period, report, text } from './common.js';

const side = z.object({
  location,
  report,
  period: period.nullable().describe('Null for an ad-hoc export.'),
  revision: count.describe('1 when first published.'),
  rows: count.describe('Rows in the file.'),
  sha256: text.describe('SHA-256 of its bytes, lower-case hex.'),
});
const rows = z
  .object({ before: count.describe('In the first file.'), after: count.describe('In the second file.') })
  .describe('Rows.');
const totals = z
  .record(
    text,
    z.object({
      before: text.describe('In the first file.'),
      after: text.describe('In the second file.'),
      difference: text.describe('After minus before, exact.'),
      percent: text.nullable().describe('In percent of before; null where that is zero.'),
    }),
  )
  .describe('Column name to its sums.');
const changes = {
  added: count.exactOptional().describe('Rows of the second file only; absent where rows were not matched.'),
  gone: count.exactOptional().describe('Rows of the first file only.'),
  changed: count.exactOptional().describe('Rows whose values differ.'),
};
const example = z.object({
  key: z.record(text, cell).describe('Key column to value.'),
  columns: z
    .record(
      text,
      z.object({
        before: cell.exactOptional().describe('In the first file.'),
        after: cell.exactOptional().describe('In the second file.'),
      }),
    )
    .describe('The columns that differ.'),
});
export const diff = z.object({
  before: side.describe('The first file.'),
  after: side.describe('The second file.'),
  isSame: z.boolean().describe('Whether nothing differs.'),
  key: names.exactOptional().describe('The key columns; absent where rows were not matched.'),
  keysMeet: z
    .boolean()
    .nullable()
    .describe('Whether a key is in both files; null where only sums were compared.'),
  by: text.exactOptional().describe('The column of the groups.'),
  tolerance: text.nullable().describe('What --tolerance said.'),
  columns: z
    .object({
      added: names.describe('Columns of the second file only.'),
      gone: names.describe('Columns of the first file only.'),
    })
    .describe('Columns that only one of the files has.'),
  rows,
  ...changes,
  totals,
  changedColumns: z
    .record(text, count)
    .exactOptional()
    .describe('Column name to the rows in which it differs.'),
  groups: z
    .array(z.object({ value: cell.describe('The value of the column.'), rows, ...changes, totals }))
    .exactOptional()
    .describe('Groups that differ, the largest difference first.'),
  groupsAreCut: z.boolean().describe('Whether there were more groups than memory holds.'),
  examples: z
    .object({
      added: z.array(example).describe('Of the second file only.'),
      gone: z.array(example).describe('Of the first file only.'),
      changed: z.array(example).describe('With other values.'),
    })
    .exactOptional()
    .describe('At most twenty of each.'),
});
