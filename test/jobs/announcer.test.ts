// Whoever hears of a run cannot hold it up, nor end it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Announcer } from '../../src/jobs/announcer.js';
import type { RunListener } from '../../src/jobs/events.js';

function announced(listeners: readonly RunListener[], signal = new AbortController().signal) {
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} };
  const announcer = new Announcer({ log, signal }, listeners);
  const finish = (exitCode: number, isBrief = false) =>
    announcer.finish((listener, sending) => {
      const end = { exitCode, failure: undefined, signal: sending };
      return listener.ended?.([], end);
    }, isBrief);
  return { warnings, announcer, finish };
}

test('one that throws is told of the next event all the same, and so are the others', async () => {
  const heard: string[] = [];
  const { announcer, warnings, finish } = announced([
    {
      name: 'the first',
      begun: () => Promise.reject(new Error('no room')),
      ended: async () => void heard.push('first ended'),
    },
    {
      name: 'the second',
      begun() {
        throw new Error('at once');
      },
    },
    { name: 'the third', begun: async () => void heard.push('third begun') },
  ]);
  announcer.tell((listener) => listener.begun?.([]));
  await finish(0);
  assert.deepEqual(heard.toSorted(), ['first ended', 'third begun']);
  assert.deepEqual(warnings.toSorted(), [
    'the first could not be told: no room',
    'the second could not be told: at once',
  ]);
});

test('one that never answers holds up no other, and is named in the end', async () => {
  let asked = 0;
  const heard: number[] = [];
  const { announcer, warnings, finish } = announced([
    {
      name: 'the webhook',
      begun: () => new Promise(() => {}),
      ended: async () => {
        asked += 1;
      },
    },
    { name: 'the heartbeat', ended: async (_, { exitCode }) => void heard.push(exitCode) },
  ]);
  announcer.tell((listener) => listener.begun?.([]));
  await finish(6, true);
  assert.deepEqual([asked, heard], [0, [6]]);
  assert.deepEqual(warnings, ['the webhook was not told of the end of the run in time']);
});

test('after a signal the time is short, and a listener that stops then warns itself', async () => {
  const run = new AbortController();
  const { warnings, finish } = announced(
    [
      {
        name: 'the webhook',
        ended: (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
      },
    ],
    run.signal,
  );
  const finished = finish(143);
  run.abort();
  await finished;
  assert.deepEqual(warnings, []);
});

test('events are told one after the other', async () => {
  const heard: string[] = [];
  const slow = async (what: string, milliseconds: number) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    heard.push(what);
  };
  const { announcer, finish } = announced([
    { name: 'slow', begun: () => slow('begun', 20), ended: () => slow('ended', 0) },
  ]);
  announcer.tell((listener) => listener.begun?.([]));
  await finish(0);
  assert.deepEqual(heard, ['begun', 'ended']);
});
