// Reading from MongoDB with the real driver: rows, what is asked of the server, and how it breaks.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { AbstractCursor, BSON, type Document, MongoClient } from 'mongodb';
import { ReportError } from '../../src/core/errors.js';
import type { DocumentQuery, Request, Source } from '../../src/core/source.js';
import type { Cell, Kind } from '../../src/core/table.js';
import { parseFilter } from '../../src/filters/index.js';
import { sourceError } from '../../src/sources/mongodb/errors.js';
import { keepReplies, takeDocuments } from '../../src/sources/mongodb/reply.js';
import { openMongodb } from '../../src/sources/mongodb.js';
import { orderOf } from '../support/json.js';
import { type MongoServer, startMongoServer } from '../support/mongodb-server.js';
import { eventually, freePort } from '../support/postgres.js';

const PASSWORD = 'se/cr@t:%';
const SECRET = encodeURIComponent(PASSWORD);
const COLUMNS: Readonly<Record<string, Kind>> = { _id: 'integer', nome: 'text', ativo: 'boolean' };

let server: MongoServer;
let guarded: MongoServer;

before(async () => {
  server = await startMongoServer();
  guarded = await startMongoServer({ login: { user: 'leitor', password: PASSWORD } });
});
afterEach(async () => {
  server.reset();
  guarded.reset();
  await eventually(async () => server.connections() === 0, 'every connection closed');
});
after(async () => {
  await server?.close();
  await guarded?.close();
});

function open(url = server.url('vendas'), signal = new AbortController().signal): Promise<Source> {
  return openMongodb({ name: 'vendas', url, shown: 'mongodb://…', variables: {}, signal });
}

async function withSource<T>(work: (source: Source) => Promise<T>, url?: string): Promise<T> {
  const source = await open(url);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

function request(more: Partial<Request> = {}, query: Partial<DocumentQuery> = {}): Request {
  const columns = Object.entries(COLUMNS).map(([name, kind]) => ({ name, kind }));
  const documents: DocumentQuery = {
    collection: 'pedidos',
    pipeline: [],
    fields: {},
    orderBy: orderOf(more.orderBy ?? [], more.columns ?? columns),
    onMismatch: 'fail',
    ...query,
  };
  const made: Omit<Request, 'query'> & { query: unknown } = {
    report: 'diario',
    columns,
    filters: [],
    mapped: {},
    params: {},
    orderBy: [],
    timezone: 'America/Sao_Paulo',
    ...more,
    query: documents,
  };
  return made as Request;
}

async function rowsOf(source: Source, made: Request): Promise<(readonly Cell[])[]> {
  const rows: (readonly Cell[])[] = [];
  for await (const batch of (await source.prepare(made)).read()) rows.push(...batch.rows());
  return rows;
}

const read = (made = request(), url?: string) => withSource((source) => rowsOf(source, made), url);

function numbered(count: number): void {
  const documents = Array.from({ length: count }, (_, index) => ({
    _id: index + 1,
    enfeite: 'nobody asks for it',
    ...[{ nome: null }, { nome: '' }, {}, { nome: `Maria ${index + 1}` }][index % 4],
    ativo: index % 2 === 0,
  }));
  server.insert('vendas', 'pedidos', documents);
}
const expectedRow = (id: number): readonly Cell[] => [
  `${id}`,
  [`Maria ${id}`, null, '', null][id % 4] ?? null,
  `${id % 2 === 1}`,
];

const sent = (name: string): Document[] =>
  server.commands.filter((command) => command.name === name).map(({ document }) => document);

const applicationName = () =>
  server.commands.map(({ document }) => document.client).find((said) => said !== undefined)?.application.name;

interface Expected {
  readonly code?: string;
  readonly message: RegExp;
  readonly hint?: RegExp;
  readonly retryable?: boolean;
}

async function fails(
  work: Promise<unknown>,
  { code = 'source', message, hint, retryable }: Expected,
): Promise<void> {
  const start = performance.now();
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof ReportError, String((error as Error).stack));
    const said = `${error.message} ${error.hint}`;
    assert.equal(error.code, code, said);
    assert.match(error.message, message);
    assert.match(error.message, /source "vendas" \(mongodb:\/\/…\)/);
    assert.match(error.hint ?? '', hint ?? /^/);
    assert.doesNotMatch(said, /[\r\n]/);
    for (const secret of [PASSWORD, SECRET]) assert.ok(!said.includes(secret), said);
    if (code === 'source') assert.equal(error.retryable, retryable, said);
    return true;
  });
  assert.ok(performance.now() - start < 30_000, 'it took too long');
}

describe('rows', { timeout: 600_000 }, () => {
  test('all come once, in order, over many replies; null and missing are null, the empty text is not', async () => {
    numbered(10_500);
    assert.deepEqual(
      await read(),
      Array.from({ length: 10_500 }, (_, index) => expectedRow(index + 1)),
    );
    assert.equal(sent('getMore').length, 2);
    assert.deepEqual(
      (await read(request({ limit: 8_500 }))).map(([id]) => Number(id)),
      Array.from({ length: 8_500 }, (_, index) => index + 1),
    );
  });

  test('come in batches of a thousand that are never empty', () =>
    withSource(async (source) => {
      numbered(9_001);
      const counts: number[] = [];
      for await (const batch of (await source.prepare(request())).read()) {
        assert.equal(batch.rows().length, batch.rowCount);
        assert.equal(batch.rows(), batch.rows());
        counts.push(batch.rowCount);
      }
      assert.deepEqual(counts, [...Array(9).fill(1000), 1]);
    }));

  test('no documents, or a limit of none, are no batch', async () => {
    numbered(1);
    const none = {
      filter: parseFilter('quantity', ['5'], { timezone: 'UTC', today: '2026-01-01' }),
      column: '_id',
    };
    assert.deepEqual(await read(request({ filters: [none] })), []);
    assert.deepEqual(await read(request({ limit: 0 })), []);
  });

  test('filters, order and limit are done by the server, with a pipeline and without', async () => {
    numbered(100);
    const filter = {
      filter: parseFilter('quantity', ['50..'], { timezone: 'UTC', today: '2026-01-01' }),
      column: '_id',
    };
    const more = { filters: [filter], orderBy: ['-_id'], limit: 3 };
    const expected = [100, 99, 98].map(expectedRow);
    assert.deepEqual(await read(request(more)), expected);
    assert.deepEqual(
      await read(request(more, { pipeline: [{ $match: { ativo: { $exists: true } } }] })),
      expected,
    );
  });

  test('what does not fit is an error with the document, or counted', async () => {
    server.insert('vendas', 'pedidos', [
      { _id: 1 },
      { _id: 2, ativo: 'sim' },
      { _id: 3, ativo: 1 },
      { _id: 4, ativo: true },
    ]);
    await fails(read(), {
      code: 'contract',
      message:
        /^reading "diario" from .*: column "ativo": the string sim is no boolean \(document with _id 2\)$/,
    });
    await withSource(async (source) => {
      const prepared = await source.prepare(request({}, { onMismatch: 'null' }));
      const rows: unknown[] = [];
      for await (const batch of prepared.read()) rows.push(...batch.rows().map((row) => row[2]));
      assert.deepEqual(rows, [null, null, null, 'true']);
      assert.deepEqual(prepared.notes?.(), [
        'column "ativo": 2 values became null, the first: the string sim is no boolean (document with _id 2)',
      ]);
    });
  });

  test('a document of 16 MB, and several of them', async () => {
    const text = 'x'.repeat(15_900_000);
    server.insert(
      'vendas',
      'pedidos',
      [1, 2, 3].map((_id) => ({ _id, nome: text })),
    );
    assert.deepEqual(
      (await read()).map(([id, nome]) => [id, nome?.length]),
      [1, 2, 3].map((id) => [`${id}`, text.length]),
    );
  });

  test('bytes that are not UTF-8 are refused, not replaced', async () => {
    const bytes = Buffer.from(BSON.serialize({ _id: 9, nome: 'Caf?' }));
    bytes[bytes.indexOf('?')] = 0xe9;
    server.insert('vendas', 'pedidos', [{ _id: 1, nome: 'a' }, bytes]);
    await fails(read(), {
      message: /document with _id 9: it holds bytes that are not UTF-8/,
      retryable: false,
    });
  });
});

describe('what is asked of the server', { timeout: 600_000 }, () => {
  test('only the needed fields, majority reads, and a session of its own', async () => {
    numbered(1);
    await read(request({ orderBy: ['nome'] }));
    const [find] = sent('find');
    assert.deepEqual(find?.projection, { _id: 1, nome: 1, ativo: 1 });
    assert.deepEqual(find?.sort, { nome: 1, _id: 1 });
    assert.deepEqual(find?.readConcern, { level: 'majority' });
    assert.equal(find?.noCursorTimeout, true);
    assert.equal(find?.allowDiskUse, true);
    assert.deepEqual(sent('endSessions').length, 1);
    assert.equal(applicationName(), 'reportctl');
  });

  test('the URL has the last word', async () => {
    numbered(1);
    await read(request(), `${server.url('vendas')}&readConcernLevel=local&AppName=meu`);
    assert.deepEqual(sent('find')[0]?.readConcern, { level: 'local' });
    assert.equal(applicationName(), 'meu');
  });

  test('less, when the server does not know it', async () => {
    numbered(5);
    for (const code of [148, 238]) {
      server.fail({ command: 'find', nth: 1 }, { code, errmsg: 'not here' });
      assert.equal((await read()).length, 5);
      const last = sent('find').at(-1) ?? {};
      assert.ok(!('readConcern' in last) && !('noCursorTimeout' in last));
    }
  });

  test('the session is kept alive while it is read, and no longer', async (context) => {
    numbered(4_500);
    await withSource(async (source) => {
      context.mock.timers.enable({ apis: ['setInterval'] });
      const prepared = await source.prepare(request());
      let batches = 0;
      for await (const _ of prepared.read()) {
        if (++batches === 1) context.mock.timers.tick(12 * 60_000);
      }
      await eventually(async () => sent('refreshSessions').length === 2, 'refreshed');
      assert.deepEqual(sent('refreshSessions')[0]?.refreshSessions, [sent('find')[0]?.lsid]);
      context.mock.timers.tick(60 * 60_000);
      context.mock.timers.reset();
    });
    assert.equal(sent('refreshSessions').length, 2);
  });

  test('a date has an offset, text of which a filter says that it is one may have one or not', () =>
    withSource(async (source) => {
      numbered(1);
      const columns = ['em', 'quando'].map((name) => ({ name, kind: 'timestamp' as const }));
      const mapped = { date: 'quando' };
      const fields = { date: { kind: 'timestamp' as const, stored: 'text' as const } };
      assert.deepEqual((await source.prepare(request({ columns, mapped }, { fields }))).offsets, {
        em: 'always',
      });
    }));

  test('a count for the estimate, and the statement without asking', () =>
    withSource(async (source) => {
      numbered(42);
      const prepared = await source.prepare(request({ limit: 40 }));
      assert.equal((await prepared.estimate()).rows, 40);
      assert.ok((await prepared.estimate()).rowBytes > 0);
      assert.equal(JSON.parse(prepared.statement).find, 'pedidos');
      assert.deepEqual(sent('find'), []);
    }));
});

describe('preparing', { timeout: 600_000 }, () => {
  const describing = /^describing the query of "diario" in /;

  test('a collection that is not there', async () => {
    numbered(1);
    await fails(read(request({}, { collection: 'pedido' })), {
      code: 'source',
      message: /there is no collection "pedido"/,
      hint: /did you mean "pedidos"/,
    });
    assert.deepEqual(sent('find'), []);
  });

  test('a user who may not list the collections reads all the same', async () => {
    numbered(2);
    server.fail({ command: 'listCollections' }, { code: 13, errmsg: 'not authorized' });
    assert.equal((await read()).length, 2);
  });

  test('a pipeline that the server refuses', async () => {
    numbered(1);
    await withSource(async (source) => {
      await fails(source.prepare(request({}, { pipeline: [{ $mach: {} }] })), {
        message: /describing .*\$mach.*\(MongoDB code 40324/,
        hint: /name of the stage/,
        retryable: false,
      });
      // A server that explains nothing says it when it is read.
      server.fail({ command: 'explain' }, { code: 59, errmsg: 'no such command' });
      await source.prepare(request({}, { pipeline: [{ $mach: {} }] }));
    });
  });

  test('SQL', async () => {
    const made = { ...request(), query: 'SELECT 1' };
    await fails(
      withSource((source) => source.prepare(made)),
      { code: 'definition', message: /its query is SQL/ },
    );
  });

  test('a server that is asleep ends with the signal', async () => {
    numbered(1);
    server.fail({ command: 'listCollections' }, 'stall');
    const controller = new AbortController();
    const source = await open(undefined, controller.signal);
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 50);
    await assert.rejects(source.prepare(request()), reason);
    await source.close();
  });

  test('a server that goes away', async () => {
    numbered(1);
    server.fail({ command: 'listCollections' }, 'reset');
    await fails(read(), { message: describing, retryable: true });
  });
});

describe('connecting', { timeout: 600_000 }, () => {
  const url = (login: string, more = '') => guarded.url('vendas').replace(/\/\/.*@/, `//${login}`) + more;

  test('with a password', async () => {
    guarded.insert('vendas', 'pedidos', [{ _id: 1 }]);
    assert.equal((await read(request(), guarded.url('vendas'))).length, 1);
  });

  test('a login that is refused', async () => {
    const refused = {
      message: /^connecting to .*Authentication failed \(MongoDB code 18/,
      hint: /user and the password/,
      retryable: false,
    };
    await fails(open(url('leitor:wrong@')), refused);
    await fails(open(url(`ninguem:${SECRET}@`)), refused);
    await fails(read(request(), url('')), {
      message: /requires authentication/,
      hint: /user and the password/,
      retryable: false,
    });
  });

  test('nothing that listens, and a host that nobody knows', async () => {
    const quick = 'vendas?serverSelectionTimeoutMS=200';
    await fails(open(`mongodb://u:${SECRET}@127.0.0.1:${await freePort()}/${quick}`), {
      message: /ECONNREFUSED/,
      hint: /host and the port/,
      retryable: true,
    });
    const unknown = `mongodb://u:${SECRET}@nao-existe.invalid/${quick}`;
    const code = await open(unknown).then(String, (error) => /EAI_AGAIN/.test(error.message));
    await fails(open(unknown), { message: /nao-existe/, hint: /name of the host/, retryable: code === true });
  });

  test('a server that accepts and says nothing, ended by its time or by the signal', async () => {
    const silent = createServer((socket) => socket.resume().on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const base = `mongodb://u:${SECRET}@127.0.0.1:${port}/vendas?`;
    await fails(open(`${base}serverSelectionTimeoutMS=200&connectTimeoutMS=200`), {
      message: /connecting/,
      retryable: true,
    });
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 50);
    // The driver leaves the socket of its own monitor to the time that connecting may take.
    const patient = `${base}connectTimeoutMS=500`;
    await assert.rejects(open(patient, controller.signal), reason);
    await assert.rejects(open(patient, controller.signal), reason);
    await new Promise((resolve) => silent.close(resolve));
  });

  test('a URL that cannot be read, whose password stays secret', async () => {
    const wrong = (bad: string, message: RegExp) =>
      fails(open(bad), { code: 'definition', message, hint: /mongodb:\/\/user:password@host/ });
    await wrong(`mongodb://u:${SECRET}@host`, /names no database/);
    await wrong(`mongodb://u:${SECRET}@host/?x=1`, /names no database/);
    await wrong(`mongodb://u:${PASSWORD}@host/vendas`, /names no database|cannot be read/);
    await wrong(`mongodb://u:${SECRET}@host:porta/vendas`, /cannot be read/);
    await wrong(`mongodb://u:${SECRET}@/vendas`, /cannot be read/);
    await wrong(
      `mongodb://u:${SECRET}@host/vendas?semNada=1`,
      /cannot be read: option semnada is not supported/,
    );
    await wrong(`mongodb://u:${SECRET}@host/vendas?readPreference=${SECRET}`, /cannot be read/);
    await wrong(`mongodb+srv://u:${SECRET}@host:27017/vendas`, /cannot be read/);
  });
});

describe('in the middle', { timeout: 600_000 }, () => {
  /** A read that has its first batch. */
  async function started(url?: string, signal?: AbortSignal) {
    numbered(13_000);
    const source = await open(url, signal);
    const batches = (await source.prepare(request())).read()[Symbol.asyncIterator]();
    assert.equal((await batches.next()).value.rowCount, 1000);
    return {
      source,
      batches,
      rest: async () => {
        while (!(await batches.next()).done);
      },
    };
  }

  const reading = /^reading "diario" from /;
  for (const [name, manner, expected] of [
    ['the connection breaks', 'reset', { message: reading, retryable: true }],
    [
      'the cursor is gone',
      { code: 43, codeName: 'CursorNotFound', errmsg: 'cursor id 5 not found' },
      {
        message: /cursor id 5 not found \(MongoDB code 43, CursorNotFound\)$/,
        hint: /forgot the cursor/,
        retryable: true,
      },
    ],
    [
      'the server steps down',
      { code: 10107, codeName: 'NotWritablePrimary', errmsg: 'not primary' },
      { message: /not primary/, retryable: true },
    ],
    [
      'the server shuts down',
      { code: 11600, codeName: 'InterruptedAtShutdown', errmsg: 'interrupted at shutdown' },
      { message: /shutdown/, retryable: true },
    ],
    [
      'the user loses the right',
      { code: 13, codeName: 'Unauthorized', errmsg: 'not authorized on vendas' },
      { message: /not authorized/, hint: /role "read"/, retryable: false },
    ],
  ] as const) {
    test(name, async () => {
      server.fail({ command: 'getMore', nth: 2 }, manner);
      const { source, rest } = await started();
      await fails(rest(), expected);
      await source.close();
      assert.ok(sent('getMore').length <= 3);
    });
  }

  test('the server stops answering', async () => {
    server.fail({ command: 'getMore', nth: 2 }, 'stall');
    const { source, rest } = await started(`${server.url('vendas')}&socketTimeoutMS=300`);
    await fails(rest(), { message: /timed out/, hint: /socketTimeoutMS/, retryable: true });
    await source.close();
  });

  test('the server stops answering, and the URL says nothing of that', async () => {
    numbered(13_000);
    server.fail({ command: 'getMore', nth: 2 }, 'stall');
    const options = { name: 'vendas', shown: 'mongodb://…', variables: {}, idleTimeoutMs: 300 };
    const { signal } = new AbortController();
    const source = await openMongodb({ ...options, url: server.url('vendas'), signal });
    const rest = async () => {
      for await (const _ of (await source.prepare(request())).read());
    };
    await fails(rest(), { message: /timed out/, hint: /REPORTCTL_IDLE_TIMEOUT/, retryable: true });
    await source.close();
  });

  test('whoever reads has enough: the cursor is killed', async () => {
    for (let time = 0; time < 3; time++) {
      server.reset();
      const { source, batches } = await started();
      assert.equal(server.openCursors(), 1);
      await batches.return?.(undefined);
      assert.equal(server.openCursors(), 0);
      await source.close();
    }
  });

  test('a value that does not fit leaves no cursor behind', async () => {
    numbered(9_000);
    server.insert('vendas', 'pedidos', [{ _id: 0, ativo: 'sim' }]);
    await withSource(async (source) => {
      await assert.rejects(rowsOf(source, request({ orderBy: ['_id'] })), /_id 0/);
      assert.equal(server.openCursors(), 0);
    });
  });

  for (const asleep of [false, true]) {
    test(`the signal ends it${asleep ? ', though the server is asleep' : ''}`, async () => {
      // Nothing that is asked when leaving gets an answer either.
      if (asleep)
        for (const command of ['getMore', 'killCursors', 'endSessions']) server.fail({ command }, 'stall');
      const controller = new AbortController();
      const { source, rest } = await started(undefined, controller.signal);
      const reason = new Error('enough');
      const start = performance.now();
      const ended = rest();
      setImmediate(() => controller.abort(reason));
      await assert.rejects(ended, reason);
      await source.close();
      assert.ok(performance.now() - start < 20_000);
      if (!asleep) assert.equal(server.openCursors(), 0);
    });
  }

  test('a source that is closed too early is no end of rows', async () => {
    const { source, rest } = await started();
    await source.close();
    await fails(rest(), { message: reading, retryable: false });
  });
});

test('replies are taken as they came, and document by document from a driver that keeps them elsewhere', async (context) => {
  numbered(5);
  const client = await new MongoClient(server.url('vendas')).connect();
  const { getMore } = AbstractCursor.prototype as unknown as { getMore?: unknown };
  const find = () => client.db().collection<Document>('pedidos').find({}, { raw: true, batchSize: 2 });
  const idsOf = async (cursor: AbstractCursor<Document>) => {
    const ids: unknown[] = [];
    while (await cursor.hasNext()) {
      const { bytes, starts } = takeDocuments(cursor);
      assert.equal(cursor.bufferedCount(), 0);
      for (const start of Array.from(starts))
        ids.push(BSON.deserialize(bytes.subarray(start, start + bytes.readInt32LE(start)))._id);
    }
    return ids;
  };
  try {
    const plain = find();
    assert.ok(await plain.hasNext());
    // What takes a reply apart in this version of the driver.
    const { documents } = plain as unknown as { documents: { readonly batch: unknown } };
    const takenApart = context.mock.getter(Object.getPrototypeOf(documents), 'batch');
    assert.deepEqual(await idsOf(plain), [1, 2, 3, 4, 5]);
    const each = takenApart.mock.callCount();
    const kept = find();
    keepReplies(kept, getMore);
    kept.readBufferedDocuments = () => assert.fail('not with this version of the driver');
    assert.deepEqual(await idsOf(kept), [1, 2, 3, 4, 5]);
    // The first reply is counted by FindCursor itself.
    assert.ok(each > 5 && takenApart.mock.callCount() - each <= 1, 'the driver takes replies apart');
  } finally {
    await client.close();
  }
});

test('what several addresses answered, and errors that are ours already', () => {
  const both = [new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')];
  const error = sourceError('connecting', new AggregateError(both));
  assert.equal(error.message, 'connecting: connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1');
  const ours = new ReportError('contract', 'x');
  assert.equal(sourceError('connecting', ours), ours);
});

test('which errors of the server another attempt can overcome', () => {
  const canPass = (code: number) =>
    sourceError('reading', Object.assign(new Error('x'), { code, name: 'MongoServerError' })).retryable;
  // ExceededTimeLimit, PrimarySteppedDown, FailedToSatisfyReadPreference, RateLimitExceeded, Azure's "request rate is large".
  for (const code of [262, 189, 133, 449, 16500]) assert.equal(canPass(code), true, `${code}`);
  // Unauthorized, AuthenticationFailed, Interrupted, BadValue, an unknown stage.
  for (const code of [13, 18, 11601, 2, 40324]) assert.equal(canPass(code), false, `${code}`);
});
