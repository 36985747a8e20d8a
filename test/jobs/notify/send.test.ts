// Sending: what is tried again and what is not, how long it may take, and that an error says nothing of the secret.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SecretEndpoint } from '../../../src/core/secret-url.js';
import { send } from '../../../src/jobs/notify/send.js';
import { type Answer, startListener } from '../../support/listener.js';

const PATH = '/services/T0/B0/S3nhaDoCaminho';

interface Sending {
  readonly answers?: readonly Answer[];
  readonly user?: string;
  readonly signal?: AbortSignal;
}

/** Sends once to a server with these answers, the last of them repeated. */
async function sent({ answers = [200], user = '', signal = new AbortController().signal }: Sending) {
  const listener = await startListener((_, index) => answers[index] ?? answers.at(-1) ?? 200);
  const endpoint = new SecretEndpoint(`http://${user}${listener.host}${PATH}?k=S3nhaDaConsulta`);
  const began = performance.now();
  const error = await send(endpoint, { body: '{"a":1}', contentType: 'application/json', signal }).then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  await listener.stop();
  if (error !== undefined) {
    assert.doesNotMatch(`${error.message} ${error.stack} ${String(error.cause)}`, /S3nha|services/);
    assert.ok(error.message.startsWith(`http://${listener.host}: `), error.message);
  }
  return { heard: listener.heard, error, took: performance.now() - began };
}

describe('sending', { concurrency: true }, () => {
  test('posts the body once', async () => {
    const { heard, error } = await sent({});
    assert.equal(error, undefined);
    assert.equal(heard.length, 1);
    assert.equal(heard[0]?.method, 'POST');
    assert.equal(heard[0]?.path, `${PATH}?k=S3nhaDaConsulta`);
    assert.equal(heard[0]?.body, '{"a":1}');
    assert.equal(heard[0]?.headers['content-type'], 'application/json');
    assert.equal(heard[0]?.headers.authorization, undefined);
  });

  for (const trouble of [500, 503, 408, 429, 'reset'] as const) {
    test(`tries again after ${trouble}`, async () => {
      const { heard, error } = await sent({ answers: [trouble, trouble, 200] });
      assert.equal(error, undefined);
      assert.equal(heard.length, 3);
    });
  }

  for (const status of [400, 401, 403, 404, 410]) {
    test(`does not try again after ${status}`, async () => {
      const { heard, error } = await sent({ answers: [status] });
      assert.match(error?.message ?? '', new RegExp(`: HTTP ${status}$`));
      assert.equal(heard.length, 1);
    });
  }

  test('gives up after the third try, and says the last reason', async () => {
    const { heard, error } = await sent({ answers: ['reset', 500, 502] });
    assert.match(error?.message ?? '', /: HTTP 502$/);
    assert.equal(heard.length, 3);
  });

  test('waits as long as Retry-After asks', async () => {
    const { heard, took } = await sent({ answers: [{ status: 429, headers: { 'retry-after': '2' } }, 200] });
    assert.equal(heard.length, 2);
    assert.ok(took >= 2000, `${took} ms`);
  });

  test('does not wait longer than it may', async () => {
    const { heard, error, took } = await sent({
      answers: [{ status: 429, headers: { 'retry-after': '3600' } }],
    });
    assert.match(error?.message ?? '', /: HTTP 429$/);
    assert.equal(heard.length, 1);
    assert.ok(took < 30_000, `${took} ms`);
  });

  test('tells the body to nobody else', async () => {
    const other = await startListener();
    const { error } = await sent({ answers: [{ status: 307, headers: { location: other.url } }] });
    await other.stop();
    assert.match(error?.message ?? '', /: HTTP 307$/);
    assert.equal(other.heard.length, 0);
  });

  test('a user and password of the URL become a header', async () => {
    const { heard } = await sent({ user: 'ana:S3nha%40@' });
    const expected = `Basic ${Buffer.from('ana:S3nha@').toString('base64')}`;
    assert.equal(heard[0]?.headers.authorization, expected);
  });

  test('nobody there: the code of the system, not the URL', async () => {
    const gone = await startListener();
    await gone.stop();
    const endpoint = new SecretEndpoint(`${gone.url}${PATH}`);
    const signal = new AbortController().signal;
    await assert.rejects(send(endpoint, { body: '', contentType: 'text/plain', signal }), {
      message: `${gone.url}: ECONNREFUSED`,
    });
  });

  for (const answer of ['hang', 500, { status: 429, headers: { 'retry-after': '20' } }] as const) {
    test(`ends when it is told to, with ${JSON.stringify(answer)} as the answer`, async () => {
      const { error, took } = await sent({ answers: [answer], signal: AbortSignal.timeout(300) });
      assert.ok(error);
      assert.ok(took < 15_000, `${took} ms`);
    });
  }
});
