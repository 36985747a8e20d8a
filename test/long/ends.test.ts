// A deadline while something hangs: the process ends within nine seconds of it, whatever hangs, and says what it cannot confirm.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { type Finished, finished, spawnReportctl, temporaryFolder, writeReport } from '../support/cli.js';
import { startListener } from '../support/listener.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startS3Server } from '../support/s3-server.js';
import { createDatabase } from '../support/shared-postgres.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

let server: TestPostgres;
let folder: string;
before(async () => {
  [server, folder] = await Promise.all([createDatabase(), temporaryFolder()]);
  // More than two parts of 5 MiB, and then nothing.
  const rows = "SELECT repeat('x', 1000) AS x FROM generate_series(1, 20000)";
  const outputs = 'outputs: [{ format: csv, key: "{report}.csv" }]';
  const query = `${rows} UNION ALL SELECT pg_sleep(600)::text`;
  await writeReport(folder, 'partes', `source: base\ncolumns: { x: text }\n${outputs}`, query);
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

describe('a deadline with the store frozen', () => {
  /** Runs until a deadline. @returns undefined on a machine too slow to reach that request by then */
  async function frozenAt(t: TestContext, operation: string, seconds: number): Promise<Finished | undefined> {
    const store = await startS3Server({ bucket: 'bucket' });
    t.after(() => store.close());
    let isFrozen = false;
    store.fail((request) => {
      isFrozen ||= request.operation === operation && /lease|partes\.csv/.test(request.path);
      return isFrozen;
    }, 'stall');
    const child = spawnReportctl(['run', 'partes', '--deadline', `${seconds}s`], {
      env: {
        ...store.environment,
        REPORTCTL_SOURCE_BASE: server.url,
        REPORTCTL_QUERIES: folder,
        REPORTCTL_DESTINATION: 's3://bucket',
        REPORTCTL_S3_PART_SIZE: '5MiB',
      },
    });
    const end = await finished(child);
    return isFrozen ? end : undefined;
  }

  for (const operation of ['PutObject', 'UploadPart']) {
    test(`at ${operation}`, async (t) => {
      const end =
        (await frozenAt(t, operation, 10)) ??
        (await frozenAt(t, operation, 50)) ??
        (await frozenAt(t, operation, 250));
      assert.ok(end !== undefined, 'the store was never asked');
      const { code, stdout, stderr } = end;
      assert.deepEqual([code, stdout], [7, ''], stderr);
      assert.match(
        stderr,
        /^reportctl: partes \S+ was not published: the deadline \S+ \(\S+\) was reached; [^\n]*could not be confirmed[^\n]*\n$/,
      );
    });
  }
});

test('listeners that never answer share ten seconds, and each is named', async (t) => {
  const hanging = await startListener(() => 'hang');
  t.after(() => hanging.stop());
  await writeReport(
    folder,
    'vazia',
    'source: base\ncolumns: { x: text }\noutputs: [{ format: csv, key: "{report}.csv" }]\ngates: { min-rows: 2 }',
    "SELECT 'x' AS x",
  );
  const child = spawnReportctl(['run', 'vazia'], {
    env: {
      REPORTCTL_SOURCE_BASE: server.url,
      REPORTCTL_QUERIES: folder,
      REPORTCTL_DESTINATION: `${folder}/out`,
      REPORTCTL_WEBHOOK_URL: `${hanging.url}/webhook`,
      REPORTCTL_HEARTBEAT_URL: `${hanging.url}/heartbeat`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `${hanging.url}/otel`,
    },
  });
  const started = performance.now();
  const { code, stderr } = await finished(child);
  assert.equal(code, 3, stderr);
  assert.ok(performance.now() - started < 75_000, 'they held up the run');
  for (const told of ['the webhook', 'the heartbeat', 'the trace']) {
    assert.match(stderr, new RegExp(`^\\S+ warn ${told}`, 'm'));
  }
});

test('a question that hangs ends with the time to wait for it', async () => {
  const outputs = 'outputs: [{ format: csv, key: "{report}.csv" }]';
  const waits = 'wait-for: { query: SELECT pg_sleep(600) IS NULL, every: 1s, for: 10s }';
  await writeReport(
    folder,
    'muda',
    `source: base\ncolumns: { x: text }\n${waits}\n${outputs}`,
    "SELECT 'x' AS x",
  );
  for (const more of [[], ['--no-wait']]) {
    const child = spawnReportctl(['run', 'muda', ...more], {
      env: {
        REPORTCTL_SOURCE_BASE: server.url,
        REPORTCTL_QUERIES: folder,
        REPORTCTL_DESTINATION: `${folder}/out`,
      },
    });
    const { code, stderr } = await finished(child);
    assert.equal(code, 7, stderr);
    assert.match(
      stderr,
      /muda \S+ is not ready \([^)]*\): source "base" .* did not answer within 10s; it waits/,
    );
  }
});

describe('a source that goes silent while its connection stays open', () => {
  test('PostgreSQL in the middle of its rows: a lost connection', async (t) => {
    const own = await startPostgres({ password: 'senha' });
    t.after(() => own.stop());
    const proxy = await startTcpProxy({
      socket: `${own.folder}/.s.PGSQL.${own.port}`,
      after: { bytes: 3_000_000, follows: 'stall' },
    });
    t.after(() => proxy.stop());
    await assertLost('partes', {
      REPORTCTL_SOURCE_BASE: `postgres://postgres:senha@127.0.0.1:${proxy.port}/postgres`,
    });
  });

  test('a bucket of documents', async (t) => {
    const store = await startS3Server({ bucket: 'bucket' });
    t.after(() => store.close());
    store.put('docs/docs.ndjson', '{"n":1}\n');
    store.fail({ operation: 'GetObject' }, 'stall');
    const columns = 'columns: { n: integer }';
    const outputs = 'outputs: [{ format: csv, key: "{report}.csv" }]';
    await writeFile(join(folder, 'docs.yaml'), `source: docs\ncollection: docs\n${columns}\n${outputs}\n`);
    await assertLost('docs', { ...store.environment, REPORTCTL_SOURCE_DOCS: 's3://bucket/docs/' });
  });

  async function assertLost(report: string, env: Readonly<Record<string, string>>): Promise<void> {
    const child = spawnReportctl(['run', report], {
      env: {
        REPORTCTL_QUERIES: folder,
        REPORTCTL_DESTINATION: `${folder}/out`,
        REPORTCTL_IDLE_TIMEOUT: '3s',
        ...env,
      },
    });
    const { code, stdout, stderr } = await finished(child);
    assert.deepEqual([code, stdout], [4, ''], stderr);
    assert.match(stderr, /^reportctl: [^\n]* nothing came for 3s[^\n]*Trying again can help\.\n$/);
  }
});

describe('a result of some megabytes', () => {
  const start = async () => {
    const columns = 'columns: { d: date }';
    const outputs = 'outputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]';
    const daily = join(folder, 'daily');
    await writeReport(
      daily,
      'diaria',
      `source: base\n${columns}\nfilters: { date: d }\n${outputs}`,
      'SELECT now() AS d',
    );
    const child = spawnReportctl(['status', '--json', '--since', '1990-01-01'], {
      env: { REPORTCTL_QUERIES: daily, REPORTCTL_DESTINATION: join(folder, 'nothing') },
    });
    // The pipe is full, and the program has ended its work.
    await Promise.all([once(child.stdout, 'readable'), once(child.stderr, 'data')]);
    return child;
  };

  test('that is read slowly is printed whole', async () => {
    const child = await start();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { code, stdout } = await finished(child);
    assert.equal(code, 3);
    assert.ok((JSON.parse(stdout) as unknown[]).length > 10_000);
  });

  test('that nobody reads is not waited for after a signal', async () => {
    const child = await start();
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = await exit;
    child.stdout.resume();
    assert.equal(code, 3);
  });
});

describe('a system call that is stuck does not keep the process', () => {
  // Opened before the program begins, and never answered: as a file on a mount that hangs.
  const stuck = async () => {
    const fifo = join(folder, `fifo-${Date.now()}`);
    await promisify(execFile)('mkfifo', [fifo]);
    const code = `import { open } from 'node:fs'; open(${JSON.stringify(fifo)}, 'r', () => {});`;
    return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` };
  };
  const hasExecve = 'execve' in process;

  test('after its work', async () => {
    const env = { REPORTCTL_QUERIES: folder, ...(await stuck()) };
    const { code, stdout } = await finished(spawnReportctl(['list'], { env }));
    assert.equal(code, hasExecve ? 0 : 'SIGKILL');
    assert.match(stdout, /^partes /m);
  });

  test('after a signal', async () => {
    const env = { REPORTCTL_SOURCE_BASE: server.url, REPORTCTL_QUERIES: folder, ...(await stuck()) };
    const child = spawnReportctl(['export', 'partes'], { env });
    const end = finished(child);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    assert.equal((await end).code, hasExecve ? 143 : 'SIGTERM');
  });
});
