// Ended by a signal while something hangs or waits: at once where it can be, in ten seconds whatever hangs.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, type TestContext, test } from 'node:test';
import type pg from 'pg';
import { finished, spawnReportctl, temporaryFolder, writeReport } from '../support/cli.js';
import { eventually, type TestPostgres } from '../support/postgres.js';
import { type S3Request, type S3Server, startS3Server } from '../support/s3-server.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
let client: pg.Client;
let folder: string;
before(async () => {
  [server, folder] = await Promise.all([createDatabase(), temporaryFolder()]);
  client = await server.connect();
  const write = (name: string, query: string, more = '') =>
    writeReport(
      folder,
      name,
      `source: base\ncolumns: { x: text }\n${more}\noutputs: [{ format: csv, key: "{report}.csv" }]`,
      query,
    );
  // More than two parts of 5 MiB, and then nothing.
  const rows = "SELECT repeat('x', 1000) AS x FROM generate_series(1, 12000)";
  await write('partes', `${rows} UNION ALL SELECT pg_sleep(600)::text`);
  await write('espera', "SELECT 'x' AS x", 'wait-for: { query: SELECT false, every: 1h, for: 2h }');
  await write('rapida', "SELECT 'x' AS x");
});
after(async () => {
  await client.end();
  await server.stop();
  await rm(folder, { recursive: true });
});

function start(store: S3Server, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const child = spawnReportctl(['run', ...args], {
    env: {
      ...store.environment,
      REPORTCTL_SOURCE_BASE: server.url,
      REPORTCTL_QUERIES: folder,
      REPORTCTL_DESTINATION: 's3://bucket',
      REPORTCTL_S3_PART_SIZE: '5MiB',
      AWS_MAX_ATTEMPTS: '1',
      ...more,
    },
  });
  return { child, end: finished(child) };
}

async function storeOf(t: TestContext): Promise<S3Server> {
  const store = await startS3Server({ bucket: 'bucket' });
  t.after(() => store.close());
  return store;
}

const noQueries = () =>
  eventually(async () => {
    const { rows } = await client.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'reportctl%' AND state = 'active'",
    );
    return rows.length === 0;
  }, 'the query has ended');

/** Of the file, not of the probe before it. */
const isPart = ({ operation, path }: S3Request) => operation === 'UploadPart' && path.includes('/partes.csv');
const isAbort = ({ operation, path }: S3Request) =>
  operation === 'AbortMultipartUpload' && path.includes('/partes.csv');

const asked = (store: S3Server, isWanted: (request: S3Request) => boolean) =>
  eventually(async () => store.requests.some(isWanted), 'the store was asked');

describe('a signal', { concurrency: 3 }, () => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const) {
    test(`${signal} while parts go up to a store that does not answer them: all is aborted, confirmed and said`, async (t) => {
      const store = await storeOf(t);
      store.fail((request) => isPart(request), 'stall');
      const { child, end } = start(store, ['partes']);
      await asked(store, isPart);
      const started = Date.now();
      child.kill(signal);
      const { code: got, stdout, stderr } = await end;
      assert.deepEqual([got, stdout], [code, ''], stderr);
      assert.ok(Date.now() - started < 60_000, `it took too long: ${stderr}`);
      assert.match(
        stderr,
        new RegExp(`^reportctl: interrupted by ${signal}: nothing unfinished was published\\n$`),
      );
      assert.deepEqual([store.uploads(), store.keys()], [[], []]);
      await noQueries();
    });
  }

  test('to a run whose store answers nothing at all: ten seconds, and what could not be confirmed', async (t) => {
    const store = await storeOf(t);
    const { child, end } = start(store, ['partes']);
    await asked(store, isPart);
    store.fail(() => true, 'stall');
    const started = Date.now();
    child.kill('SIGTERM');
    const { code, stderr } = await end;
    const took = Date.now() - started;
    assert.equal(code, 143);
    assert.ok(took < 60_000, `it took ${took} ms`);
    assert.match(
      stderr,
      /^reportctl: interrupted by SIGTERM: [^\n]*could not be (confirmed|aborted)[^\n]*\n$/,
    );
    await noQueries();
  });

  for (const [what, isLate] of [
    ['its note', ({ operation, path }) => operation === 'DeleteObject' && path.includes('.pending.json')],
    ['its lease', ({ operation, path }) => operation === 'DeleteObject' && path.includes('.lease')],
    ['its pointer', ({ operation, path }) => operation === 'PutObject' && path.includes('.latest.json')],
  ] as const satisfies readonly (readonly [string, (request: S3Request) => boolean])[]) {
    test(`after the run record, while the store does not answer about ${what}: it is published, and said so`, async (t) => {
      const store = await storeOf(t);
      store.fail(isLate, 'stall');
      const { child, end } = start(store, ['rapida']);
      await asked(store, isLate);
      child.kill('SIGTERM');
      const { code, stdout, stderr } = await end;
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^published rapida /);
      assert.ok(store.keys().includes('rapida.csv'));
    });
  }

  test('while a file becomes visible and its manifest does not: the file is named', async (t) => {
    const store = await storeOf(t);
    const isManifest = ({ operation, path }: S3Request) =>
      operation === 'PutObject' && path.includes('/rapida.csv.manifest.json');
    store.fail(isManifest, 'stall');
    const { child, end } = start(store, ['rapida']);
    await asked(store, isManifest);
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await end;
    assert.deepEqual([code, stdout], [143, '']);
    assert.match(
      stderr,
      /^reportctl: interrupted by SIGTERM: .*already visible, but not recorded as published: s3:\/\/bucket\/rapida\.csv/,
    );
    assert.doesNotMatch(stderr, /nothing/);
  });

  test('the second one ends the run at once', async (t) => {
    const store = await storeOf(t);
    const { child, end } = start(store, ['partes']);
    await asked(store, isPart);
    store.fail(() => true, 'stall');
    child.kill('SIGTERM');
    await asked(store, isAbort);
    const started = Date.now();
    child.kill('SIGINT');
    assert.equal((await end).code, 130);
    assert.ok(Date.now() - started < 60_000);
  });

  for (const [what, args, more] of [
    ['a pause between two attempts', ['rapida'], { REPORTCTL_SOURCE_BASE: 'postgres://u@127.0.0.1:1/x' }],
    ['what a report waits for', ['espera'], {}],
  ] as const) {
    test(`ends ${what} at once`, async (t) => {
      const store = await storeOf(t);
      const { child, end } = start(store, args, { ...more, REPORTCTL_RETRY_FOR: '1h' });
      // From the third attempt on a pause may last, but the first lines say that it has begun.
      await new Promise((resolve) => child.stderr.once('data', resolve));
      const started = Date.now();
      child.kill('SIGTERM');
      const { code, stderr } = await end;
      assert.equal(code, 143, stderr);
      assert.ok(Date.now() - started < 60_000, 'it took too long');
      assert.match(stderr, /reportctl: interrupted by SIGTERM: nothing unfinished was published\n$/);
      assert.deepEqual(store.keys(), []);
    });
  }
});
