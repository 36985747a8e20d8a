// The schemas of what each command prints with --json, published as schemas/json/<command>.schema.json. zod is slow to load: only tests import this file.
import * as z from 'zod';
import { KINDS } from '../core/table.js';
import { manifestShape, runRecordShape } from '../publish/documents.js';
import { count, location, names, period, report, text, texts } from './json-shapes/common.js';
import { diff } from './json-shapes/diff.js';
import { explain } from './json-shapes/explain.js';
import { trace } from './json-shapes/trace.js';

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
      .enum(['current', 'former', 'refused', 'export', 'moved'])
      .exactOptional()
      .describe('What the file is; moved is a copy outside its destination.'),
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
      outcome: text.describe(
        'ok, differs, missing, failed, untested or unused; with --update also new, updated or removed.',
      ),
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
