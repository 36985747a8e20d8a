// Estimates the number of rows from the first documents of some files.
import type { Estimate } from '../../core/source.js';
import { unzipped } from './gunzip.js';
import { explained, type Read } from './read.js';
import { DocumentReader } from './reader.js';
import { RowMaker } from './rows.js';

/** Bytes and files that are read at most. */
const MAX_SAMPLE_BYTES = 64 * 1024;
const MAX_SAMPLE_FILES = 16;

/** All documents, whatever the filters say: how many pass is known only after reading. @throws ReportError `source` */
export async function estimate({ request, query, found, doing, signal }: Read): Promise<Estimate> {
  const maker = new RowMaker(request, { ...query, onMismatch: 'null' }, doing);
  const reader = new DocumentReader(maker.root, doing, request.timezone);
  // `stored` counts bytes as stored, perhaps compressed; `documentBytes` ends with the last whole document.
  const sum = { files: 0, stored: 0, bytes: 0, documentBytes: 0, rows: 0, rowBytes: 0 };
  const every = Math.ceil(found.files.length / MAX_SAMPLE_FILES);
  for (const { name, size, stream } of found.files.filter((_, index) => index % every === 0)) {
    const most = Math.min(MAX_SAMPLE_BYTES - sum.stored, size);
    if (most <= 0) continue;
    sum.files += 1;
    sum.stored += most;
    reader.begin(name);
    try {
      for await (const chunk of unzipped(name, stream(signal, most), 'beginning')) {
        sum.bytes += chunk.length;
        reader.append(chunk);
        while (reader.next()) {
          sum.rows += 1;
          const cells = maker.row(reader) ?? [];
          sum.rowBytes += cells.reduce((bytes, cell) => bytes + (cell?.length ?? 0) + 1, 0);
        }
      }
    } catch (error) {
      throw explained(reader.explain(error), `${doing}: ${name}`, signal);
    }
    sum.documentBytes += reader.taken;
  }
  const stored = found.files.reduce((bytes, { size }) => bytes + size, 0);
  // Files read whole may hold one document each: their number counts then, not their bytes.
  const wasWhole = sum.stored < MAX_SAMPLE_BYTES;
  const whole = wasWhole
    ? found.files.length / Math.max(1, sum.files)
    : (stored * sum.bytes) / (sum.stored * Math.max(1, sum.documentBytes));
  const rows = Math.ceil(sum.rows * whole);
  return {
    rows: Math.min(rows, request.limit ?? rows),
    rowBytes: sum.rows === 0 ? 0 : Math.ceil(sum.rowBytes / sum.rows),
    ...(request.filters.length > 0 ? { isBound: true as const } : {}),
  };
}
