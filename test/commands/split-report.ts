// A report of many organizations as a user runs it: files, counts, totals, memory, and what is printed of them.
import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Manifest, RunRecord } from '../../src/publish/documents.js';
import { DecimalSum } from '../../src/rows/counters.js';
import {
  assertRefused,
  filesBelow,
  finished,
  reportctl,
  spawnReportctl,
  temporaryFolder,
  writeReport,
} from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

const RECORD = '_reportctl/organizacoes/20241005.json';

/** Defines the tests. @param parts organizations, of 20 rows each; at least 71 */
export function splitReport(parts: number): void {
  const rowCount = 20 * parts;
  const spell = (count: number) => count.toLocaleString('en-US');
  let server: TestPostgres;
  let folder: string;
  let env: Record<string, string>;
  before(async () => {
    server = await createDatabase();
    folder = await temporaryFolder();
    env = {
      REPORTCTL_SOURCE_BASE: server.url,
      REPORTCTL_QUERIES: join(folder, 'queries'),
      REPORTCTL_DESTINATION: join(folder, 'out'),
    };
    const yaml = `source: base
filters: { date: dia, organization: organizacao }
columns: { id: integer, organizacao: text, valor: decimal }
order-by: [id]
totals: [valor]
labels: { project: vendas }
outputs:
  - { format: csv, key: "relatorio_{YYYYMMDD}.csv" }
  - { format: csv, key: "relatorios/{organization}/{project}/relatorio_{YYYYMMDD}.csv", split-by: organization }`;
    const query = `SELECT n AS id, 'Organização ' || n % ${parts} AS organizacao, (n % 977)::numeric / 100 AS valor,
    date '2024-10-05' AS dia FROM generate_series(1, ${rowCount}) AS n`;
    await writeReport(join(folder, 'queries'), 'organizacoes', yaml, query);
  });
  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  /** Runs the binary and watches its memory. */
  async function measured(args: readonly string[]) {
    const child = spawnReportctl(args, { env });
    child.stdin.end();
    let peak = 0;
    const timer = setInterval(async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
    }, 50);
    const started = performance.now();
    const end = await finished(child);
    clearInterval(timer);
    return { ...end, seconds: (performance.now() - started) / 1000, mebibytes: Math.round(peak / 1024) };
  }

  test(`${spell(parts)} organizations: every row in one file, the totals add up, ten are named`, async (t) => {
    const run = ['run', 'organizacoes', '--date', '2024-10-05'];
    const { code, stdout, stderr, seconds, mebibytes } = await measured(run);
    assert.equal(code, 0, stderr);
    t.diagnostic(`${parts} files of ${rowCount} rows: ${seconds.toFixed(1)} s, at most ${mebibytes} MiB`);
    const lines = stdout.trim().split('\n');
    assert.equal(lines.length, 11);
    assert.match(lines[1] ?? '', /relatorios\/Organização 0\/vendas\/relatorio_20241005\.csv, 20 rows/);
    assert.match(
      lines[10] ?? '',
      new RegExp(
        `^published organizacoes 2024-10-05: … and ${spell(parts - 9)} more files; in total ${spell(rowCount)} rows, `,
      ),
    );

    const out = join(folder, 'out');
    const record = JSON.parse(await readFile(join(out, RECORD), 'utf8')) as RunRecord;
    const [whole, ...others] = record.outputs;
    assert.deepEqual([whole?.rows, whole?.split, others.length], [rowCount, undefined, parts]);
    assert.equal((await filesBelow(out)).length, 1 + 4 * (parts + 1));
    const [rows, sum] = [others.reduce((all, part) => all + part.rows, 0), new DecimalSum()];
    const seen = new Set<string>();
    for (const { key, split } of others) {
      const manifest = JSON.parse(await readFile(join(out, `${key}.manifest.json`), 'utf8')) as Manifest;
      sum.add(manifest.totals.valor ?? null);
      for (const line of (await readFile(join(out, key), 'utf8')).trim().split('\n').slice(1)) {
        const [id = '', organization] = line.split(',');
        assert.equal(organization, split?.organizacao);
        seen.add(id);
      }
    }
    assert.deepEqual([rows, sum.toString(), seen.size], [rowCount, record.totals.valor, rowCount]);

    const json = await reportctl([...run, '--json'], { env });
    const [result] = JSON.parse(json.stdout) as [{ outcome: string; outputs: unknown[] }];
    assert.deepEqual([result.outcome, result.outputs.length], ['unchanged', parts + 1]);
    const status = await reportctl(['status', 'organizacoes', '--since', '2024-10-05', '--json'], { env });
    const published = (JSON.parse(status.stdout) as { status: string; period: { from: string } }[])[0];
    assert.deepEqual([published?.status, published?.period.from], ['published', '2024-10-05']);
    await rm(join(out, others[Math.floor(parts / 2)]?.key ?? ''));
    const damaged = await reportctl(['status', 'organizacoes', '--since', '2024-10-05', '--json'], { env });
    assert.match(damaged.stdout, /"status": "damaged"[\s\S]*? is gone"/);
  });

  test('parts are verified against a fresh read, each against its own rows', async () => {
    const key = 'relatorios/Organização 7';
    const { code, stdout, stderr } = await reportctl(['verify', `${key}/`, `${key}0/`, '--source'], { env });
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^ok .*Organização 7\/.*: 20 rows, .*content as in a fresh read\)\nok .*Organização 70\/[^\n]*\n$/,
    );
  });

  test('what cannot split is said with the line', async () => {
    const path = await writeReport(
      join(folder, 'queries'),
      'errado',
      'source: base\nfilters: { organization: o.nome }\ncolumns: { id: integer }\noutputs:\n  - { format: csv, key: "{organization}.csv", split-by: organization }',
      'SELECT 1 AS id',
    );
    const refused = await reportctl(['run', path], { env });
    assertRefused(
      refused,
      2,
      /errado\.sql:6: outputs\.0\.split-by: "organization" is "o\.nome" in filters, which is no exported column/,
    );
  });
}
