// Whoever hears of a run cannot hold it up, nor end it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Announcer } from '../../src/jobs/announcer.js';
import type { RunListener } from '../../src/jobs/events.js';

function announced(listeners: readonly RunListener[], signal = new AbortController().signal) {
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} };
  return { warnings, announcer: new Announcer({ log, signal }, listeners, 50) };
}

test('one that throws is told of the next event all the same, and so are the others', async () => {
  const heard: string[] = [];
  const { announcer, warnings } = announced([
    { begun: () => Promise.reject(new Error('no room')), ended: async () => void heard.push('first ended') },
    {
      begun() {
        throw new Error('at once');
      },
    },
    { begun: async () => void heard.push('third begun') },
  ]);
  await announcer.tell((listener) => listener.begun?.([]));
  await announcer.tell((listener) => listener.ended?.([], 0));
  assert.deepEqual(heard, ['third begun', 'first ended']);
  assert.deepEqual(warnings.toSorted(), ['a notification failed: at once', 'a notification failed: no room']);
});

test('one that never answers is waited for once, and told nothing more', async () => {
  let asked = 0;
  const heard: number[] = [];
  const { announcer, warnings } = announced([
    {
      begun: () => new Promise(() => {}),
      ended: async () => {
        asked += 1;
      },
    },
    { ended: async (_, exitCode) => void heard.push(exitCode) },
  ]);
  await announcer.tell((listener) => listener.begun?.([]));
  await announcer.tell((listener) => listener.ended?.([], 6));
  assert.deepEqual([asked, heard, warnings.length], [0, [6], 1]);
  assert.match(warnings[0] ?? '', /took more than 0\.05 seconds; it is not waited for/);
});

test('events are told one after the other', async () => {
  const heard: string[] = [];
  const slow = async (what: string, milliseconds: number) => {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    heard.push(what);
  };
  const { announcer } = announced([{ begun: () => slow('begun', 20), ended: () => slow('ended', 0) }]);
  const first = announcer.tell((listener) => listener.begun?.([]));
  await announcer.tell((listener) => listener.ended?.([], 0));
  await first;
  assert.deepEqual(heard, ['begun', 'ended']);
});
