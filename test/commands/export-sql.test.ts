// export --sql: a query that no report file has.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertRefused, reportctl, temporaryFolder } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

let folder: string;
let server: TestPostgres;
before(async () => {
  folder = await temporaryFolder();
  server = await createDatabase();
  const client = await server.connect();
  await client.query(`CREATE TABLE vendas (id integer PRIMARY KEY, valor numeric(12,2), cliente text);
    INSERT INTO vendas VALUES (1, 10.50, 'Ana'), (2, 20, 'José */ --'), (3, NULL, 'Ana')`);
  await client.end();
});
after(() => server.stop());

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return reportctl(['export', ...args], {
    cwd: folder,
    env: { REPORTCTL_SOURCE_VENDAS: server.url, ...env },
  });
}

test('a query is described by the server, and exported with its kinds', async () => {
  const sql = `SELECT cliente AS "Cliente /* ação */", sum(valor) AS total FROM vendas GROUP BY 1 ORDER BY 1;`;
  const { code, stdout, stderr } = await run(['--sql', sql, '-o', 'x.csv', '--locale', 'pt-BR']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /x\.csv: 2 rows/);
  const text = await readFile(join(folder, 'x.csv'), 'utf8');
  assert.equal(text, '\ufeffCliente /* ação */;total\r\nAna;10,50\r\nJosé */ --;20,00\r\n');
  const manifest = JSON.parse(await readFile(join(folder, 'x.csv.manifest.json'), 'utf8'));
  assert.equal(manifest.report, 'ad-hoc');
  assert.deepEqual(
    manifest.columns.map(({ kind }: { kind: string }) => kind),
    ['text', 'decimal'],
  );
  assert.equal((await reportctl(['verify', 'x.csv'], { cwd: folder })).code, 0);
});

test('a table, with conditions, an order and a limit', async () => {
  const args = ['--where', 'cliente = Ana', '--order-by', 'id:desc', '--limit', '1', '-o', '-'];
  const { stdout, stderr } = await run(['--sql', 'vendas', '--source', 'vendas', ...args]);
  assert.equal(stdout, 'id,valor,cliente\n3,,Ana\n', stderr);
});

test('what writes, what is wrong, and what holds documents', async () => {
  const to = ['-o', '-'];
  assertRefused(await run(['--sql', 'SELECT nada FROM vendas', ...to]), 4, /column "nada" does not exist/);
  assertRefused(await run(['--sql', 'DELETE FROM vendas RETURNING id', ...to]), 4, /no such table or view/);
  const writes = await run(['--sql', `WITH x AS (DELETE FROM vendas RETURNING id) SELECT * FROM x`, ...to]);
  assertRefused(writes, 4, /read-only transaction|data-modifying/);
  const documents = { REPORTCTL_SOURCE_DOCS: `file:${folder}/` };
  const ofDocuments = await run(['--sql', 'SELECT 1', '--source', 'docs', ...to], documents);
  assert.notEqual(ofDocuments.code, 0);
  assertRefused(
    await run(['--sql', 'vendas', ...to], documents),
    2,
    /several sources.*--source: docs, vendas/,
  );
});

test('a report and a query, neither, or a source for a report', async () => {
  assertRefused(await run(['vendas', '--sql', 'vendas']), 2, /both the report "vendas" and --sql/);
  assertRefused(await run([]), 2, /no report is named/);
  assertRefused(await run(['vendas', '--source', 'vendas']), 2, /--source without --sql/);
});
