// The sources of the contract suite, one of each kind, with its data.
import { existsSync, writeFileSync } from 'node:fs';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, Int32, MongoClient } from 'mongodb';
import type { ErrorCode } from '../../src/core/errors.js';
import type { Question, Request, Source } from '../../src/core/source.js';
import type { Cell, Kind } from '../../src/core/table.js';
import { temporaryFolder } from './cli.js';
import { documentRequest } from './json.js';
import { startMongoServer } from './mongodb-server.js';
import { openUrl, requestOf, sessions, startPostgres } from './postgres.js';

export interface Place {
  open(signal?: AbortSignal): Promise<Source>;
  /** The rows of `expectedRow` from 1 on, in order, unless another order is asked for. */
  numbered(rows: number, orderBy?: readonly string[]): Promise<Request>;
  /** Like `numbered`, but reading the last row fails. */
  failing(rows: number): Promise<Request>;
  /** The code of that failure. */
  readonly failure: ErrorCode;
  /** A request that keeps the engine busy for a minute before it answers. Absent where there is none. */
  busy?(): Promise<Request>;
  /** A question whose answer is yes, one whose answer is no, and one in another language than the engine's. */
  question(about: 'there' | 'not yet' | 'nonsense'): Promise<Question>;
  /** Does the source know its columns and their types before it reads? */
  readonly isTyped: boolean;
  /** The number of connections, files and the like that our sources have open. */
  held(): Promise<number>;
  /** The greatest number of those at the same time. */
  readonly most: number;
  /** So many rows that many of them are still to come when the first have arrived. */
  readonly many: number;
  stop(): Promise<void>;
}

const asked = (about: Question['about']): Question => ({
  report: 'contrato',
  about,
  params: {
    from: { kind: 'text', value: '2024-10-05 00:00:00-03:00' },
    to: { kind: 'text', value: '2024-10-06 00:00:00-03:00' },
  },
  timezone: 'America/Sao_Paulo',
});

/** About the documents of `numbered(3)`. */
const documentQuestion = async (
  about: 'there' | 'not yet' | 'nonsense',
  collection: Promise<string>,
): Promise<Question> =>
  about === 'nonsense'
    ? asked('SELECT true')
    : asked({
        collection: await collection,
        match: { nome: about === 'there' ? 'Maria 2' : 'Maria 4', ativo: true },
      });

const COLUMNS: Readonly<Record<string, Kind>> = { id: 'integer', nome: 'text', ativo: 'boolean' };

export const expectedRow = (id: number): readonly Cell[] => [
  `${id}`,
  id % 3 === 0 ? null : id % 3 === 1 ? '' : `Maria ${id}`,
  `${id % 2 === 0}`,
];

export async function postgresPlace(): Promise<Place> {
  const most = 6;
  const server = await startPostgres({
    settings: [`max_connections=${most + 1}`, 'superuser_reserved_connections=0', 'max_wal_senders=0'],
  });
  const client = await server.connect();
  const query = (rows: number, id = 'n') => `
    SELECT ${id} AS id, (ARRAY[NULL, '', 'Maria ' || n])[n % 3 + 1] AS nome, n % 2 = 0 AS ativo
    FROM generate_series(1, ${rows}) AS n`;
  return {
    most,
    many: 100_000,
    isTyped: true,
    failure: 'source',
    open: (signal) => openUrl(server.url, signal ? { signal } : {}),
    numbered: async (rows, orderBy = []) => requestOf(query(rows), COLUMNS, { orderBy }),
    failing: async (rows) => requestOf(query(rows, `n + 1 / (n - ${rows})`), COLUMNS),
    busy: async () => requestOf(`${query(1)}, pg_sleep(600)`, COLUMNS),
    question: async (about) =>
      about === 'nonsense'
        ? asked({ collection: 'cargas', match: {} })
        : asked(
            `SELECT :'to'::timestamptz - :'from' = interval '${about === 'there' ? 24 : 25} hours'; -- one row`,
          ),
    held: () => sessions(client),
    stop: () => server.stop(),
  };
}

/** One NDJSON file a request; held() counts the files that this process has open. */
export async function filesPlace(): Promise<Place> {
  const folder = await temporaryFolder();
  const line = (id: number) => {
    const [, nome] = expectedRow(id);
    return `{"id":${id},${nome === null ? '' : `"nome":${JSON.stringify(nome)},`}"ativo":${id % 2 === 0}}`;
  };
  const collection = (name: string, rows: number, last = '') => {
    const path = join(folder, `${name}.ndjson`);
    if (existsSync(path)) return name;
    const lines = Array.from({ length: rows }, (_, index) => `${line(index + 1)}\n`);
    writeFileSync(path, lines.join('') + last);
    return name;
  };
  return {
    most: 3,
    many: 100_000,
    isTyped: false,
    failure: 'source',
    open: (signal) => openUrl(`file:${folder}/`, signal ? { signal } : {}),
    numbered: async (rows, orderBy = []) =>
      documentRequest(COLUMNS, { collection: collection(`rows-${rows}`, rows), orderBy }),
    question: (about) => documentQuestion(about, Promise.resolve(collection('rows-3', 3))),
    failing: async (rows) =>
      documentRequest(COLUMNS, { collection: collection(`failing-${rows}`, rows - 1, '{"id":\n') }),
    held: async () => (await openLinks()).filter((path) => path.startsWith(folder)).length,
    stop: () => rm(folder, { recursive: true }),
  };
}

/** The double that speaks MongoDB's protocol. */
export async function mongodbDoublePlace(): Promise<Place> {
  const server = await startMongoServer();
  const place = mongodbPlace(server.url('contrato'), async (name, documents) =>
    server.insert('contrato', name, documents),
  );
  return {
    ...place,
    busy: async () => {
      server.fail({ command: 'find' }, 'stall', 1);
      return place.numbered(1);
    },
    held: async () => server.openCursors() + (await place.held()),
    stop: () => server.close(),
  };
}

/** A server that was started outside; the collections created in its database are removed again. */
export async function mongodbServerPlace(url: string): Promise<Place> {
  const names: string[] = [];
  const connected = async (work: (client: MongoClient) => Promise<unknown>) => {
    const client = await MongoClient.connect(url);
    await work(client).finally(() => client.close());
  };
  const place = mongodbPlace(url, async (name, documents) => {
    names.push(name);
    await connected(async (client) => {
      await client.db().dropCollection(name);
      const collection = await client.db().createCollection(name);
      for (let at = 0; at < documents.length; at += 5_000)
        await collection.insertMany(documents.slice(at, at + 5_000));
    });
  });
  const drop = (client: MongoClient) => Promise.all(names.map((name) => client.db().dropCollection(name)));
  return { ...place, stop: () => connected(drop) };
}

/** One collection a request; held() counts the connections of this process. */
function mongodbPlace(url: string, insert: (name: string, documents: Document[]) => Promise<void>): Place {
  const document = (id: number) => {
    const [, nome] = expectedRow(id);
    return { _id: new Int32(id), id: new Int32(id), ...(nome === null ? {} : { nome }), ativo: id % 2 === 0 };
  };
  const collections = new Set<string>();
  const collection = async (name: string, rows: number, last: Document[] = []) => {
    if (collections.has(name)) return name;
    const documents = Array.from({ length: rows }, (_, index) => document(index + 1));
    await insert(name, [...documents, ...last]);
    collections.add(name);
    return name;
  };
  return {
    most: 3,
    many: 50_000,
    isTyped: false,
    failure: 'contract',
    open: (signal) => openUrl(url, signal ? { signal } : {}),
    numbered: async (rows, orderBy = []) =>
      documentRequest(COLUMNS, { collection: await collection(`rows-${rows}`, rows), orderBy }),
    question: (about) => documentQuestion(about, collection('rows-3', 3)),
    failing: async (rows) => {
      const last = { _id: new Int32(rows), id: 'none' };
      return documentRequest(COLUMNS, { collection: await collection(`failing-${rows}`, rows - 1, [last]) });
    },
    held: () => connectionsTo(url),
    stop: async () => undefined,
  };
}

/** What this process has open, as Linux tells it; nothing on other systems. */
async function openLinks(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => []);
  return Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
}

/** The connections of this process to the ports in a mongodb:// URL (proc(5), /proc/net/tcp). */
async function connectionsTo(url: string): Promise<number> {
  const hosts = /^[^/]*\/\/(?:[^/?]*@)?([^/?]*)/.exec(url)?.[1]?.split(',') ?? [];
  const ports = new Set(hosts.map((host) => Number(/:(\d+)$/.exec(host)?.[1] ?? 27017)));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const sockets = new Set(
    tables
      .flatMap((table) => table.split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , remote = '']) => ports.has(Number.parseInt(remote.split(':')[1] ?? '', 16)))
      .map((fields) => `socket:[${fields[9]}]`),
  );
  return (await openLinks()).filter((link) => sockets.has(link)).length;
}
