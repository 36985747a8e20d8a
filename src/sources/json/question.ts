// Answers a report's wait-for question for files: is there a document with these values?
import { ReportError } from '../../core/errors.js';
import type { Answer, Question, Request } from '../../core/source.js';
import type { Column } from '../../core/table.js';
import { filesOf, type Place } from './files.js';
import { readDocuments } from './read.js';

const MISSING: Answer = { isReady: false, text: 'no such collection' };

/**
 * Compares values as texts; reads until the first document that has them all.
 * @throws ReportError `definition` when the question is SQL or has more than values, and what reading throws
 */
export async function ask(
  place: Place,
  { report, about, timezone }: Question,
  label: string,
  signal: AbortSignal,
): Promise<Answer> {
  if (typeof about === 'string') {
    throw new ReportError('definition', `"${report}" waits for SQL, but ${label} holds documents`, {
      hint: 'Write wait-for with a collection and a match.',
    });
  }
  const { collection, match } = about;
  const wanted = Object.entries(match);
  for (const [path, value] of wanted) {
    if (!path.startsWith('$') && ['string', 'number', 'boolean'].includes(typeof value)) continue;
    throw new ReportError(
      'definition',
      `"${report}" waits for ${JSON.stringify({ [path]: value })}, but ${label} is files, which are only asked for values`,
      { hint: 'Write match: { path: value, … } with texts, numbers, true or false.' },
    );
  }
  if (place.single === undefined) {
    const [single, parts] = [await place.list(`${collection}.`), await place.list(`${collection}/`)];
    if (single.files.length + parts.files.length === 0) return MISSING;
  }
  const doing = `asking ${label} whether "${report}" can be read`;
  const columns = wanted.map(([path]): Column => ({ name: path, kind: 'text', path }));
  const query = { collection, pipeline: [], fields: {}, orderBy: [], onMismatch: 'null' as const };
  const request: Request = {
    report,
    query,
    columns,
    filters: [],
    mapped: {},
    params: {},
    orderBy: [],
    timezone,
  };
  const found = await filesOf(place, collection, doing);
  const note = () => undefined;
  const limit = wanted.length === 0 ? 1 : undefined;
  for await (const batch of readDocuments({ request, query, found, doing, signal, limit, note })) {
    const matches = batch
      .rows()
      .some((row) => wanted.every(([, value], index) => row[index] === String(value)));
    if (matches) return { isReady: true, text: 'true' };
  }
  return { isReady: false, text: 'no such document' };
}
