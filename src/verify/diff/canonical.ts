// Cells of two published files made comparable: what their dialects spell differently is spelled in one way.
import { ReportError } from '../../core/errors.js';
import type { Kind } from '../../core/table.js';
import type { Manifest } from '../../publish/documents.js';
import type { Spelling } from '../../writers/format.js';
import { formatOf, type WriterOptions } from '../../writers/index.js';

export type { Spelling } from '../../writers/format.js';

/** @throws ReportError `contract` for options that are none of the format's */
export function spellingOf({ format, dialect, key }: Manifest): Spelling {
  try {
    return formatOf(format).spelling(dialect as WriterOptions);
  } catch (cause) {
    throw new ReportError('contract', `${JSON.stringify(dialect)} is no ${format} dialect (${key})`, {
      cause,
    });
  }
}

/**
 * What makes the cells of a kind in one file comparable with those of the other: dates and timestamps in ISO style, timestamps
 * without their offset where one of the files has none, texts neutralised as both files are. Undefined where they are so already.
 */
export function respelling(
  kind: Kind,
  own: Spelling,
  other: Spelling,
): ((text: string) => string) | undefined {
  switch (kind) {
    case 'text': {
      if (own.separator === other.separator) return undefined;
      const guards = [own, other].flatMap(({ neutralise }) => neutralise ?? []);
      return (text) => guards.reduce((guarded, guard) => guard(guarded), text);
    }
    case 'boolean': {
      const { booleans } = own;
      return (
        booleans && ((text) => (text === booleans.true ? 'true' : text === booleans.false ? 'false' : text))
      );
    }
    case 'date':
      return own.dates === 'iso' ? undefined : (text) => isoDate(text, own.dates);
    case 'timestamp':
      return own.dates === 'iso' && other.dates === 'iso'
        ? undefined
        : (text) => wallClock(isoDate(text, own.dates));
    default:
      return undefined;
  }
}

const BRAZILIAN = /^(\d\d)\/(\d\d)\/(\d{4})(?: (\d\d:\d\d:\d\d)(?:,(\d+))?)?$/;
const SERIAL = /^(\d+)(?:\.(\d{1,12}))?$/;
/** 1970-01-01 in Excel's count of days (ECMA-376 part 1, 18.17.4: the 1900 system). */
const EPOCH = 25_569;
const DAY = 86_400_000;

/** What is no common date of that spelling (infinity, BC, what Excel cannot hold) stays as it is. */
function isoDate(text: string, dates: Spelling['dates']): string {
  if (dates === 'brazilian') {
    return text.replace(BRAZILIAN, (_, day, month, year, time?: string, fraction?: string) => {
      const clock = time === undefined ? '' : ` ${time}`;
      return `${year}-${month}-${day}${clock}${fraction === undefined ? '' : `.${fraction}`}`;
    });
  }
  const [, days, fraction] = (dates === 'serial' && SERIAL.exec(text)) || [];
  if (days === undefined) return text;
  const day = new Date((Number(days) - EPOCH) * DAY).toISOString().slice(0, 10);
  if (fraction === undefined) return day;
  // Units of 10^-12 days to microseconds: × 86.4 × 10^9 / 10^12 in lowest terms; the product stays below 2^53.
  const micros = Math.round((Number(fraction.padEnd(12, '0')) * 54) / 625);
  const clock = new Date(Math.floor(micros / 1000)).toISOString().slice(11, 19);
  return `${day} ${clock}.${String(micros % 1_000_000).padStart(6, '0')}`;
}

/** `2024-10-05 13:45:10.500-03` to `2024-10-05 13:45:10.5`; a day alone is its midnight, as Excel has it. */
function wallClock(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[+-]\d\d(?::\d\d){0,2})?)?$/.exec(
    text,
  );
  if (match === null) return text;
  const [, day, clock = '00:00:00', digits = ''] = match;
  const fraction = digits.replace(/0+$/, '');
  return `${day} ${clock}${fraction === '' ? '' : `.${fraction}`}`;
}
