// The table that the benches of PostgreSQL read: ten columns of every kind, 98 bytes a row as CSV.
import type { Client } from 'pg';
import type { TestPostgres } from '../test/support/postgres.js';

/** Makes `linhas` with so many rows, an index by organization and time, and statistics. */
export async function createLinhas(postgres: TestPostgres, rows: number): Promise<void> {
  const client = await postgres.connect();
  await client.query(`CREATE TABLE linhas AS SELECT i AS id, 'Cliente número ' || i % 5000 AS cliente,
    timestamptz '2024-01-01 00:00:00-03' + i * interval '7.3 seconds' AS momento, (i * 37::bigint % 1000000)::numeric / 100 AS valor,
    i % 97 AS quantidade, 'Organização ' || i % 50 AS organizacao, 'Produto ' || i % 700 AS produto,
    (ARRAY['Bebidas', 'Alimentos', 'Limpeza'])[1 + i % 3] AS tipo, md5(i::text) AS codigo,
    CASE WHEN i % 11 = 0 THEN NULL ELSE 'aprovada' END AS status FROM generate_series(1, ${rows}) AS i`);
  await client.query('CREATE INDEX ON linhas (organizacao, momento)');
  await client.query('VACUUM ANALYZE linhas');
  await client.end();
}

/** Makes `linhas` anew with the same rows, with cents in the decimals, for what shows or stores numbers of a width. */
export async function fillLinhas(client: Client, rows: number): Promise<void> {
  await client.query('DROP TABLE IF EXISTS linhas');
  await client.query(linhas(rows));
  await client.query('VACUUM ANALYZE linhas');
}

const linhas = (
  rows: number,
) => `CREATE TABLE linhas AS SELECT i AS id, 'Cliente número ' || i % 5000 AS cliente,
  timestamptz '2024-01-01 00:00:00-03' + i * interval '7.3 seconds' AS momento,
  round((i * 37 % 1000000)::numeric / 100, 2) AS valor, i % 97 AS quantidade, 'Organização ' || i % 50 AS organizacao,
  'Produto ' || i % 700 AS produto, (ARRAY['Bebidas', 'Alimentos', 'Limpeza'])[1 + i % 3] AS tipo, md5(i::text) AS codigo,
  CASE WHEN i % 11 = 0 THEN NULL ELSE 'aprovada' END AS status FROM generate_series(1::bigint, ${rows}) AS i`;
