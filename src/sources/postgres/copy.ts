// COPY … TO STDOUT: the server's bytes to batches of whole lines, which stay as they are.
import { isUtf8 } from 'node:buffer';
import type { Client } from 'pg';
import { ReportError } from '../../core/errors.js';
import type { Batch } from '../../core/table.js';
import { CopyText, cellEnds } from '../../rows/encoded-rows.js';
import { CopyOut } from './copy-out.js';

const NEWLINE = 10;

/**
 * Runs a statement through COPY and yields its rows as they arrive; then ends the transaction.
 * @throws what the driver reports, the signal's reason, or ReportError `source` when the server counted other rows
 */
export async function* copyBatches(
  client: Client,
  statement: string,
  columnCount: number,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const copy = client.query(new CopyOut(`COPY (\n${statement}\n) TO STDOUT`));
  let rows = 0;
  let isWhole = true;
  for await (const lines of copy) {
    signal.throwIfAborted();
    isWhole = lines.at(-1) === NEWLINE;
    if (!isWhole) break;
    const batch = batchOf(lines, rows, columnCount);
    rows += batch.rowCount;
    yield batch;
  }
  signal.throwIfAborted();
  // The server's count comes after the last row, maybe in a later packet: what waits for an answer waits for both.
  await client.query('COMMIT');
  if (!isWhole || rows !== copy.rowCount) {
    throw new ReportError('source', `the server sent ${copy.rowCount} rows but ${rows} arrived`, {
      retryable: true,
    });
  }
}

/** @param rowsBefore for the message @throws ReportError `source` for bytes that are not UTF-8, or lines of other lengths */
function batchOf(lines: Buffer, rowsBefore: number, columnCount: number): CopyText {
  const batch = new CopyText({ bytes: lines, ends: cellEnds(lines) }, columnCount);
  if (!Number.isInteger(batch.rowCount)) {
    throw new ReportError('source', `after row ${rowsBefore} a row has other than ${columnCount} columns`);
  }
  // A database in SQL_ASCII passes any bytes on; replacing them by U+FFFD would lose them quietly.
  if (isUtf8(lines)) return batch;
  throw new ReportError(
    'source',
    `rows ${rowsBefore + 1} to ${rowsBefore + batch.rowCount} hold bytes that are not UTF-8`,
    {
      hint: 'The database has the encoding SQL_ASCII: convert the text in the query with convert_from().',
    },
  );
}
