// A MongoDB server for the real driver, in memory, that fails when and how a test asks for it and replays batches for benchmarks.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';
import { answer, errorAnswer } from './mongodb-server/commands.js';
import { replayOf } from './mongodb-server/cursors.js';
import { ServerError } from './mongodb-server/errors.js';
import { conversations, type Login } from './mongodb-server/login.js';
import { collectionAt, type Session, type State, store } from './mongodb-server/state.js';
import { answerHeader, commandName, type Message, messageReader } from './mongodb-server/wire.js';

export interface MongoServerOptions {
  /** Who may come in, by SCRAM-SHA-256; everybody unless told. */
  readonly login?: Login;
}

/** A command that arrived. */
export interface MongoCommand {
  readonly name: string;
  /** The body as the driver decodes it by default: numbers are JavaScript's. Documents of an insert may be beside it. */
  readonly document: Document;
  /** The body as it was sent, for types that `document` loses. */
  readonly bytes: Buffer;
}

/** The document that a server refuses with. */
interface MongoFailure {
  readonly code: number;
  readonly codeName?: string;
  readonly errmsg: string;
  readonly errorLabels?: readonly string[];
}

/** reset: the connection breaks before anything is done · stall: no answer ever, to this or what follows on the connection · a document: refused with it. */
export type MongoManner = 'reset' | 'stall' | MongoFailure;

/** `nth` counts the commands of that name since the fault was set, from 1; without it all are meant. */
export interface MongoMatch {
  readonly command: string;
  readonly nth?: number;
}

export type MongoServer = Awaited<ReturnType<typeof startMongoServer>>;

/** Starts a standalone server on a free port of 127.0.0.1. */
export async function startMongoServer({ login }: MongoServerOptions = {}) {
  const state: State = {
    collections: new Map(),
    cursors: new Map(),
    conversations: login && conversations(login),
  };
  const sockets = new Set<Socket>();
  const commands: MongoCommand[] = [];
  let faults: { applies: (name: string) => boolean; manner: MongoManner }[] = [];
  let lastConnection = 0;

  const server = createServer((socket) => {
    lastConnection += 1;
    const session: Session = { connectionId: lastConnection, authenticated: false };
    const read = messageReader();
    sockets.add(socket);
    socket.setNoDelay(true);
    // A client that goes away in the middle has nothing to be told.
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    let stalled = false;
    socket.on('data', (chunk) => {
      for (const message of read(chunk)) {
        if (!stalled) stalled = respond(socket, session, message) === 'stall';
      }
    });
  });

  function respond(socket: Socket, session: Session, message: Message): MongoManner | undefined {
    const name = commandName(message.body);
    commands.push(recorded(name, message.body));
    // Every fault counts every command, whichever of them strikes.
    const manner = faults.filter(({ applies }) => applies(name))[0]?.manner;
    if (manner === 'reset') socket.resetAndDestroy();
    if (manner === 'reset' || manner === 'stall') return manner;
    const pieces = manner === undefined ? outcome(name, session, message) : errorAnswer(manner);
    if (!message.wantsAnswer) return manner;
    socket.cork();
    socket.write(answerHeader(message, pieces));
    for (const piece of pieces) socket.write(piece);
    socket.uncork();
    return manner;
  }

  function outcome(name: string, session: Session, { body, sequences }: Message): Buffer[] {
    try {
      return answer(state, { name, body, sequences, session });
    } catch (error) {
      if (error instanceof ServerError)
        return errorAnswer({ code: error.code, codeName: error.codeName, errmsg: error.message });
      // A fault of this double: the test that met it must see it.
      return errorAnswer({ code: 8, codeName: 'UnknownError', errmsg: String((error as Error).stack) });
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    port,
    /** What arrived, the driver's own hellos among it. */
    commands,
    /** A connection string for the database, with the login if there is one. */
    url(database: string): string {
      const who = login ? `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@` : '';
      const source = login ? `&authSource=${login.authSource ?? 'admin'}` : '';
      return `mongodb://${who}127.0.0.1:${port}/${database}?directConnection=true${source}`;
    },
    /** Cursors that were neither read to their end nor killed. */
    openCursors: () => state.cursors.size,
    /** Sockets that are open, the driver's monitor among them. */
    connections: () => sockets.size,
    /**
     * Stores documents; a Buffer is a document's BSON, stored byte for byte, for what the driver would not send (duplicate
     * keys, invalid UTF-8). What has no _id gets one in front.
     */
    insert(database: string, collection: string, documents: readonly (Document | Buffer)[]): void {
      const target = collectionAt(state, `${database}.${collection}`);
      for (const document of documents)
        store(target, Buffer.isBuffer(document) ? document : Buffer.from(BSON.serialize(document)));
    },
    /**
     * From now on every find and aggregate on the collection is answered with these batches, `times` over, whatever it
     * asks for; each is the BSON of one or more documents, end to end. A count gives their number.
     */
    replay(database: string, collection: string, batches: readonly Buffer[], times = 1): void {
      collectionAt(state, `${database}.${collection}`).replay = replayOf(batches, times);
    },
    /** Makes matching commands fail, the first `times` of them; all unless told. `nth` alone means that one only. */
    fail({ command, nth }: MongoMatch, manner: MongoManner, times = Number.POSITIVE_INFINITY): void {
      let seen = 0;
      const applies = (name: string) => {
        if (name !== command) return false;
        seen += 1;
        return nth === undefined ? seen <= times : seen === nth;
      };
      faults.push({ applies, manner });
    },
    /** Forgets collections, cursors, commands and faults; connections stay. */
    reset(): void {
      state.collections.clear();
      state.cursors.clear();
      commands.length = 0;
      faults = [];
    },
    /** Breaks what is open and stops. */
    async close(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Decoded only when a test looks. */
function recorded(name: string, bytes: Buffer): MongoCommand {
  return {
    name,
    bytes,
    get document() {
      return BSON.deserialize(bytes, { validation: { utf8: false } });
    },
  };
}
