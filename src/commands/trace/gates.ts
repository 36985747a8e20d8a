// Tests the traced rows against the gates that a single row can break: not-null and unique.

import type { KeyPart, Prepared, Request, Trace } from '../../core/source.js';
import type { Cell } from '../../core/table.js';
import type { Report } from '../../reports/report.js';
import { formatKey } from './format-key.js';

export interface FailedGate {
  readonly gate: 'not-null' | 'unique';
  readonly detail: string;
}

/**
 * The gates that the traced rows in the report break. For `unique`, asks the source how many rows have the same key.
 * @throws ReportError `source`
 */
export async function failedGates(
  { gates, columns }: Report,
  request: Request,
  prepared: Prepared,
  trace: Trace,
): Promise<FailedGate[]> {
  if (trace.selected === 0) return [];
  // `passes` is undefined when filters stand inside the query (all rows are then in the result) or when the source cannot tell.
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
  for (const key of new Map(keys.map((each) => [formatKey(each), each])).values()) {
    const { selected } = await prepared.trace(key, 1);
    if (selected > 1) failed.push({ gate: 'unique', detail: `${selected} rows have ${formatKey(key)}` });
  }
  return failed;
}
