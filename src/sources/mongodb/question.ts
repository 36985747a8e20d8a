// Answers a report's wait-for question for MongoDB: is there a document that matches?
import type { Db, Document } from 'mongodb';
import { ReportError } from '../../core/errors.js';
import type { Answer, Question } from '../../core/source.js';
import { stagesOf } from './pipeline.js';

/** @throws ReportError `definition` when the question is SQL or no Extended JSON; the driver's errors */
export async function ask(database: Db, { report, about }: Question, label: string): Promise<Answer> {
  if (typeof about === 'string') {
    throw new ReportError('definition', `"${report}" waits for SQL, but ${label} holds documents`, {
      hint: 'Write wait-for with a collection and a match.',
    });
  }
  const { BSON } = await import('./driver.js');
  const fixed = { collection: about.collection, fields: {}, orderBy: [], onMismatch: 'fail' as const };
  const [stage] = stagesOf(
    { ...fixed, pipeline: [{ $match: about.match }] },
    {},
    `${report}" in "wait-for`,
    BSON,
  );
  const filter = (stage as { $match: Document }).$match;
  const found = await database
    .collection(about.collection)
    .find(filter, { limit: 1, projection: { _id: 1 } })
    .toArray();
  return { isReady: found.length > 0, text: found.length > 0 ? 'true' : 'no such document' };
}
