// The gates that a traced row alone can break.

import type { KeyPart, Prepared, Request, Trace } from '../../core/source.js';
import type { Cell } from '../../core/table.js';
import type { Report } from '../../reports/report.js';
import { spellKey } from './spell-key.js';

export interface FailedGate {
  readonly gate: 'not-null' | 'unique';
  readonly detail: string;
}

/** Of the shown rows that are in the report; for `unique` the source is asked for all rows that have the same key. */
export async function gatesOf(
  { gates, columns }: Report,
  request: Request,
  prepared: Prepared,
  trace: Trace,
): Promise<FailedGate[]> {
  if (trace.selected === 0) return [];
  // Where filters stand inside the query, the rows are those of the result; of several documents nobody knows which pass.
  const rows = trace.rows.filter(({ filters }) => filters.every(({ passes }) => passes !== false));
  const cellOf = (cells: readonly Cell[], name: string): Cell =>
    cells[request.columns.findIndex((column) => column.name === name)] ?? null;
  const failed: FailedGate[] = gates.notNull
    .filter((name) => rows.some(({ cells }) => cellOf(cells, name) === null))
    .map((name) => ({ gate: 'not-null', detail: `${name} is null` }));
  if (gates.unique.length === 0) return failed;
  const keys = rows.map(({ cells }) =>
    gates.unique.flatMap((name): KeyPart[] => {
      const column = columns.find((each) => each.name === name);
      return column === undefined ? [] : [{ column, value: cellOf(cells, name) }];
    }),
  );
  for (const key of new Map(keys.map((each) => [spellKey(each), each])).values()) {
    const { selected } = await prepared.trace(key, 1);
    if (selected > 1) failed.push({ gate: 'unique', detail: `${selected} rows have ${spellKey(key)}` });
  }
  return failed;
}
