// The schemas of what each command prints with --json, published as schemas/json/<command>.schema.json. zod is slow to load: only tests import this file.
import * as z from 'zod';
import { PERIOD_KINDS } from '../core/calendar.js';
import { KINDS } from '../core/table.js';
import { manifestShape, runRecordShape } from '../publish/documents.js';

const text = z.string();
const count = z.int().min(0);
const cell = text.nullable();
const names = z.array(text);
const texts = z.record(text, text);

const period = z
  .object({
    kind: z.enum(PERIOD_KINDS).describe('How long periods of this report are.'),
    from: z.iso.date().describe('The first day.'),
    to: z.iso.date().describe('The day after the last one.'),
    lastDay: z.iso.date().describe('The last day, which names the files.'),
    timezone: text.exactOptional().describe('The IANA name of the zone of these days.'),
  })
  .describe('The period.');
const report = text.describe('The name of the report.');
const source = text.describe('The source, without secrets.');
const location = text.describe('An absolute path or an s3:// URL.');
const gate = z.object({ gate: text.describe('Which gate.'), detail: text.describe('Why it does not hold.') });

const failure = {
  code: text.describe(
    'What failed, as in a notice: usage, definition, contract, gate, source, destination, ….',
  ),
  exitCode: count.describe('The exit code of this failure alone.'),
  hint: text.nullable().describe('What to do.'),
  retryable: z.boolean().nullable().describe('Can the same command succeed later with nothing changed?'),
};

const run = z.array(
  z.union([
    runRecordShape.extend({
      outcome: z.enum(['published', 'restated', 'unchanged', 'skipped']).describe('What came of it.'),
    }),
    z.object({
      outcome: z.literal('failed').describe('What came of it.'),
      report,
      period: period.nullable().describe('Null when the report could not even be read.'),
      error: text.describe('Why, on one line.'),
      ...failure,
    }),
  ]),
);

const list = z.array(
  z.object({
    name: report,
    title: text.describe('May be empty.'),
    sources: names.describe('Names of sources.'),
    filters: names.describe('The filters that it takes.'),
    outputs: names.describe('The keys of its outputs, with their tokens.'),
    next: period.describe('The next period to publish, which is still open.'),
  }),
);

const filter = z.object({
  dimension: text.describe('The filter.'),
  values: names.describe('As typed.'),
  column: text.describe('The column or path that it tests.'),
});
const plan = z.object({
  how: text.describe('index, after-index, scan, result, never or unknown.'),
  name: text.exactOptional().describe('The index, table or collection.'),
});
const explain = z.object({
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

const tested = {
  dimension: text.describe('The filter.'),
  passing: count
    .exactOptional()
    .describe('Found rows that pass it; absent where it stands inside the query.'),
  without: count.exactOptional().describe('Rows with the key when only it is left out.'),
};
const trace = z.object({
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

const check = z.array(
  z.object({
    subject: text.describe('What was checked.'),
    ok: z.boolean().describe('Whether nothing has to be done.'),
    warning: z.literal(true).exactOptional().describe('Nothing failed, but somebody should look at it.'),
    unsafe: z.literal(true).exactOptional().describe('A run would work, but this cannot be promised.'),
    detail: text.describe('What was found, on one line.'),
  }),
);

const verify = z.array(
  z.object({
    ok: z.boolean().describe('Whether there is no difference.'),
    location,
    standing: z
      .enum(['current', 'former', 'refused', 'export'])
      .exactOptional()
      .describe('What the file is.'),
    report: report.exactOptional(),
    period: period.nullable().exactOptional().describe('Null for an ad-hoc export.'),
    revision: count.exactOptional().describe('1 when first published.'),
    rows: count.exactOptional().describe('Rows in the file.'),
    bytes: count.exactOptional().describe('Its size.'),
    sha256: text.exactOptional().describe('SHA-256 of its bytes, lower-case hex.'),
    publishedAs: z
      .object({ report, lastDay: z.iso.date().describe('The last day of the period.') })
      .exactOptional()
      .describe('Of a file that differs: whose run record lists a file at this key.'),
    textNumbers: z
      .record(text, count)
      .exactOptional()
      .describe('Column to how many of its numbers are text.'),
    differences: z
      .array(
        z.object({
          what: text.describe('What was compared.'),
          expected: text.describe('By the manifest or the run record.'),
          found: text.describe('In the file.'),
        }),
      )
      .describe('None for a file that is as it was published.'),
  }),
);

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
const diff = z.object({
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

const status = z.array(
  z.object({
    report,
    period,
    status: text.describe('published, restated, running, due, missing, late, unfinished, damaged, ….'),
    expectedBy: z.iso.datetime().exactOptional().describe('By when it is expected, UTC.'),
    rows: count.exactOptional().describe('Of the run record.'),
    finished: z.iso.datetime().exactOptional().describe('When it was read, UTC.'),
    revision: count.exactOptional().describe('1 when first published.'),
    detail: text.describe('What was found; may be empty.'),
  }),
);

const column = z.object({
  name: text.describe('Its name.'),
  kind: z.enum(KINDS).describe('What its values are.'),
  title: text.exactOptional().describe('Its header.'),
  path: text.exactOptional().describe('In documents: where the value is.'),
  currency: text.exactOptional().describe('ISO 4217.'),
});

const shapes = {
  run,
  export: manifestShape.extend({ location }),
  list,
  explain,
  trace,
  check,
  verify,
  diff,
  status,
  consume: z.object({
    location,
    as: text.describe('The tool that reads it.'),
    lines: text.describe('The code, with line breaks.'),
  }),
  schedule: z.object({ as: text.describe('For what it is printed.'), text: text.describe('What to paste.') }),
  new: z.object({
    file: text.describe('The report file that was written.'),
    columns: z.array(column).describe('Its columns.'),
    key: names.describe('Columns that are unique together; may be empty.'),
    guessed: texts.describe('Filter to its guessed column.'),
    floats: names.describe('Columns of floating point numbers.'),
  }),
  init: z.object({
    report,
    source: text.describe('The name of the source.'),
    files: z
      .array(z.object({ file: text.describe('Its path.'), outcome: text.describe('written, kept, ….') }))
      .describe('What was made.'),
    golden: text.describe('written, kept or missing.'),
  }),
  test: z.array(
    z.object({
      test: text.describe('The report and the test.'),
      outcome: text.describe('ok, failed, new, updated, untested or unused.'),
      detail: text.describe('What was found, on one line.'),
      differences: names.describe('The golden and the result, line by line.'),
    }),
  ),
};

/** Grows by one when a field goes or means something else; fields may be added without a new version. */
const VERSIONS: Readonly<Record<keyof typeof shapes, number>> = {
  run: 1,
  export: 1,
  list: 1,
  explain: 1,
  trace: 1,
  check: 1,
  verify: 1,
  diff: 1,
  status: 1,
  consume: 1,
  schedule: 1,
  new: 1,
  init: 1,
  test: 1,
};

/** Command to the schema and its version. */
export const JSON_SHAPES: Readonly<Record<string, { readonly shape: z.ZodType; readonly version: number }>> =
  Object.fromEntries(
    Object.entries(shapes).map(([command, shape]) => [
      command,
      { shape, version: VERSIONS[command as keyof typeof shapes] },
    ]),
  );
