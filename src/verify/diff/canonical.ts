// Makes the cells of two published files comparable, whatever their formats and options.
import { ReportError } from '../../core/errors.js';
import type { Spelling } from '../../core/format.js';
import type { Kind } from '../../core/table.js';
import type { Manifest } from '../../publish/documents.js';
import { formatOf } from '../../writers/index.js';

/** How the cells of the file are spelled. @throws ReportError `contract` for options that its format does not take */
export function spellingOf({ format, dialect: options, key }: Manifest): Spelling {
  try {
    return formatOf(format).spelling(options);
  } catch (cause) {
    throw new ReportError('contract', `${JSON.stringify(options)} are no options of ${format} (${key})`, {
      cause,
    });
  }
}

/**
 * A function that makes cells of one file comparable with cells of the other: dates and timestamps in ISO style, timestamps
 * without offset where one of the files has none, texts with the apostrophes of both files. Undefined where nothing changes.
 */
export function respelling(
  kind: Kind,
  own: Spelling,
  other: Spelling,
): ((text: string) => string) | undefined {
  switch (kind) {
    case 'text': {
      if (own.formulaGuard?.separator === other.formulaGuard?.separator) return undefined;
      const guards = [own, other].flatMap(({ formulaGuard }) => formulaGuard ?? []);
      return (text) => guards.reduce((guarded, { apply }) => apply(guarded), text);
    }
    case 'boolean': {
      const { booleans } = own;
      return (
        booleans && ((text) => (text === booleans.true ? 'true' : text === booleans.false ? 'false' : text))
      );
    }
    case 'date':
      return own.isoDate;
    case 'timestamp': {
      if (own.isoDate === undefined && other.isoDate === undefined) return undefined;
      const isoDate = own.isoDate ?? ((text: string) => text);
      return (text) => wallClock(isoDate(text));
    }
    default:
      return undefined;
  }
}

/** `2024-10-05 13:45:10.500-03` to `2024-10-05 13:45:10.5`; a day without a time becomes its midnight, because Excel leaves midnight out. */
function wallClock(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[+-]\d\d(?::\d\d){0,2})?)?$/.exec(
    text,
  );
  if (match === null) return text;
  const [, day, clock = '00:00:00', digits = ''] = match;
  const fraction = digits.replace(/(?<!0)0+$/, '');
  return `${day} ${clock}${fraction === '' ? '' : `.${fraction}`}`;
}
