// `wait-for` of a definition: its schema, its durations, and the question for a period.
import * as z from 'zod';
import { type Period, startOfDay } from '../../core/calendar.js';
import { DURATION_FORM, parseDuration } from '../../core/duration.js';
import type { Question, Request } from '../../core/source.js';
import { expandKey, unknownTokens } from '../key.js';
import type { YamlText } from './yaml-text.js';

const text = z.string().min(1);
/** Its value is the text that was typed: YamlText.typed(). */
const duration = z.union([z.string(), z.number()]).optional();
export const sqlWaitSchema = z.strictObject({ query: text, every: duration, for: duration }).optional();
export const documentWaitSchema = z
  .strictObject({
    collection: text,
    match: z.record(text, z.unknown()).default({}),
    every: duration,
    for: duration,
  })
  .optional();

export interface WaitFor {
  readonly about: Question['about'];
  /** Milliseconds between two questions. */
  readonly every: number;
  /** Milliseconds after which waiting ends. */
  readonly for: number;
}

const SECOND = 1_000;

/** @throws ReportError `definition` with the line, what was found and what is allowed */
export function parseWaitFor(
  given: z.infer<typeof sqlWaitSchema> | z.infer<typeof documentWaitSchema>,
  document: YamlText,
): WaitFor | undefined {
  if (given === undefined) return undefined;
  const milliseconds = (key: 'every' | 'for', fallback: string) => {
    const typed = given[key] === undefined ? fallback : document.typed(['wait-for', key]);
    const parsed = parseDuration(typed);
    if (parsed !== undefined && parsed >= SECOND) return parsed;
    throw document.complaint(['wait-for', key], `found "${typed}"; ${DURATION_FORM} is needed`);
  };
  const about = 'query' in given ? given.query : { collection: given.collection, match: given.match };
  if (typeof about !== 'string') {
    mapTexts(about.match, (text) => {
      const [unknown] = unknownTokens(text, ['from', 'to']);
      if (unknown !== undefined) throw document.complaint(['wait-for', 'match'], unknown);
      return text;
    });
  }
  return { about, every: milliseconds('every', '30s'), for: milliseconds('for', '1h') };
}

/** In a match, `{from}` and `{to}` stand for the bounds of the period, and the tokens of keys for its last day. */
export function questionOf(
  report: { readonly name: string; readonly timezone: string },
  { about }: WaitFor,
  period: Period,
  params: Request['params'],
): Question {
  const { name, timezone } = report;
  const from = startOfDay(period.from, timezone);
  const to = startOfDay(period.to, timezone);
  const expanded = (text: string) =>
    expandKey(text, { report: name, period, extension: '', labels: {} })
      .replaceAll('{from}', from)
      .replaceAll('{to}', to);
  return {
    report: name,
    about:
      typeof about === 'string'
        ? about
        : { ...about, match: mapTexts(about.match, expanded) as Record<string, unknown> },
    params: { ...params, from: { kind: 'text', value: from }, to: { kind: 'text', value: to } },
    timezone,
  };
}

/** For messages: the SQL, or the documents, on one line. */
export function waitText({ about }: WaitFor): string {
  return typeof about === 'string' ? about.replace(/\s+/g, ' ').trim() : JSON.stringify(about);
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTexts(each, change)]));
}
