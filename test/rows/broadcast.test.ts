// One source, several readers: in lock step, and when one fails all hear of it and the source is cleaned up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { broadcast } from '../../src/rows/broadcast.js';

function source(count: number) {
  const state = { pulled: 0, released: false };
  async function* items() {
    try {
      for (let item = 1; item <= count; item++) {
        state.pulled++;
        yield item;
      }
    } finally {
      await sleep(5);
      state.released = true;
    }
  }
  return { state, items: items() };
}

async function collect(reader: AsyncIterable<number>, milliseconds = 0): Promise<number[]> {
  const seen: number[] = [];
  for await (const item of reader) {
    seen.push(item);
    if (milliseconds > 0) await sleep(milliseconds);
  }
  return seen;
}

for (const readers of [1, 2, 5]) {
  test(`${readers} get every item, in order`, async () => {
    const { items, state } = source(20);
    const all = await Promise.all(broadcast(items, readers).readers.map((reader) => collect(reader)));
    assert.equal(all.length, readers);
    for (const seen of all)
      assert.deepEqual(
        seen,
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
    assert.ok(state.released);
  });
}

test('the slowest sets the pace: nothing is read ahead of it', async () => {
  const { items, state } = source(8);
  const { readers } = broadcast(items, 2);
  const [fast, slow] = readers.map((reader) => reader[Symbol.asyncIterator]());
  assert.ok(fast && slow);
  for (let item = 1; item <= 8; item++) {
    const ahead: Promise<IteratorResult<number>> = fast.next();
    await sleep(1);
    assert.equal(state.pulled, item - 1);
    assert.deepEqual(await slow.next(), { value: item, done: false });
    assert.deepEqual(await ahead, { value: item, done: false });
  }
});

test('an empty source ends every reader', async () => {
  const { items } = source(0);
  assert.deepEqual(await Promise.all(broadcast(items, 3).readers.map((reader) => collect(reader))), [
    [],
    [],
    [],
  ]);
});

test('an error of the source reaches every reader, now and ever after', async () => {
  const failure = new Error('the connection broke');
  async function* items() {
    yield 1;
    throw failure;
  }
  const { readers } = broadcast(items(), 3);
  const settled = await Promise.allSettled(readers.map((reader, index) => collect(reader, index)));
  for (const result of settled) assert.deepEqual(result, { status: 'rejected', reason: failure });
  for (const reader of readers) await assert.rejects(collect(reader), failure);
});

test('one that fails makes all fail, those that wait and those that come later, and the source is cleaned up by then', async () => {
  const { items, state } = source(100);
  const { readers, fail } = broadcast(items, 3);
  const iterators = readers.map((reader) => reader[Symbol.asyncIterator]());
  await Promise.all(iterators.map((iterator) => iterator.next()));
  const failure = new Error('the disk is full');
  const [waiting, , later] = iterators;
  const rejected = assert.rejects(waiting?.next() ?? Promise.resolve(), failure);
  await fail(failure);
  assert.ok(state.released, 'cleaning up was waited for');
  await rejected;
  await assert.rejects(later?.next() ?? Promise.resolve(), failure);
  assert.equal(state.pulled, 1);
});

test('the first failure is the one that is told, and cleaning up may complain', async () => {
  const first = new Error('first');
  async function* items() {
    try {
      yield 1;
      yield 2;
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: a clean-up that fails is what is tested
      throw new Error('cleaning up failed');
    }
  }
  const { readers, fail } = broadcast(items(), 1);
  const iterator = readers[0]?.[Symbol.asyncIterator]();
  await iterator?.next();
  await fail(first);
  await fail(new Error('second'));
  await assert.rejects(iterator?.next() ?? Promise.resolve(), first);
});
