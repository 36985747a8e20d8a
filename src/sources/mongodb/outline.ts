// Proposes columns for a report from the first documents of a collection.
import type { Db } from 'mongodb';
import { ReportError } from '../../core/errors.js';
import type { Outline } from '../../core/source.js';
import { DocumentOutline, OUTLINED } from '../documents/outline.js';

/** @throws ReportError `source` for a collection without documents, and what the driver says */
export async function outline(database: Db, collection: string, doing: string): Promise<Outline> {
  const { BSON } = await import('./driver.js');
  const outlined = new DocumentOutline(false);
  const options = { limit: OUTLINED, promoteValues: false };
  for await (const document of database.collection(collection).find({}, options))
    outlined.add(BSON.EJSON.serialize(document, { relaxed: false }));
  if (outlined.documents > 0) return outlined.outline(collection);
  throw new ReportError('source', `${doing}: there are no documents to look at`, { retryable: false });
}
