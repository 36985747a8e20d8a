// The first documents of the files, whole, held against what a report takes of them.
import { Sample } from '../documents/sample.js';
import { readAhead } from './ahead.js';
import { unzipped } from './gunzip.js';
import { explained, type Read, withEnd } from './read.js';
import { DocumentReader } from './reader.js';
import { RowMaker } from './rows.js';

/** Reads no more than `count` documents. @throws ReportError `source` for a broken one, or the signal's reason */
export async function sample(read: Read, label: string, count: number): Promise<string[]> {
  const { place, request, query, found, doing, signal } = read;
  const maker = new RowMaker({ ...request, filters: [] }, { ...query, onMismatch: 'null' }, doing);
  const reader = new DocumentReader(maker.root, doing, request.timezone);
  const sampled = new Sample(request, query);
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
          maker.row(reader);
          sampled.add(JSON.parse(reader.json));
          if (sampled.documents === count) return sampled.lines(label, maker.misfits());
        }
      }
    }
  } catch (error) {
    throw explained(reader.explain(error), `${doing}: ${name}`, place, signal);
  }
  return sampled.lines(label, maker.misfits());
}
