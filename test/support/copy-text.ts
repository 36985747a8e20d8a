// Batches for tests, as cells and as COPY text.
import { CopyText, cellEnds } from '../../src/copy-text.js';
import type { Batch, Cell } from '../../src/table.js';

export type Rows = readonly (readonly Cell[])[];

export function cellBatch(rows: Rows): Batch {
  return { rowCount: rows.length, rows: () => rows };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** As PostgreSQL writes them (PostgreSQL manual, COPY, "Text Format"). */
export function copyTextBatch(rows: Rows): Batch {
  const lines = rows.map((row) => {
    const cells = row.map((cell) =>
      cell === null ? '\\N' : cell.replace(/[\\\b\f\n\r\t\v]/g, (character) => ESCAPES[character] ?? ''),
    );
    return `${cells.join('\t')}\n`;
  });
  const bytes = Buffer.from(lines.join(''));
  return new CopyText({ bytes, ends: cellEnds(bytes) }, rows[0]?.length ?? 1);
}

export const BATCH_FORMS = { cells: cellBatch, 'COPY text': copyTextBatch } as const;
