// Formats and prints results: sizes, counts, aligned columns, JSON.
import type { Writable } from 'node:stream';
import { ReportError } from '../../core/errors.js';
import { printable } from '../../core/foreign-text.js';
import { fitTable } from './table.js';

export { formatPeriod } from '../../core/calendar.js';

/** `1.5 MiB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** `1 row`, `22,672 rows` */
export function formatRows(rows: number): string {
  return `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`;
}

/** One line per row: columns padded to their widest cell, two spaces between them; control characters escaped. */
export function alignedLines([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  const columns = header.map((text, index) => ({
    header: printable(text),
    cells: rows.map((row) => printable(row[index] ?? '')),
  }));
  const table = fitTable(columns);
  return [table.header, ...table.rows];
}

export function printLines(stream: Writable, lines: readonly string[]): void {
  stream.write(lines.map((line) => `${line}\n`).join(''));
}

export function printJson(stream: Writable, value: unknown): void {
  stream.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/**
 * Waits until everything printed so far has reached the operating system.
 * @throws ReportError `unexpected` when a write failed, unless the reader closed the pipe (EPIPE)
 */
export async function flush(stream: Writable): Promise<void> {
  // Callbacks run in the order of the writes, so this one runs after all others.
  const failure = await new Promise<Error | null | undefined>((resolve) => stream.write('', resolve));
  const error: NodeJS.ErrnoException | null | undefined = stream.errored ?? failure;
  if (!error || error.code === 'EPIPE') return;
  throw new ReportError('unexpected', `printing the result: ${error.message}`, {
    hint: 'The command finished its work; only its output is incomplete.',
  });
}
