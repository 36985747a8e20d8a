// Proposes columns for a report from the first documents of the files.
import { ReportError } from '../../core/errors.js';
import type { Outline } from '../../core/source.js';
import { DocumentOutline, OUTLINED } from '../documents/outline.js';
import { readAhead } from './ahead.js';
import { filesOf, type Place } from './files.js';
import { unzipped } from './gunzip.js';
import { explained, withEnd } from './read.js';
import { DocumentReader } from './reader.js';
import { RowMaker } from './rows.js';

/** Strings, which stay, and numbers with a point or an exponent, which JSON.parse would round. */
const NUMBER = /"(?:[^"\\]|\\.)*"?|(?<!\d)-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)/g;

/** @throws ReportError `source` for a collection that is not there, has no documents or a broken one, or the signal's reason */
export async function outline(
  place: Place,
  collection: string,
  doing: string,
  signal: AbortSignal,
): Promise<Outline> {
  const found = await filesOf(place, collection, doing);
  const described = () => {
    const { notes, ...rest } = outlined.outline(collection);
    return { ...rest, notes: [...notes, ...found.leftOut] };
  };
  const query = { collection, pipeline: [], fields: {}, orderBy: [], onMismatch: 'null' as const };
  const nothing = {
    report: '',
    query,
    columns: [],
    filters: [],
    mapped: {},
    params: {},
    orderBy: [],
    timezone: 'UTC',
  };
  const reader = new DocumentReader(new RowMaker(nothing, query, doing).root, doing, nothing.timezone);
  const outlined = new DocumentOutline(true);
  let name = '';
  try {
    for await (const { file, chunks } of readAhead(found.files, signal)) {
      name = file.name;
      reader.begin(name);
      for await (const chunk of withEnd(unzipped(name, chunks))) {
        signal.throwIfAborted();
        if (chunk === undefined) reader.finish();
        else reader.append(chunk);
        while (reader.next()) {
          outlined.add(JSON.parse(reader.json.replace(NUMBER, exact)));
          if (outlined.documents === OUTLINED) return described();
        }
      }
    }
  } catch (error) {
    throw explained(reader.explain(error), `${doing}: ${name}`, signal);
  }
  if (outlined.documents > 0) return described();
  throw new ReportError('source', `${doing}: there are no documents to look at`, { retryable: false });
}

function exact(token: string): string {
  return token.startsWith('"') ? token : `{"$numberDecimal":"${token}"}`;
}
