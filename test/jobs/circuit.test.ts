// One job asks a failing place again, the others wait for it, and after it gave up nobody asks for a while.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import { type Admission, Circuit, type Place, PROBE_AFTER_MS } from '../../src/jobs/circuit.js';

const VENDAS: Place = { code: 'source', name: 'vendas' };
const STORE: Place = { code: 'destination', name: '' };
const LOST = new ReportError('source', 'connection lost', { retryable: true });

let now: number;
let circuit: Circuit;
beforeEach(() => {
  now = Date.UTC(2024, 9, 6, 4, 0, 0);
  circuit = new Circuit(() => now);
});

/** Has it been told by now? */
async function isKnown(admission: Admission): Promise<boolean> {
  assert.ok(admission.may === 'wait', `it may ${admission.may}`);
  return Promise.race([admission.until.then(() => true), Promise.resolve().then(() => false)]);
}

test('while nothing fails nobody waits', () => {
  assert.equal(circuit.admit('a', [VENDAS, STORE]).may, 'try');
  assert.equal(circuit.admit('b', [VENDAS, STORE]).may, 'try');
});

test('a place that failed is tried again by one job; the others wait until it answers', async () => {
  circuit.willRetry('a', VENDAS);
  circuit.willRetry('b', VENDAS);
  assert.equal(circuit.admit('a', [STORE, VENDAS]).may, 'try');
  const waiting = circuit.admit('b', [STORE, VENDAS]);
  assert.equal(await isKnown(waiting), false);
  assert.equal(circuit.admit('c', [STORE]).may, 'try');
  circuit.succeeded('a', VENDAS);
  assert.equal(await isKnown(waiting), true);
  assert.equal(circuit.admit('b', [STORE, VENDAS]).may, 'try');
});

test('when it gave up the others fail at once, with its code, its name and when that was', async () => {
  circuit.willRetry('a 2024-10-05', VENDAS);
  const waiting = circuit.admit('b', [VENDAS]);
  circuit.gaveUp('a 2024-10-05', VENDAS, LOST);
  assert.equal(await isKnown(waiting), false, 'before its end nobody may ask');
  circuit.release('a 2024-10-05');
  assert.equal(await isKnown(waiting), true);
  assert.throws(
    () => circuit.admit('b', [VENDAS]),
    (error) =>
      error instanceof ReportError &&
      error.code === 'source' &&
      error.retryable === true &&
      error.message ===
        'source "vendas" was not tried again: it failed for a 2024-10-05 at 2024-10-06T04:00:00.000Z (connection lost)',
  );
  assert.equal(circuit.admit('c', [STORE]).may, 'try');
});

test('after a while one job may try once, and what comes of it holds for all', async () => {
  const failOnce = () => {
    circuit.gaveUp('a', STORE, LOST);
    circuit.release('a');
  };
  failOnce();
  now += PROBE_AFTER_MS - 1;
  assert.throws(() => circuit.admit('b', [STORE]), /the destination was not tried again/);
  now += 1;
  assert.equal(circuit.admit('b', [STORE]).may, 'try-once');
  const waiting = circuit.admit('c', [STORE]);
  assert.equal(await isKnown(waiting), false);
  circuit.gaveUp('b', STORE, LOST);
  circuit.release('b');
  assert.throws(() => circuit.admit('c', [STORE]), /it failed for b/);
  now += PROBE_AFTER_MS;
  assert.equal(circuit.admit('c', [STORE]).may, 'try-once');
  circuit.succeeded('c', STORE);
  circuit.release('c');
  assert.equal(circuit.admit('d', [STORE]).may, 'try');
});

test('a job that ends otherwise lets the others go on', async () => {
  circuit.willRetry('a', VENDAS);
  const waiting = circuit.admit('b', [VENDAS]);
  circuit.release('a');
  assert.equal(await isKnown(waiting), true);
  assert.equal(circuit.admit('b', [VENDAS]).may, 'try');
});

test('two jobs never wait for each other', () => {
  circuit.willRetry('a', VENDAS);
  circuit.willRetry('b', STORE);
  assert.equal(circuit.admit('a', [VENDAS, STORE]).may, 'try');
  assert.equal(circuit.admit('b', [VENDAS, STORE]).may, 'try');
});
