// The schema of what explain --json prints.
import * as z from 'zod';
import { count, names, report, source, text } from './common.js';

const filter = z.object({
  dimension: text.describe('The filter.'),
  values: names.describe('As typed.'),
  column: text.describe('The column or path that it tests.'),
});
const plan = z.object({
  how: text.describe('index, after-index, scan, result, never or unknown.'),
  name: text.exactOptional().describe('The index, table or collection.'),
});
export const explain = z.object({
  report,
  filters: z.array(filter).describe('The filters of the request.'),
  sources: z
    .array(
      z.union([
        z.object({
          source,
          statement: text.describe('The SQL, or the pipeline as JSON.'),
          pushedDown: z.boolean().describe('Whether the source applies the filters.'),
          rows: z.number().describe('Expected rows.'),
          isBound: z.literal(true).exactOptional().describe('There may be far fewer rows.'),
          bytes: z.number().describe('Expected bytes.'),
          time: z
            .object({
              seconds: z.number().exactOptional().describe('Absent where no run allows an estimate.'),
              basis: text.describe('The run that it is based on, or why there is none.'),
            })
            .describe('Expected time.'),
          filters: z.array(plan).describe('How each filter finds its rows, in order.'),
        }),
        z.object({
          source,
          rows: z.array(count).describe('The rows without filters, with the first one, with two, ….'),
        }),
      ]),
    )
    .describe('One for each source; with --funnel the counts.'),
});
