// The schemas of a notice (the JSON that a webhook gets) and of an alarm note. zod is slow to load: import this file dynamically.
import * as z from 'zod';
import { PERIOD_KINDS } from '../../core/calendar.js';

const text = z.string();
const count = z.int().min(0);
const instant = z.iso.datetime();
const day = z.iso.date();

const EVENTS = ['failed', 'refused', 'late', 'recovered'] as const;

const period = z.object({
  kind: z.enum(PERIOD_KINDS).describe('How long periods of this report are.'),
  from: day.describe('The first day.'),
  lastDay: day.describe('The last day, which names the files.'),
});
const report = text.describe('The name of the report: its file in queries/ without the ending.');
const run = text.describe('The id of the process that sends this; every line of its JSON log has it.');
const host = text.describe('The name of the host that it ran on.');

/** Published as schemas/notice.schema.json. */
export const noticeShape = z
  .object({
    notice: z.literal(1).describe('The version of this shape. Fields may be added without a new one.'),
    event: z
      .enum(EVENTS)
      .describe(
        'failed; refused (by a gate or the contract); late (status found the period late, missing, unfinished or damaged); recovered (published after one of these was sent).',
      ),
    report,
    title: text.nullable().describe("The report's title, where it has one."),
    period: period.nullable().describe('Null when the report could not even be read.'),
    count: z
      .int()
      .min(1)
      .describe('How many reports and periods this is about: this one and all with the same cause.'),
    also: z
      .array(
        z.object({
          report,
          period: period.nullable().describe('Null when the report could not even be read.'),
        }),
      )
      .describe('The others with the same cause in the same run, at most 100.'),
    status: text
      .nullable()
      .describe('The status of the period, as reportctl status prints it; null unless the event is late.'),
    code: text
      .nullable()
      .describe(
        'What failed: definition, contract, gate, source, destination, not-ready, interrupted, unexpected; null for late and recovered.',
      ),
    exitCode: count
      .nullable()
      .describe('The exit code of this failure alone; the run of several reports can end with another one.'),
    message: text.describe('One line of at most 1,000 characters.'),
    hint: text.nullable().describe('What to do.'),
    retryable: z
      .boolean()
      .nullable()
      .describe('Can the same command succeed later with nothing changed? Null when unknown.'),
    attempts: count.nullable().describe('The number of attempts.'),
    seconds: z.number().min(0).nullable().describe('How long this run worked on the period.'),
    rows: count.nullable().describe('Rows of the period as published.'),
    bytes: count.nullable().describe('Bytes of its files together, as published.'),
    outputs: z
      .array(
        z.object({
          key: text.describe('Where the file is, relative to the destination.'),
          rows: count.describe('Rows in this file.'),
          bytes: count.describe('Its size in bytes.'),
          sha256: text.describe('SHA-256 of its bytes, lower-case hex.'),
        }),
      )
      .describe('The files of the period as published.'),
    since: instant
      .nullable()
      .describe(
        'When the first notice about the problem was sent, ISO 8601, UTC; set for recovered and for a repeated late.',
      ),
    run,
    host,
    time: instant.describe('When this was written, ISO 8601, UTC.'),
  })
  .describe('The body of a webhook request with REPORTCTL_WEBHOOK_FORMAT=json.');

/** The alarm note: kept at the destination from the first webhook message about a problem of a period until its recovery. */
export const alarmShape = z.object({
  alarm: z.literal(1),
  report,
  period,
  event: z.enum(EVENTS),
  /** When the first message was sent. */
  since: instant,
  /** When the last message was sent. */
  told: instant,
  /** How many messages were sent. */
  times: z.int().min(1),
  message: text,
  run,
  host,
});

const OUTCOMES = ['published', 'restated', 'unchanged', 'skipped', 'failed', 'refused'] as const;

/** A line of the JSON log about the end of one report and period. Published as schemas/log-outcome.schema.json. */
export const outcomeShape = noticeShape
  .omit({ notice: true, count: true, also: true, status: true, since: true })
  .extend({
    event: z.enum(OUTCOMES).describe('What came of it; refused is by a gate or the contract.'),
    level: z.enum(['info', 'error']).describe('error for failed and refused.'),
    tool: z.literal('reportctl').describe('The program.'),
    code: text.nullable().describe('What failed, as in a notice; null when nothing did.'),
    exitCode: count.describe('The exit code of this report and period alone.'),
    title: text.nullable().describe("The report's title, where it has one."),
  })
  .describe(
    'A line of the log with REPORTCTL_LOG_FORMAT=json, one for each report and period of a run. Fields may be added.',
  );

export type OutcomeEvent = (typeof OUTCOMES)[number];
export type Notice = z.infer<typeof noticeShape>;
export type Alarm = z.infer<typeof alarmShape>;
