// The gates of a definition: their schema, and the checks that need the columns.
import * as z from 'zod';
import { didYouMean } from '../../core/errors.js';
import { type Column, isNumeric } from '../../core/table.js';
import { compareDecimals } from '../../rows/compare-decimals.js';
import type { Path, YamlText } from './yaml-text.js';

const count = z.int().min(0);
const columnNames = z.array(z.string().min(1)).default([]);
/** Its value is the text that was typed: YamlText.typed(). */
const number = z.union([z.string(), z.number()]);

export const gatesSchema = z
  .strictObject({
    'min-rows': count.optional(),
    'max-rows': count.optional(),
    'not-null': columnNames,
    unique: columnNames,
    total: z
      .record(z.string(), z.strictObject({ min: number.optional(), max: number.optional() }))
      .default({}),
    change: z.strictObject({ rows: number }).optional(),
  })
  .prefault({});

/** @throws ReportError `definition` with the line, what was found and what is allowed */
export function parseGates(
  given: z.infer<typeof gatesSchema>,
  columns: readonly Column[],
  document: YamlText,
) {
  const { 'min-rows': minRows, 'max-rows': maxRows, 'not-null': notNull, unique } = given;
  if (minRows !== undefined && maxRows !== undefined && minRows > maxRows)
    throw document.complaint(['gates', 'min-rows'], `found ${minRows}, which is more than max-rows`);
  checkColumns('not-null', notNull, columns, document);
  checkColumns('unique', unique, columns, document);
  unique.forEach((name, index) => {
    const mask = columns.find((column) => column.name === name)?.mask;
    // Gates see what the file has.
    if (mask === 'partial' || mask === 'null')
      throw document.complaint(
        ['gates', 'unique', index],
        `"${name}" is masked by ${mask}, which makes values equal`,
      );
  });
  const totals = document.keys(['gates', 'total']).map((name) => {
    const path = ['gates', 'total', name];
    exportedColumn(path, name, summable(columns), 'integer or decimal column', document);
    const min = decimalAt([...path, 'min'], given.total[name]?.min, document);
    const max = decimalAt([...path, 'max'], given.total[name]?.max, document);
    if (min === undefined && max === undefined)
      throw document.complaint(path, 'found neither min nor max; at least one is needed');
    if (min !== undefined && max !== undefined && compareDecimals(min, max) > 0)
      throw document.complaint(path, `found a min above the max: ${min} and ${max}`);
    return [name, { min, max }] as const;
  });
  return {
    minRows,
    maxRows,
    notNull,
    unique,
    total: Object.fromEntries(totals),
    change: given.change && { rows: percentAt(['gates', 'change', 'rows'], document) },
  };
}

function summable(columns: readonly Column[]): Column[] {
  return columns.filter(({ kind }) => isNumeric(kind));
}

function checkColumns(
  gate: string,
  names: readonly string[],
  columns: readonly Column[],
  document: YamlText,
): void {
  names.forEach((name, index) => {
    exportedColumn(['gates', gate, index], name, columns, 'exported column', document);
    if (names.indexOf(name) !== index)
      throw document.complaint(['gates', gate, index], `found "${name}" twice`);
  });
}

function exportedColumn(
  path: Path,
  name: string,
  columns: readonly Column[],
  what: string,
  document: YamlText,
): void {
  const names = columns.map((column) => column.name);
  if (!names.includes(name))
    throw document.complaint(path, `found "${name}", which is no ${what}; ${didYouMean(name, names)}`);
}

function decimalAt(path: Path, given: unknown, document: YamlText): string | undefined {
  if (given === undefined) return undefined;
  const text = document.typed(path);
  if (/^-?\d+(\.\d+)?$/.test(text)) return text;
  throw document.complaint(path, `found "${text}"; a decimal such as 1000000.00 is needed`);
}

/** `50%` as `50`. */
function percentAt(path: Path, document: YamlText): string {
  const text = document.typed(path);
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined) return percent;
  throw document.complaint(path, `found "${text}"; a percentage such as 50% is needed`);
}
