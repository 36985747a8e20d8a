// The parts that the schemas of several commands have.
import * as z from 'zod';
import { PERIOD_KINDS } from '../../core/calendar.js';

export const text = z.string();
export const count = z.int().min(0);
export const cell = text.nullable();
export const names = z.array(text);
export const texts = z.record(text, text);

export const period = z
  .object({
    kind: z.enum(PERIOD_KINDS).describe('How long periods of this report are.'),
    from: z.iso.date().describe('The first day.'),
    to: z.iso.date().describe('The day after the last one.'),
    lastDay: z.iso.date().describe('The last day, which names the files.'),
    timezone: text.exactOptional().describe('The IANA name of the zone of these days.'),
  })
  .describe('The period.');
export const report = text.describe('The name of the report.');
export const source = text.describe('The source, without secrets.');
export const location = text.describe('An absolute path or an s3:// URL.');
