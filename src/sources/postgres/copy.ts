// COPY … TO STDOUT: the server's bytes as batches of whole lines, still encoded.
import { isUtf8 } from 'node:buffer';
import type { Client } from 'pg';
import { ReportError } from '../../core/errors.js';
import type { Batch } from '../../core/table.js';
import { CopyText, cellEnds } from '../../rows/encoded-rows.js';
import { CopyOut } from './copy-out.js';
import type { Session } from './session.js';

const NEWLINE = 10;

/**
 * Runs a statement through COPY and yields its rows as they arrive; then rolls the transaction back.
 * @throws what the driver reports, the signal's reason, or ReportError `source` when the server counted other rows
 */
export async function* copyBatches(
  client: Client,
  statement: string,
  columnCount: number,
  { signal, idle }: Pick<Session, 'signal' | 'idle'>,
): AsyncGenerator<Batch> {
  const copy = client.query(new CopyOut(`COPY (\n${statement}\n) TO STDOUT`, idle));
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
  // The server's count may come in a later packet than the last row, but always before the answer to ROLLBACK.
  // Functions of the query can write in a read-only transaction too (pg_notify, set_config; lo_creat before PostgreSQL 16).
  await idle.during(client.query('ROLLBACK'));
  if (!isWhole || rows !== copy.rowCount) {
    throw new ReportError('source', `the server sent ${copy.rowCount} rows but ${rows} arrived`, {
      retryable: true,
    });
  }
}

/**
 * @param rowsBefore for messages: the number of rows before these
 * @throws ReportError `source` for bytes that are not UTF-8, or a row with another number of columns
 */
function batchOf(lines: Buffer, rowsBefore: number, columnCount: number): CopyText {
  const batch = new CopyText({ bytes: lines, ends: cellEnds(lines) }, columnCount);
  if (!Number.isInteger(batch.rowCount)) {
    throw new ReportError('source', `after row ${rowsBefore} a row has other than ${columnCount} columns`);
  }
  // A database in SQL_ASCII passes any bytes on. Decoding would replace them by U+FFFD and lose data silently.
  if (isUtf8(lines)) return batch;
  throw new ReportError(
    'source',
    `rows ${rowsBefore + 1} to ${rowsBefore + batch.rowCount} hold bytes that are not UTF-8`,
    {
      hint: 'The database has the encoding SQL_ASCII: convert the text in the query with convert_from().',
    },
  );
}
