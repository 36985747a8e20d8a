// Compares the first documents of the files with the columns of a report.
import type { SampleLine } from '../../core/source.js';
import { Sample } from '../documents/sample.js';
import { eachDocument } from './inspect.js';
import type { Read } from './read.js';
import { RowMaker } from './rows.js';

/** Reads no more than `count` documents. @throws ReportError `source` for a broken one, or the signal's reason */
export async function sample(read: Read, label: string, count: number): Promise<SampleLine[]> {
  const { request, query, doing } = read;
  const maker = new RowMaker({ ...request, filters: [] }, { ...query, onMismatch: 'null' }, doing);
  const sampled = new Sample(request, query);
  await eachDocument(read, maker, (document) => {
    maker.row(document);
    sampled.add(JSON.parse(document.json));
    return sampled.documents === count;
  });
  return sampled.lines(label, maker.misfits());
}
