// The schema of what trace --json prints.
import * as z from 'zod';
import { cell, count, names, period, report, source, text, texts } from './common.js';

const gate = z.object({ gate: text.describe('Which gate.'), detail: text.describe('Why it does not hold.') });
const tested = {
  dimension: text.describe('The filter.'),
  passing: count
    .exactOptional()
    .describe('Found rows that pass it; absent where it stands inside the query.'),
  without: count.exactOptional().describe('Rows with the key when only it is left out.'),
};
export const trace = z.object({
  report,
  period: period.nullable().describe('Null without --date.'),
  key: texts.describe('The key, as typed.'),
  in: z.boolean().describe('Whether a row with the key is in the report.'),
  reasons: names.describe('Why not, one line each.'),
  sources: z
    .array(
      z.object({
        source,
        trace: z
          .object({
            found: count.describe('Rows with the key before any filter.'),
            selected: count.describe('Rows with the key that pass all filters.'),
            filters: z.array(z.object(tested)).describe('One for each filter.'),
            rows: z
              .array(
                z.object({
                  cells: z.record(text, cell).describe('Column to value.'),
                  filters: z
                    .array(
                      z.object({
                        dimension: text.describe('The filter.'),
                        value: cell.exactOptional().describe('What it tests.'),
                        passes: z.boolean().exactOptional().describe('Whether the row passes.'),
                      }),
                    )
                    .describe('One for each filter.'),
                }),
              )
              .describe('At most ten of the rows.'),
          })
          .describe('What became of the rows with the key.'),
        gates: z.array(gate).describe('Gates that the rows break.'),
      }),
    )
    .describe('One for each source.'),
  published: z
    .object({
      revision: count.describe('1 when first published.'),
      started: z.iso.datetime().describe('When the run began.'),
      finished: z.iso.datetime().describe('When every row was read.'),
      rows: count.describe('Its rows.'),
    })
    .nullable()
    .describe('The published period, if there is one.'),
});
