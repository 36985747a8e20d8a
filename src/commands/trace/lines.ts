// How a trace reads: the verdict's reasons, then each row with what every filter says of it.
import type { Dimension } from '../../core/filter.js';
import type { KeyPart, Request, Trace } from '../../core/source.js';
import type { Cell } from '../../core/table.js';
import { spellFilter } from '../shared/filter-options.js';
import { formatRows } from '../shared/print.js';
import type { FailedGate } from './gates.js';
import { spellKey } from './spell-key.js';

export interface TracedSource {
  readonly source: string;
  readonly trace: Trace;
  readonly gates: readonly FailedGate[];
}

/** Why none of the rows is in the report; none when one is. */
export function reasonsOf(trace: Trace, request: Request, key: readonly KeyPart[]): string[] {
  const { found, selected, filters, rows } = trace;
  if (selected > 0) return [];
  const isInside = filters.some(({ passing }) => passing === undefined);
  if (found === 0) return [`no row of the query has ${spellKey(key)}, whatever the filters`];
  if (isInside) {
    const back = request.filters.flatMap(({ filter }, index) => {
      const { without = 0 } = filters[index] ?? {};
      return without > 0 ? [`without ${spellFilter(filter)} it would be (${formatRows(without)})`] : [];
    });
    return back.length > 0
      ? back
      : [
          `no filter alone keeps it out: without all of them ${formatRows(found)} ${found === 1 ? 'has' : 'have'} the key`,
        ];
  }
  const failing = request.filters.flatMap(({ filter, column }, index) => {
    if ((filters[index]?.passing ?? 0) > 0) return [];
    const value = rows[0]?.filters[index]?.value;
    return [`${spellFilter(filter)} fails: ${column} is ${spellValue(filter.dimension, value)}`];
  });
  return failing.length > 0 ? failing : ['each of its rows fails another filter'];
}

export function traceLines(
  { source, trace, gates }: TracedSource,
  request: Request,
  { isSeveral }: { readonly isSeveral: boolean },
): string[] {
  const { found, selected, rows } = trace;
  const shown = rows.length < found ? `, ${rows.length} of them shown` : '';
  return [
    ...(isSeveral ? [`  ${source}`] : []),
    `  ${formatRows(found)} in the query, ${selected} with all filters${shown}`,
    ...rows.flatMap((row) => [
      `  - ${request.columns.map(({ name }, index) => `${name}=${shorten(row.cells[index] ?? 'null')}`).join(' ')}`,
      ...request.filters.flatMap(({ filter, column }, index) => {
        const { value, passes } = row.filters[index] ?? {};
        if (value === undefined) return [];
        const verdict = passes === undefined ? 'passes or fails' : passes ? 'passes' : 'fails';
        return [`    ${spellFilter(filter)} ${verdict}: ${column} is ${spellValue(filter.dimension, value)}`];
      }),
    ]),
    ...request.filters.flatMap(({ filter }, index) => {
      const { without } = trace.filters[index] ?? {};
      return without === undefined || selected > 0
        ? []
        : [`    without ${spellFilter(filter)}: ${formatRows(without)}`];
    }),
    ...gates.map(({ gate, detail }) => `  gate ${gate} fails: ${detail}, so that nothing is published`),
  ];
}

const TEXTS: readonly Dimension[] = ['organization', 'product', 'product-type'];

function spellValue(dimension: Dimension, value: Cell | undefined): string {
  if (value === undefined || value === null) return 'null';
  return shorten(TEXTS.includes(dimension) ? JSON.stringify(value) : value);
}

/** Characters of a value that are shown. */
const MOST = 200;

function shorten(text: string): string {
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}
