// The shapes of manifests, run records and pending notes. Loading zod takes 46 ms: import this file where it is used.
import * as z from 'zod';
import { PERIOD_KINDS } from '../core/calendar.js';
import { messageOf, ReportError } from '../core/errors.js';
import { column } from './documents/column.js';

const text = z.string();
const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not the lower-case hex of a SHA-256');
const instant = z.iso.datetime();
const day = z.iso.date();

const key = text.min(1).describe('Where the file is, relative to the destination.');
const bytes = count.describe('The size of the published file in bytes.');
const fileHash = sha256.describe('SHA-256 of the bytes of the published file, lower-case hex.');
const token = text.describe(
  'The unique id of the run that wrote this; its files carry it where the store keeps metadata.',
);
const report = text.describe(
  'The name of the report: its file in queries/ without the ending; for a schedule followed by @ and the organization.',
);
const definition = sha256.describe(
  'SHA-256 of the definition: query, columns, filters, params, zone, outputs and what else makes the same rows the same files.',
);
const revision = z
  .int()
  .min(1)
  .describe('1 when the period was first published; one more each time that it was restated.');
const tool = text.describe('The program and version that wrote this.');
const started = instant.describe('When the run began, ISO 8601, UTC.');
const finished = instant.describe('When every row was read and every byte staged, ISO 8601, UTC.');
const epoch = z
  .int()
  .min(1)
  .exactOptional()
  .describe(
    'Grows with every run that took the lease of the period: what a run with a smaller one wrote later does not count.',
  );
const totals = z
  .record(text, text)
  .describe('Column name to the exact sum of its values, as a decimal text.');

const split = z
  .record(text, text.nullable())
  .describe('Column to the value that every row of this file has in it; absent where the file has all rows.');

const period = z.object({
  kind: z.enum(PERIOD_KINDS).describe('How long periods of this report are.'),
  from: day.describe('The first day.'),
  to: day.describe('The day after the last one.'),
  lastDay: day.describe('The last day, which names the files.'),
  timezone: text.describe('The IANA name of the zone in which these days begin and end.'),
});

const gate = z.object({
  gate: text.describe('Which condition was tested.'),
  expected: text.describe('What it asks for.'),
  found: text.describe('What there was.'),
  ok: z.boolean().describe('Whether it held.'),
  columns: z
    .array(text)
    .exactOptional()
    .describe('Of the gate unique: the columns whose values together are different in every row.'),
});

export const manifestShape = z
  .object({
    manifest: z.literal(1).describe('The version of this shape. Fields may be added without a new one.'),
    report,
    title: text.exactOptional().describe("The report's title, where it has one."),
    key,
    contentType: text.describe('The IANA media type of the published bytes.'),
    format: text.describe('The format of the file, such as csv.'),
    dialect: z
      .record(text, z.unknown())
      .describe(
        "The format's options as the report or the command line spelled them, such as a CSV delimiter.",
      ),
    compress: text.nullable().describe('How the bytes are compressed (gzip, zstd), or null.'),
    rows: count.describe('Rows in the file, without the header.'),
    bytes,
    sha256: fileHash,
    content: sha256
      .nullable()
      .describe(
        "SHA-256 of the rows' canonical text without the volatile columns, or null where it was not computed.",
      ),
    totals,
    nulls: z.record(text, count).describe('Column name to the number of its nulls.'),
    neutralised: count.describe(
      'Text cells, those of the header included, that a spreadsheet would have run as a formula and that were changed.',
    ),
    textNumbers: z
      .record(text, count)
      .exactOptional()
      .describe(
        'Column name to how many of its numbers the file holds as text (more than 15 significant digits, NaN, Infinity): a sum that a reader computes leaves them out. Absent where there are none.',
      ),
    notes: z.array(text).describe('What the sources noticed of their data, one line each.'),
    limit: count.exactOptional().describe('At most so many rows were asked for; without it, all.'),
    split: split.exactOptional(),
    period: period.nullable().describe('What a run covered; null for an ad-hoc export.'),
    filters: z
      .record(text, z.array(text))
      .describe(
        "Business dimension, or word of the report's own, to the values asked for, as typed; any of them matches.",
      ),
    where: z
      .array(text)
      .exactOptional()
      .describe(
        'Conditions on columns of the report, as typed; all of them hold. Without it, there were none.',
      ),
    orderBy: z
      .array(text)
      .exactOptional()
      .describe(
        "The columns by which the rows were sorted, descending after a minus; without it, the report's own.",
      ),
    params: z.record(text, text).describe('Param of the report to its value.'),
    columns: z.array(column).min(1).describe('The columns of the file, in order.'),
    volatile: z
      .array(text)
      .describe('Names of columns that differ at every read and are not part of the content.'),
    timezone: text.describe('The IANA name of the zone in which timestamps are written and days begin.'),
    sources: z.array(text).describe('The names of the sources, in the order in which they were read.'),
    gates: z.array(gate).describe('The conditions that were tested before anything became visible.'),
    definition,
    revision,
    encryption: text.nullable().describe('The encryption at rest that the store confirmed, or null.'),
    etag: text.nullable().describe("The store's ETag of the file, or null where there is none."),
    version: text.describe('Names this content of this key at the destination.'),
    parts: count.nullable().describe('In how many parts the file went up, or null for one piece.'),
    checksum: z
      .record(text, text)
      .nullable()
      .describe('What the store computed over the bytes, by the name of the algorithm, or null.'),
    token,
    tool,
    started,
    finished,
  })
  .describe(
    'What is in one published file; stands beside it as <key>.manifest.json. It alone does not mean that the file is published: the run record does.',
  );

const change = z.object({
  before: text.nullable().describe('The sum in the former revision, or null where it was not computed.'),
  after: text.nullable().describe('The sum in this one, or null where it was not computed.'),
});

const restating = {
  reason: text.min(1).describe('Why the period was restated, in the words of whoever did it.'),
  by: text.describe('Who did it.'),
};

export const runRecordShape = z
  .object({
    record: z.literal(1).describe('The version of this shape. Fields may be added without a new one.'),
    report,
    period: period.describe('What the run covered.'),
    definition,
    revision,
    rows: count.describe('Rows that were read.'),
    totals,
    content: sha256.describe(
      "SHA-256 of the rows' canonical text without the volatile columns, lower-case hex.",
    ),
    outputs: z
      .array(
        z.object({
          key,
          split: split.exactOptional(),
          rows: count.describe('Rows in this file.'),
          bytes,
          sha256: fileHash,
          version: text
            .exactOptional()
            .describe(
              'Names this content of this key at the destination; absent in records of former versions.',
            ),
        }),
      )
      .describe('Every file of the period; none when it was empty and the report asks for no file then.'),
    token,
    epoch,
    tool,
    started,
    finished,
    restated: z
      .object({
        ...restating,
        revision: z.int().min(1).describe('The revision that this one replaced.'),
        rows: z
          .object({
            before: count.describe('Rows of the former revision.'),
            after: count.describe('Rows of this one.'),
          })
          .describe('What changed in the number of rows.'),
        totals: z.record(text, change).describe('What changed in the sums, by column name.'),
      })
      .exactOptional()
      .describe('Present when this revision replaced a former one.'),
  })
  .describe(
    'Written last, as _reportctl/<report>/<YYYYMMDD>.json: while it is there, the period is published, and only then.',
  );

/** Written before the first file becomes visible and removed after the run record: what a killed run leaves is recognised by it. */
const pendingShape = z.object({
  pending: z.literal(1),
  report,
  token,
  epoch,
  revision,
  restating: z.object(restating).exactOptional(),
  /** Those of earlier runs that did not end either come along, each with the token of its own run. */
  outputs: z.array(z.object({ key, token, bytes, sha256: fileHash })),
});

type Immutable<T> = T extends (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Immutable<T[Name]> }
    : T;

export type Manifest = Immutable<z.infer<typeof manifestShape>>;
export type RunRecord = Immutable<z.infer<typeof runRecordShape>>;
export type Pending = Immutable<z.infer<typeof pendingShape>>;

/** @param where the key, for messages. @throws ReportError `contract`, one line */
export function parseManifest(content: Buffer, where: string): Manifest {
  return parse(manifestShape, 'manifest', 'manifest', content, where);
}

/** @param where the key, for messages. @throws ReportError `contract`, one line */
export function parseRunRecord(content: Buffer, where: string): RunRecord {
  return parse(runRecordShape, 'record', 'run record', content, where);
}

/** @param where the key, for messages. @throws ReportError `contract`, one line */
export function parsePending(content: Buffer, where: string): Pending {
  return parse(pendingShape, 'pending', 'pending note', content, where);
}

/** @param word the field that holds the version */
function parse<T extends z.ZodType>(
  shape: T,
  word: string,
  noun: string,
  content: Buffer,
  where: string,
): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(content.toString('utf8'));
  } catch (cause) {
    // The parser's own words quote the text, which may be anything.
    throw unreadable(noun, where, content.length === 0 ? 'it is empty' : 'it is no JSON', cause);
  }
  const version = (value as Readonly<Record<string, unknown>> | null)?.[word];
  if (Number.isInteger(version) && version !== 1) {
    throw new ReportError(
      'contract',
      `the ${noun} ${where} has version ${version}; this reportctl reads version 1`,
      {
        hint: 'Use the reportctl that wrote it, or a newer one.',
      },
    );
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw unreadable(noun, where, `${field}${issue?.message ?? messageOf(parsed.error)}`, parsed.error);
}

function unreadable(noun: string, where: string, wrong: string, cause: unknown): ReportError {
  return new ReportError('contract', `the ${noun} ${where} cannot be read: ${wrong}`, {
    hint: 'It was changed by hand, or is another file: restore it, or move it and its files away and run again.',
    cause,
  });
}
