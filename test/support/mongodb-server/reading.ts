// find and aggregate: the documents they give, the cursor over them, and their explanation.
import { cursorAnswer, documentCursor, type Found, replayCursor } from './cursors.js';
import { unsupported } from './errors.js';
import { compileMatch } from './match.js';
import { compilePipeline, compileSort } from './pipeline.js';
import { compileProjection } from './projection.js';
import { type Answer, type Call, namespaceOf, option, plainAnswer, type State, sessionOf } from './state.js';
import { documentOf, fieldOf, fieldsOf } from './values.js';

const COMMON = [
  '$db',
  'lsid',
  '$readPreference',
  'readConcern',
  'maxTimeMS',
  'comment',
  'hint',
  'allowDiskUse',
  '$clusterTime',
];
const ACCEPTED: Readonly<Record<string, ReadonlySet<string>>> = {
  find: new Set([
    ...COMMON,
    'find',
    'filter',
    'projection',
    'sort',
    'limit',
    'skip',
    'batchSize',
    'singleBatch',
    'noCursorTimeout',
  ]),
  aggregate: new Set([...COMMON, 'aggregate', 'pipeline', 'cursor', 'explain', 'bypassDocumentValidation']),
};

const NONE: Found = { documents: [], project: (document) => document, complete: false };

function read(call: Call, state: State): Found {
  const odd = fieldsOf(call.body).find(({ name }) => ACCEPTED[call.name]?.has(name) !== true);
  if (odd !== undefined) throw unsupported(`${call.name} with ${odd.name}`);
  const namespace = namespaceOf(call);
  const stored = state.collections.get(namespace)?.documents ?? [];
  if (call.name === 'aggregate') {
    const collection = (name: string) =>
      state.collections.get(`${String(option(call, '$db'))}.${name}`)?.documents ?? [];
    const run = compilePipeline(fieldOf(call.body, 'pipeline'), { namespace, collection });
    return { ...NONE, documents: run(stored) };
  }
  const part = (name: string) => fieldOf(call.body, name)?.bytes ?? documentOf([]);
  const matches = compileMatch(part('filter'));
  const sort = compileSort(part('sort'));
  const project = compileProjection(part('projection'));
  const skip = Number(option(call, 'skip') ?? 0);
  const limit = Number(option(call, 'limit') ?? 0) || Number.POSITIVE_INFINITY;
  const found = sort(stored.filter(matches)).slice(skip, skip + limit);
  return { documents: found, project, complete: found.length === limit };
}

let lastCursor = 1_000_000_000_000n;

export function open(call: Call, state: State, batchSize: number): Answer {
  const shared = { namespace: namespaceOf(call), session: sessionOf(call.body) };
  const replay = state.collections.get(shared.namespace)?.replay;
  const cursor = replay ? replayCursor(replay, shared) : documentCursor(read(call, state), shared);
  const { array, last } = cursor.next(batchSize);
  const closed = last || option(call, 'singleBatch') === true;
  lastCursor += 1n;
  if (!closed) state.cursors.set(lastCursor, cursor);
  return cursorAnswer('firstBatch', { id: closed ? 0n : lastCursor, namespace: shared.namespace, array });
}

export function explained(call: Call, state: State, verbosity: string): Answer {
  if (call.name !== 'find' && call.name !== 'aggregate') throw unsupported(`explain of ${call.name}`);
  const { documents } = read(call, state);
  const examined = state.collections.get(namespaceOf(call))?.documents.length ?? 0;
  const executionStats = {
    executionSuccess: true,
    nReturned: documents.length,
    executionTimeMillis: 0,
    totalKeysExamined: 0,
    totalDocsExamined: examined,
  };
  return plainAnswer({
    explainVersion: '1',
    queryPlanner: {
      namespace: namespaceOf(call),
      winningPlan: { stage: 'COLLSCAN', direction: 'forward' },
      rejectedPlans: [],
    },
    ...(verbosity === 'queryPlanner' ? {} : { executionStats }),
    serverInfo: { host: '127.0.0.1', version: '7.0.0' },
  });
}
