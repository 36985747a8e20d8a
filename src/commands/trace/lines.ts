// The text of a trace: why no row is in the report, then each row with the verdict of every filter.
import type { Filter } from '../../core/filter.js';
import type { KeyPart, Request, Trace } from '../../core/source.js';
import type { Cell } from '../../core/table.js';
import { formatFilter } from '../shared/filter-options.js';
import { formatRows } from '../shared/print.js';
import { formatKey } from './format-key.js';
import type { FailedGate } from './gates.js';

export interface TracedSource {
  readonly source: string;
  readonly trace: Trace;
  readonly gates: readonly FailedGate[];
}

/** Why none of the rows is in the report; an empty array when one is. */
export function exclusionReasons(trace: Trace, request: Request, key: readonly KeyPart[]): string[] {
  const { found, selected, filters, rows } = trace;
  if (selected > 0) return [];
  if (found === 0) return [`even without filters the query returns no row with ${formatKey(key)}`];
  const areFiltersInsideQuery = filters.some(({ passing }) => passing === undefined);
  if (areFiltersInsideQuery) {
    const excluding = request.filters.flatMap(({ filter }, index) => {
      const { without = 0 } = filters[index] ?? {};
      return without > 0
        ? [`without ${formatFilter(filter)} it would be in the report (${formatRows(without)})`]
        : [];
    });
    return excluding.length > 0
      ? excluding
      : [
          `no single filter excludes it: without any filter ${formatRows(found)} ${found === 1 ? 'has' : 'have'} the key`,
        ];
  }
  const failing = request.filters.flatMap(({ filter, column }, index) => {
    if ((filters[index]?.passing ?? 0) > 0) return [];
    const value = rows[0]?.filters[index]?.value;
    const because = value === undefined ? '' : `: ${column} is ${formatValue(filter, value)}`;
    return [`${formatFilter(filter)} fails${because}`];
  });
  return failing.length > 0
    ? failing
    : ['no filter excludes all of its rows, but each row fails at least one'];
}

export function traceLines(
  { source, trace, gates }: TracedSource,
  request: Request,
  { isSeveral }: { readonly isSeveral: boolean },
): string[] {
  const { found, selected, rows } = trace;
  const shown = rows.length < found ? `, ${rows.length} shown` : '';
  return [
    ...(isSeveral ? [`  ${source}`] : []),
    `  ${formatRows(found)} in the query, ${selected} with all filters${shown}`,
    ...rows.flatMap((row) => [
      `  - ${request.columns.map(({ name }, index) => `${name}=${shorten(row.cells[index] ?? 'null')}`).join(' ')}`,
      ...request.filters.flatMap(({ filter, column }, index) => {
        const { value, passes } = row.filters[index] ?? {};
        if (value === undefined) return [];
        const verdict = passes === undefined ? 'may pass or fail' : passes ? 'passes' : 'fails';
        return [`    ${formatFilter(filter)} ${verdict}: ${column} is ${formatValue(filter, value)}`];
      }),
    ]),
    ...request.filters.flatMap(({ filter }, index) => {
      const { without } = trace.filters[index] ?? {};
      return without === undefined || selected > 0
        ? []
        : [`    without ${formatFilter(filter)}: ${formatRows(without)}`];
    }),
    ...gates.map(({ gate, detail }) => `  gate ${gate} fails: ${detail}; the report is not published`),
  ];
}

function formatValue({ test }: Filter, value: Cell): string {
  if (value === null) return 'null';
  return shorten(test.of === 'texts' ? JSON.stringify(value) : value);
}

const MAX_VALUE_CHARACTERS = 200;

function shorten(text: string): string {
  return text.length > MAX_VALUE_CHARACTERS ? `${text.slice(0, MAX_VALUE_CHARACTERS)}…` : text;
}
