// What the conditions of filters select, and how PostgreSQL plans them.
import type pg from 'pg';
import type { Dimension } from '../../src/core/filter.js';
import { parseFilter } from '../../src/filters/index.js';
import { postgresDialect } from '../../src/sources/postgres/dialect.js';
import { createDatabase } from './shared-postgres.js';

/** A database and a session to run the conditions of filters in. */
export interface FilterBench {
  readonly client: pg.Client;
  /** The condition of a filter on column v of that type. */
  condition(dimension: Dimension, values: readonly string[], type: string, timezone?: string): string;
  /** The values of column v, as text, that the condition selects from `relation`. */
  select(relation: string, where: string, parameters?: unknown[]): Promise<string[]>;
  /** PostgreSQL's plan for the condition on an indexed column of that type, with sequential scans off. */
  plan(dimension: Dimension, values: readonly string[], type: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startFilterBench(): Promise<FilterBench> {
  const database = await createDatabase();
  const client = await database.connect();
  // The conditions' literals must not depend on these settings.
  await client.query(
    `SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'SQL, DMY'; SET standard_conforming_strings = off; SET escape_string_warning = off`,
  );
  const condition: FilterBench['condition'] = (dimension, values, type, timezone = 'UTC') => {
    const filter = parseFilter(dimension, values, { timezone, today: '2026-03-10' });
    return postgresDialect(client).condition(filter, { expression: 'v', type });
  };
  return {
    client,
    condition,
    async select(relation, where, parameters = []) {
      const { rows } = await client.query(
        `SELECT v::text AS v FROM ${relation} WHERE ${where} ORDER BY v`,
        parameters,
      );
      return rows.map((row: { v: string }) => row.v);
    },
    async plan(dimension, values, type) {
      await client.query(`BEGIN; SET LOCAL enable_seqscan = off;
        CREATE TEMP TABLE indexed (v ${type}) ON COMMIT DROP; CREATE INDEX ON indexed (v)`);
      const { rows } = await client.query(
        `EXPLAIN SELECT * FROM indexed WHERE ${condition(dimension, values, type)}`,
      );
      await client.query('COMMIT');
      return JSON.stringify(rows);
    },
    stop: () => database.stop(),
  };
}
