// Compares the key of a trace with the cells of documents.
import { ReportError } from '../../core/errors.js';
import type { KeyPart } from '../../core/source.js';
import type { Cell } from '../../core/table.js';
import { compareNumbers } from '../../rows/sort/numbers.js';

const NUMBER = /^-?\d{1,500}(?:\.\d{1,500})?$/;

/** @throws ReportError `usage` for a value that no cell of its column can have */
export function assertKey(key: readonly KeyPart[]): void {
  for (const { column, value } of key) {
    const shape = { integer: /^-?\d{1,500}$/, decimal: NUMBER, boolean: /^(true|false)$/ }[
      column.kind as string
    ];
    if (value === null || shape === undefined || shape.test(value)) continue;
    throw new ReportError('usage', `--key ${column.name}=${value}: the column is ${column.kind}`);
  }
}

/** Does the cell equal this part of the key? Numbers are compared by value, not by spelling. */
export function isKey(cell: Cell | undefined, { value }: KeyPart): boolean {
  if (cell === undefined || cell === null || value === null) return cell === value;
  if (NUMBER.test(cell) && NUMBER.test(value)) return compareNumbers(cell, value) === 0;
  return cell === value;
}
