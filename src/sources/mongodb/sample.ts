// Compares the first documents of a collection or pipeline with the columns of a report.
import type { Db, Document } from 'mongodb';
import { ReportError } from '../../core/errors.js';
import type { DocumentQuery, Request, SampleLine } from '../../core/source.js';
import { type Misfits, Sample } from '../documents/sample.js';
import { stagesOf } from './pipeline.js';
import { RowReader } from './rows.js';

export interface SampleRequest {
  readonly database: Db;
  /** Of the source, for messages. */
  readonly label: string;
  readonly request: Request;
  readonly query: DocumentQuery;
  /** The paths at which ISO 8601 text counts as a date. */
  readonly isoTextAt: ReadonlySet<string>;
}

/** Documents of one reply: fewer than for a report, because these are whole. */
const DOCUMENTS_PER_REPLY = 500;

/**
 * Reads at most `count` documents, after the report's stages and without its filters.
 * @throws ReportError `source` for a document that cannot be read; the driver's errors
 */
export async function sample(
  { database, label, request, query, isoTextAt }: SampleRequest,
  count: number,
): Promise<SampleLine[]> {
  const { BSON } = await import('./driver.js');
  const collection = database.collection(query.collection);
  const options = { raw: true, batchSize: Math.min(count, DOCUMENTS_PER_REPLY) };
  const stages = stagesOf(query, {}, request.report, BSON);
  const cursor =
    stages.length === 0
      ? collection.find({}, { ...options, limit: count })
      : collection.aggregate([...stages, { $limit: count }], { ...options, allowDiskUse: true });
  const sampled = new Sample(request, query);
  const fit = fitting({ request, isoTextAt, doing: `sampling "${request.report}" from ${label}` });
  for await (const document of cursor as AsyncIterable<Document>) {
    const { buffer, byteOffset, byteLength } = document as unknown as Uint8Array;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    fit.add(bytes);
    // Only the names are used: fit.add() has read the values.
    sampled.add(BSON.deserialize(bytes, { promoteValues: false, validation: { utf8: false } }));
  }
  return sampled.lines(label, fit.misfits());
}

interface Fitting {
  readonly request: Request;
  readonly isoTextAt: ReadonlySet<string>;
  readonly doing: string;
}

/** Reads each column by itself, so that one that does not fit hides no other. */
function fitting({ request: { columns, timezone }, isoTextAt, doing }: Fitting) {
  const misfits = new Map<string, Misfits>();
  const readers = columns.map((column) => ({
    name: column.name,
    reader: new RowReader([column], { doing, timezone, onMismatch: 'fail', isoTextAt }),
  }));
  const note = (name: string, error: unknown) => {
    if (!(error instanceof ReportError) || error.code !== 'contract') throw error;
    const { count, first } = misfits.get(name) ?? {
      count: 0,
      first: error.message.replace(`${doing}: `, ''),
    };
    misfits.set(name, { count: count + 1, first });
  };
  return {
    add(bytes: Buffer): void {
      for (const { name, reader } of readers) {
        try {
          reader.batch({ bytes, starts: [0] }, 0, 1);
        } catch (error) {
          note(name, error);
        }
      }
    },
    misfits: () => [...misfits.values()],
  };
}
