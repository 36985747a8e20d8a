// Ended from outside: by a signal in the middle of a slow query, or by a reader who has enough.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import {
  BINARY,
  filesBelow,
  finished,
  reportctl,
  spawnReportctl,
  temporaryFolder,
  writeReport,
} from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
let watcher: pg.Client;
let folder: string;
before(async () => {
  [server, folder] = await Promise.all([createDatabase(), temporaryFolder()]);
  watcher = new pg.Client(server.url);
  await watcher.connect();
  const outputs =
    'outputs: [{ format: csv, key: "a.csv" }, { format: csv, key: "b/c.csv.gz", compress: gzip }]';
  const yaml = `source: base\ncolumns: { n: integer, x: text }\n${outputs}`;
  // Some rows at once, and then nothing for longer than any test lasts.
  const slow =
    "SELECT n, repeat('x', 1000) AS x FROM generate_series(1, 1000) AS n UNION ALL SELECT 0, pg_sleep(600)::text";
  for (const name of ['SIGTERM', 'SIGINT', 'stdout', 'server']) await writeReport(folder, name, yaml, slow);
  await writeReport(
    folder,
    'longa',
    yaml,
    "SELECT n, repeat('x', 1000) AS x FROM generate_series(1, 10000000) AS n",
  );
});
after(async () => {
  await watcher.end();
  await server.stop();
  await rm(folder, { recursive: true });
});

function environment(out: string) {
  return {
    REPORTCTL_SOURCE_BASE: server.url,
    REPORTCTL_QUERIES: folder,
    REPORTCTL_DESTINATION: join(folder, out),
  };
}

/** Waits until as many queries of ours run as are wanted. */
async function queries(report: string, wanted: number): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 25) {
    const { rows } = await watcher.query(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%' AND state = 'active' AND application_name = $1",
      [`reportctl/${report}`],
    );
    if (rows.length === wanted) return;
    await sleep(25);
  }
  assert.fail(`there were never ${wanted} queries of ${report}`);
}

describe('in the middle of a query', { concurrency: 3 }, () => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    test(`${signal}: ${code}, nothing left, and the query has ended`, async () => {
      const out = `out-${signal}`;
      const child = spawnReportctl(['run', signal], { env: environment(out) });
      const end = finished(child);
      await queries(signal, 1);
      const started = Date.now();
      child.kill(signal);
      const { code: got, stdout, stderr } = await end;
      assert.ok(Date.now() - started < 60_000, 'it took too long');
      assert.deepEqual([got, stdout], [code, '']);
      assert.match(stderr, new RegExp(`^reportctl: [^\\n]*${signal}[^\\n]*\\n$`));
      assert.deepEqual(await filesBelow(join(folder, out)), []);
      await queries(signal, 0);
    });
  }

  test('rows that have gone to stdout stay there, and the code says that they are not all', async () => {
    const child = spawnReportctl(['export', 'stdout'], { env: environment('out') });
    const end = finished(child);
    await queries('stdout', 1);
    child.kill('SIGTERM');
    const { code } = await end;
    assert.equal(code, 143);
    await queries('stdout', 0);
  });

  test('a server that goes away: 4, nothing left, and trying again can help', async () => {
    const end = reportctl(['run', 'server'], { env: environment('out-terminated') });
    await queries('server', 1);
    await watcher.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'reportctl/server'",
    );
    const { code, stderr } = await end;
    assert.equal(code, 4, stderr);
    assert.match(stderr, /^reportctl: reading "server" from [^\n]*Trying again can help\.\n$/);
    assert.deepEqual(await filesBelow(join(folder, 'out-terminated')), []);
  });
});

describe('a reader who has enough', { concurrency: 3 }, () => {
  /** Runs a pipeline in sh, with `reportctl` as a word of it. */
  async function shell(script: string) {
    const words = `reportctl() { "${process.execPath}" "${BINARY}" "$@"; }\n`;
    const { PATH = '', HOME = '', NODE_V8_COVERAGE } = process.env;
    const env = {
      PATH,
      HOME,
      ...(NODE_V8_COVERAGE ? { NODE_V8_COVERAGE } : {}),
      ...environment('out'),
    };
    return finished(spawn('sh', ['-c', words + script], { env }));
  }

  test('of rows: the query ends, the code is 0, and nothing is said', async () => {
    const { code, stdout, stderr } = await shell(
      `{ reportctl export longa -q; echo "code $?" >&2; } | head -n 1`,
    );
    assert.deepEqual([code, stdout, stderr], [0, 'n,x\n', 'code 0\n']);
    await queries('longa', 0);
  });

  for (const command of ['list', '--help', 'export --help', 'explain longa']) {
    test(`of ${command}`, async () => {
      // The reader is gone before the first byte.
      const { stderr } = await shell(`{ sleep 0.1; reportctl ${command}; echo "code $?" >&2; } | true`);
      assert.equal(stderr, 'code 0\n');
    });
  }

  test('of the messages: the work is done all the same', async () => {
    const { stdout } = await shell(
      `{ { sleep 0.1; reportctl export longa --limit 1 --columns n; echo "code $?"; } 2>&1 1>&3 | true; } 3>&1`,
    );
    assert.equal(stdout, 'n\n1\ncode 0\n');
  });
});

test('a result that cannot be printed is told', {
  skip: process.platform === 'linux' ? false : 'only Linux has /dev/full',
}, async () => {
  const words = `"${process.execPath}" "${BINARY}"`;
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, ...environment('out') };
  for (const [command, code, said] of [
    ['list', 1, /^reportctl: printing the result: ENOSPC[^\n]*\n$/],
    ['export longa', 5, /^reportctl: could not write standard output: [^\n]*\n$/],
  ] as const) {
    const { code: got, stderr } = await finished(
      spawn('sh', ['-c', `${words} ${command} > /dev/full`], { env }),
    );
    assert.match(stderr, said);
    assert.equal(got, code);
  }
});
