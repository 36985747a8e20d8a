// What MongoDB's answers to explain say of a filter: their shapes as its manual and its servers give them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterPlan } from '../../src/sources/mongodb/inspect.js';

const ixscan = (indexName: string, indexBounds: Readonly<Record<string, readonly string[]>>) => ({
  stage: 'FETCH',
  inputStage: { stage: 'IXSCAN', indexName, indexBounds, direction: 'forward' },
});
const found = (winningPlan: object, rejectedPlans: object[] = []) => ({
  queryPlanner: { namespace: 'vendas.docs', winningPlan, rejectedPlans },
});
const ALL = ['[MinKey, MaxKey]'];

const cases: readonly [what: string, explained: object, path: string, plan: object][] = [
  ['a collection scan', found({ stage: 'COLLSCAN' }), 'a', { how: 'scan', name: 'docs' }],
  ['an index', found(ixscan('a_1', { a: ['[1, 5]'] })), 'a', { how: 'index', name: 'a_1' }],
  [
    'an index of another filter',
    found(ixscan('a_1', { a: ['[1, 5]'] })),
    'b',
    { how: 'after-index', name: 'a_1' },
  ],
  [
    'the second field of an index, not bounded',
    found(ixscan('a_1_b_1', { a: ['[1, 5]'], b: ALL })),
    'b',
    { how: 'after-index', name: 'a_1_b_1' },
  ],
  ['an index that only orders', found(ixscan('a_1', { a: ALL })), 'b', { how: 'scan', name: 'docs' }],
  [
    'a plan that lost',
    found({ stage: 'COLLSCAN' }, [ixscan('a_1', { a: ['[1, 5]'] })]),
    'a',
    { how: 'scan', name: 'docs' },
  ],
  [
    'the slot-based engine',
    found({ queryPlan: ixscan('a_1', { a: ['[1, 5]'] }), slotBasedPlan: {} }),
    'a',
    { how: 'index', name: 'a_1' },
  ],
  [
    'an aggregation',
    { stages: [{ $cursor: found(ixscan('a.b_1', { 'a.b': ['["x", "x"]'] })) }, { $group: {} }] },
    'a.b',
    { how: 'index', name: 'a.b_1' },
  ],
  [
    'shards',
    {
      shards: { one: found(ixscan('a_1', { a: ['[1, 5]'] })), two: found(ixscan('a_1', { a: ['[1, 5]'] })) },
    },
    'a',
    { how: 'index', name: 'a_1' },
  ],
  ['an empty answer', found({ stage: 'EOF' }), 'a', { how: 'unknown' }],
];
for (const [what, explained, path, plan] of cases)
  test(what, () => assert.deepEqual(filterPlan(explained, path, 'docs'), plan));
