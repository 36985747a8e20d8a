// npm run bench: 1,000,000 rows × 10 columns from PostgreSQL to a file and to S3, beside psql \copy, in turn; medians.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { BINARY } from '../test/support/cli.js';
import { startPostgres } from '../test/support/postgres.js';
import { startS3Server } from '../test/support/s3-server.js';
import { inTurn, type Measure, measure, table } from './measure.js';

const ROWS = Number(process.argv[2] ?? 1_000_000);
const RUNS = Number(process.argv[3] ?? 5);

const TABLE = `CREATE TABLE linhas AS SELECT i AS id, 'Cliente número ' || i % 5000 AS cliente,
  timestamptz '2024-01-01 00:00:00-03' + i * interval '7.3 seconds' AS momento, (i * 37 % 1000000)::numeric / 100 AS valor,
  i % 97 AS quantidade, 'Organização ' || i % 50 AS organizacao, 'Produto ' || i % 700 AS produto,
  (ARRAY['Bebidas', 'Alimentos', 'Limpeza'])[1 + i % 3] AS tipo, md5(i::text) AS codigo,
  CASE WHEN i % 11 = 0 THEN NULL ELSE 'aprovada' END AS status FROM generate_series(1, ${ROWS}) AS i`;
const QUERY = 'SELECT * FROM linhas';

const postgres = await startPostgres();
const folder = await mkdtemp(join(tmpdir(), 'reportctl-bench-'));
const s3 = await startS3Server({ bucket: 'bench' });
try {
  const client = new pg.Client(postgres.url);
  await client.connect();
  await client.query(TABLE);
  await client.query('VACUUM ANALYZE linhas');
  await client.end();
  const report = new URL('linhas.sql', import.meta.url).pathname;
  const env = {
    REPORTCTL_SOURCE_BENCH: postgres.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    REPORTCTL_S3_PATH_STYLE: 'true',
  };
  const ours = (...args: string[]) =>
    measure(process.execPath, [BINARY, 'export', report, '-q', ...args], env);
  const copy = `\\copy (${QUERY}) TO '${folder}/psql.csv' WITH (FORMAT csv, HEADER)`;
  const psql = ['-h', postgres.folder, '-p', String(postgres.port), '-U', 'postgres', '-qXc', copy];
  const work: Readonly<Record<string, () => Promise<Measure>>> = {
    'psql \\copy to a file': () => measure('psql', psql),
    'reportctl to a file': () => ours('-o', `${folder}/reportctl.csv`),
    'reportctl to a file, pt-BR': () => ours('-o', `${folder}/pt.csv`, '--locale', 'pt-BR'),
    'reportctl to S3': () => ours('-o', 's3://bench/reportctl.csv', '--overwrite'),
  };
  const results = await inTurn(work, RUNS);
  const bytes = (await stat(`${folder}/reportctl.csv`)).size;
  console.log(
    `${ROWS.toLocaleString('en-US')} rows, ${bytes.toLocaleString('en-US')} bytes, ${RUNS} runs, Node ${process.versions.node}\n`,
  );
  console.log(table(results, 'psql \\copy to a file'));
} finally {
  await Promise.all([postgres.stop(), s3.close(), rm(folder, { recursive: true })]);
}
