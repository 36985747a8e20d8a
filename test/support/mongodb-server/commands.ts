// The commands that this server answers, on collections held in memory.
import { BSON } from 'mongodb';
import { cursorAnswer, wholeAnswer } from './cursors.js';
import { ServerError } from './errors.js';
import { hello, saslContinue, saslStart } from './hello.js';
import { compileMatch } from './match.js';
import { explained, open } from './reading.js';
import {
  type Answer,
  type Call,
  collectionAt,
  namespaceOf,
  option,
  plainAnswer,
  type State,
  sessionOf,
  store,
} from './state.js';
import { documentOf, elementOf, fieldOf, fieldsOf, TYPE, toJavaScript, toValue } from './values.js';

/** Answered before a login. */
const OPEN = new Set(['hello', 'isMaster', 'ismaster', 'ping', 'buildInfo', 'saslStart', 'saslContinue']);

/** @throws ServerError */
export function answer(state: State, call: Call): Answer {
  const act = COMMANDS[call.name];
  if (act === undefined) throw new ServerError(59, `no such command: '${call.name}'`);
  if (state.conversations !== undefined && !call.session.authenticated && !OPEN.has(call.name))
    throw new ServerError(13, `Command ${call.name} requires authentication`);
  return act(call, state);
}

export function errorAnswer(error: { code: number; codeName?: string; errmsg: string }): Answer {
  return [Buffer.from(BSON.serialize({ ok: 0, ...error }))];
}

const COMMANDS: Readonly<Record<string, (call: Call, state: State) => Answer>> = {
  hello,
  isMaster: hello,
  ismaster: hello,
  ping: () => plainAnswer({}),
  buildInfo: () =>
    plainAnswer({
      version: '7.0.0',
      versionArray: [7, 0, 0, 0],
      gitVersion: 'test',
      bits: 64,
      maxBsonObjectSize: 16_777_216,
    }),
  saslStart,
  saslContinue,
  find: (call, state) => open(call, state, Number(option(call, 'batchSize') ?? 101)),
  aggregate: (call, state) => {
    if (option(call, 'explain') === true) return explained(call, state, 'queryPlanner');
    const cursor = fieldOf(call.body, 'cursor');
    if (cursor?.type !== TYPE.object)
      throw new ServerError(
        9,
        "The 'cursor' option is required, except for aggregate with the explain argument",
      );
    const batchSize = fieldOf(cursor.bytes, 'batchSize');
    return open(call, state, batchSize === undefined ? 101 : Number(toJavaScript(batchSize)));
  },
  getMore: (call, { cursors }) => {
    const id = fieldOf(call.body, 'getMore')?.bytes.readBigInt64LE() ?? 0n;
    const cursor = cursors.get(id);
    if (cursor === undefined) throw new ServerError(43, `cursor id ${id} not found`);
    if (cursor.session !== sessionOf(call.body))
      throw new ServerError(
        50738,
        `Cannot run getMore on cursor ${id}, which was created in another session`,
      );
    if (option(call, 'maxTimeMS') !== undefined)
      throw new ServerError(2, 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
    const { array, last } = cursor.next(Number(option(call, 'batchSize') ?? 0) || Number.POSITIVE_INFINITY);
    if (last) cursors.delete(id);
    return cursorAnswer('nextBatch', { id: last ? 0n : id, namespace: cursor.namespace, array });
  },
  killCursors: (call, { cursors }) => {
    const wanted = fieldsOf(fieldOf(call.body, 'cursors')?.bytes ?? documentOf([]));
    const ids = wanted.map((field) => field.bytes.readBigInt64LE());
    const killed = ids.filter((id) => cursors.delete(id));
    const longs = (list: readonly bigint[]) => list.map((id) => BSON.Long.fromBigInt(id));
    return plainAnswer({
      cursorsKilled: longs(killed),
      cursorsNotFound: longs(ids.filter((id) => !killed.includes(id))),
      cursorsAlive: [],
      cursorsUnknown: [],
    });
  },
  insert: (call, state) => {
    const beside = call.sequences.get('documents');
    const inside = fieldsOf(fieldOf(call.body, 'documents')?.bytes ?? documentOf([])).map(
      (field) => field.bytes,
    );
    const collection = collectionAt(state, namespaceOf(call));
    const writeErrors: unknown[] = [];
    let n = 0;
    for (const [index, document] of (beside ?? inside).entries()) {
      try {
        store(collection, document);
        n += 1;
      } catch (error) {
        if (!(error instanceof ServerError)) throw error;
        writeErrors.push({ index, code: error.code, errmsg: error.message });
        if (option(call, 'ordered') !== false) break;
      }
    }
    return plainAnswer({ n, ...(writeErrors.length > 0 ? { writeErrors } : {}) });
  },
  count: (call, state) => {
    const collection = state.collections.get(namespaceOf(call));
    if (collection?.replay !== undefined) return plainAnswer({ n: collection.replay.count });
    const query = fieldOf(call.body, 'query');
    const matches = query === undefined ? () => true : compileMatch(query.bytes);
    const found = (collection?.documents ?? []).filter(matches).length;
    const rest = Math.max(0, found - Number(option(call, 'skip') ?? 0));
    return plainAnswer({ n: Math.min(rest, Number(option(call, 'limit') ?? 0) || rest) });
  },
  collStats: (call, state) => {
    const documents = state.collections.get(namespaceOf(call))?.documents ?? [];
    const size = documents.reduce((sum, document) => sum + document.length, 0);
    const avgObjSize = documents.length === 0 ? undefined : Math.floor(size / documents.length);
    return plainAnswer({
      ns: namespaceOf(call),
      size,
      count: documents.length,
      avgObjSize,
      storageSize: size,
    });
  },
  listCollections: (call, state) => {
    const database = String(option(call, '$db'));
    const filter = fieldOf(call.body, 'filter');
    const matches = filter === undefined ? () => true : compileMatch(filter.bytes);
    const found = [...state.collections.keys()]
      .filter((namespace) => namespace.startsWith(`${database}.`))
      .map((namespace) => ({ name: namespace.slice(database.length + 1), type: 'collection' }))
      .map((entry) =>
        Buffer.from(
          BSON.serialize(
            option(call, 'nameOnly') === true ? entry : { ...entry, options: {}, info: { readOnly: false } },
          ),
        ),
      )
      .filter(matches);
    return wholeAnswer(`${database}.$cmd.listCollections`, found);
  },
  explain: (call, state) => {
    const inner = fieldOf(call.body, 'explain');
    if (inner?.type !== TYPE.object) throw new ServerError(14, 'explain takes a command');
    const name = fieldsOf(inner.bytes)[0]?.name ?? '';
    const body = documentOf([inner.bytes.subarray(4, -1), elementOf('$db', toValue(option(call, '$db')))]);
    return explained(
      { ...call, name, body },
      state,
      String(option(call, 'verbosity') ?? 'allPlansExecution'),
    );
  },
  endSessions: () => plainAnswer({}),
  refreshSessions: () => plainAnswer({}),
};
