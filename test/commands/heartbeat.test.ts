// What a heartbeat monitor of healthchecks' kind hears of a run.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { openDestination } from '../../src/destinations/index.js';
import { Lease } from '../../src/publish/lease.js';
import { DAY, interrupted, startPlace } from '../support/heard-run.js';
import { type Answer, type Heard, startListener } from '../support/listener.js';

async function heardPlace(answer: (heard: Heard) => Answer = () => 200, query = '') {
  const place = await startPlace();
  const listener = await startListener(answer);
  const env = { ...place.env, REPORTCTL_HEARTBEAT_URL: `${listener.url}/ping/S3nha${query}` };
  return {
    ...place,
    env,
    listener,
    run: (...args: string[]) => place.run(env, ...args),
    /** `POST /start` and so on, without what all have in common. */
    pings: () =>
      listener.heard.map(({ method, path }) => `${method} ${path.replace(/rid=[0-9a-f-]{36}/, 'rid=R')}`),
    stop: async () => {
      await listener.stop();
      await rm(place.folder, { recursive: true });
    },
  };
}

describe('the heartbeat', { concurrency: 3 }, () => {
  test('hears start and success of one run, by its id', async () => {
    const { run, pings, listener, stop } = await heardPlace();
    assert.equal((await run()).code, 0);
    assert.deepEqual(pings(), ['POST /ping/S3nha/start?rid=R', 'POST /ping/S3nha?rid=R']);
    const ids = listener.heard.map(({ path }) => new URL(path, 'http://x').searchParams.get('rid'));
    assert.equal(ids[0], ids[1]);
    assert.equal(listener.heard[0]?.body, `vendas ${DAY}`);
    assert.equal(listener.heard[1]?.body, `published vendas ${DAY}: 3 rows`);
    await run();
    const next = new URL(listener.heard[2]?.path ?? '', 'http://x').searchParams.get('rid');
    assert.notEqual(next, ids[0]);
    await stop();
  });

  test('hears the exit status of a failure, and why; the query of its URL stays', async () => {
    const { fill, run, pings, listener, stop } = await heardPlace(undefined, '?create=1');
    await fill(1);
    assert.equal((await run()).code, 3);
    assert.deepEqual(pings(), ['POST /ping/S3nha/start?create=1&rid=R', 'POST /ping/S3nha/3?create=1&rid=R']);
    assert.match(listener.heard[1]?.body ?? '', /^failed vendas 2024-10-05: .*min-rows/);
    await stop();
  });

  test('of several reports of which one fails: 6, and a line for each', async () => {
    const { report, run, pings, listener, stop } = await heardPlace();
    await report('compras', 'gates: { min-rows: 4 }');
    assert.equal((await run('vendas', 'compras', '--date', DAY)).code, 6);
    assert.equal(pings()[1], 'POST /ping/S3nha/6?rid=R');
    assert.match(listener.heard[1]?.body ?? '', /^published vendas .*\nfailed compras /);
    await stop();
  });

  test('an interrupted run', async () => {
    const { env, pings, stop } = await heardPlace();
    const { finished } = await interrupted(env);
    assert.equal(finished.code, 143);
    assert.deepEqual(pings(), ['POST /ping/S3nha/start?rid=R', 'POST /ping/S3nha/143?rid=R']);
    await stop();
  });

  test('that somebody else is at it is neither success nor failure', async () => {
    const { out, run, pings, stop } = await heardPlace();
    const s3 = { pathStyle: false, partSize: 5 * 2 ** 20, encryption: 'none', allowHttp: false } as const;
    const signal = new AbortController().signal;
    const destination = await openDestination(out, { token: 'other', signal, s3 });
    const lease = await Lease.take(destination, '_reportctl/vendas/20241005.lease', 'other');
    assert.equal((await run()).code, 75);
    await lease.release();
    assert.deepEqual(pings(), ['POST /ping/S3nha/start?rid=R', 'POST /ping/S3nha/log?rid=R']);
    await stop();
  });

  test('that nobody hears is one line of warning, and the report is published', async () => {
    const { run, listener, stop } = await heardPlace(() => 404);
    const { code, stdout, stderr } = await run();
    assert.equal(code, 0);
    assert.match(stdout, /^published vendas/);
    assert.match(stderr, new RegExp(`^\\S+ warn the heartbeat ping failed: ${listener.url}: HTTP 404\n$`));
    await stop();
  });
});
