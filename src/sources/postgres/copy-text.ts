// COPY … TO STDOUT in text (PostgreSQL manual, COPY, "Text Format"): bytes to batches of rows, decoded when asked.
import { isUtf8 } from 'node:buffer';
import type { Client } from 'pg';
import { ReportError } from '../../errors.js';
import type { Batch, Cell } from '../../table.js';

const NEWLINE = 10;

/**
 * Runs a statement through COPY and yields its rows as they arrive, each network chunk's whole lines as one batch;
 * then ends the transaction.
 * @throws what the driver reports, the signal's reason, or ReportError `source` when the server counted other rows
 */
export async function* copyBatches(
  client: Client,
  statement: string,
  signal: AbortSignal,
): AsyncGenerator<Batch> {
  const { to: copyTo } = await import('pg-copy-streams');
  const stream = client.query(copyTo(`COPY (\n${statement}\n) TO STDOUT`));
  let rows = 0;
  let rest: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      rest.push(chunk);
      continue;
    }
    const lines =
      rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([...rest, chunk.subarray(0, end)]);
    rest = end < chunk.length ? [chunk.subarray(end)] : [];
    const batch = new CopyBatch(lines, rows);
    rows += batch.rowCount;
    yield batch;
  }
  signal.throwIfAborted();
  // The server's count comes after the last row, maybe in a later packet: what waits for an answer waits for both.
  await client.query('COMMIT');
  if (rest.length > 0 || rows !== stream.rowCount) {
    throw new ReportError('source', `the server sent ${stream.rowCount} rows but ${rows} arrived`, {
      retryable: true,
    });
  }
}

class CopyBatch implements Batch {
  readonly rowCount: number;
  readonly #lines: Buffer;
  readonly #rowsBefore: number;
  #rows: Cell[][] | undefined;

  /** @param lines whole lines, each with its line feed */
  constructor(lines: Buffer, rowsBefore: number) {
    this.#lines = lines;
    this.#rowsBefore = rowsBefore;
    let count = 0;
    for (let at = lines.indexOf(NEWLINE); at !== -1; at = lines.indexOf(NEWLINE, at + 1)) count++;
    this.rowCount = count;
  }

  rows(): readonly (readonly Cell[])[] {
    this.#rows ??= this.#decode();
    return this.#rows;
  }

  #decode(): Cell[][] {
    // A database in SQL_ASCII passes any bytes on; replacing them by U+FFFD would lose them quietly.
    if (!isUtf8(this.#lines)) {
      throw new ReportError(
        'source',
        `rows ${this.#rowsBefore + 1} to ${this.#rowsBefore + this.rowCount} hold bytes that are not UTF-8`,
        {
          hint: 'The database has the encoding SQL_ASCII: convert the text in the query with convert_from().',
        },
      );
    }
    const lines = this.#lines.toString('utf8', 0, this.#lines.length - 1).split('\n');
    return lines.map((line) => line.split('\t').map(cell));
  }
}

function cell(text: string): Cell {
  if (!text.includes('\\')) return text;
  return text === '\\N'
    ? null
    : text.replace(/\\([\s\S])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
