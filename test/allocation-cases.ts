// What is allocated for a row, told by how often garbage is collected: steadier than time, whatever else the machine does.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { BINARY, temporaryFolder } from './support/cli.js';
import type { TestPostgres } from './support/postgres.js';
import { createDatabase } from './support/shared-postgres.js';

const FEW = 1_000;
const MANY = 200_000;
const COLUMNS = `columns: { id: integer, nome: text, momento: timestamp, valor: decimal, codigo: text, status: text }
totals: [valor]
`;

/** With one small object a cell, a case has some 40 collections. */
const CASES = [
  { name: 'rows to CSV', report: 'tabela', output: 'a.csv', most: 10 },
  {
    name: 'rows to CSV as in Brazil',
    report: 'tabela',
    output: 'b.csv',
    options: ['--locale', 'pt-BR'],
    most: 10,
  },
  { name: 'rows to XLSX', report: 'tabela', output: 'c.xlsx', most: 24 },
  { name: 'documents to CSV', report: 'arquivo', output: 'd.csv', most: 24 },
];

/** Defines the tests. @param count how many of the cases */
export function allocationTests(count = CASES.length): void {
  let server: TestPostgres;
  let folder: string;
  before(async () => {
    [server, folder] = await Promise.all([createDatabase(), temporaryFolder()]);
    for (const rows of [FEW, MANY]) await writeReports(folder, rows);
  });
  after(async () => {
    await Promise.all([server?.stop(), rm(folder, { recursive: true, force: true })]);
  });

  describe('nothing is allocated for a cell', { timeout: 600_000 }, () => {
    for (const { name, report, output, options = [], most } of CASES.slice(0, count)) {
      test(name, async () => {
        const extension = report === 'tabela' ? 'sql' : 'yaml';
        const collectionsOf = (rows: number) => {
          const args = [
            join(folder, `${report}-${rows}.${extension}`),
            '-o',
            join(folder, `${rows}${output}`),
          ];
          return collections([...args, ...options], { tabela: server.url, folder });
        };
        const [few, many] = [await collectionsOf(FEW), await collectionsOf(MANY)];
        assert.ok(many - few <= most, `${many - few} collections for ${MANY} rows`);
      });
    }
  });
}

async function writeReports(folder: string, rows: number): Promise<void> {
  const query = `SELECT i AS id, 'Cliente número ' || i % 5000 AS nome, timestamptz '2024-01-01' + i * interval '7 seconds' AS momento,
      (i % 10000)::numeric / 100 AS valor, md5(i::text) AS codigo, nullif(i % 11, 0)::text AS status FROM generate_series(1, ${rows}) AS i`;
  await writeFile(join(folder, `tabela-${rows}.sql`), `/*---\nsource: tabela\n${COLUMNS}---*/\n${query}`);
  const documents = Array.from({ length: rows }, (_, i) =>
    JSON.stringify({
      id: i,
      nome: `Cliente ${i % 5000}`,
      momento: '2024-01-01T00:00:00Z',
      valor: 12.5,
      codigo: `x${i}`,
      status: null,
    }),
  );
  await writeFile(join(folder, `arquivo-${rows}.ndjson`), documents.join('\n'));
  await writeFile(
    join(folder, `arquivo-${rows}.yaml`),
    `source: arquivo${rows}\ncollection: linhas\n${COLUMNS}`,
  );
}

/** The collections of an export, young generation and old, whose young generation stays at 1 MB. */
async function collections(
  args: readonly string[],
  { tabela, folder }: { readonly tabela: string; readonly folder: string },
): Promise<number> {
  const env: NodeJS.ProcessEnv = { ...process.env, REPORTCTL_SOURCE_TABELA: tabela };
  for (const rows of [FEW, MANY]) {
    env[`REPORTCTL_SOURCE_ARQUIVO${rows}`] = `file:${join(folder, `arquivo-${rows}.ndjson`)}`;
  }
  // Counting what runs, V8 optimises less.
  delete env.NODE_V8_COVERAGE;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--trace-gc', BINARY, 'export', '-q', ...args],
    { env },
  );
  const lines = stdout.match(/Scavenge|Mark-Compact/g) ?? [];
  assert.ok(lines.length > 0, 'V8 tells of its collections');
  return lines.length;
}
