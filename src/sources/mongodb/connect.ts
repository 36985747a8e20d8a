// Connects to MongoDB with timeouts, so that a dead link ends the run, and disconnects in any state.
import type { Db, MongoClient, MongoClientOptions } from 'mongodb';
import { messageOf, ReportError } from '../../core/errors.js';
import { sourceError } from './errors.js';

export interface Connect {
  readonly url: string;
  readonly label: string;
  readonly signal: AbortSignal;
  /** Milliseconds; undefined: no limit. */
  readonly idleTimeoutMs: number | undefined;
}

export interface Connected {
  readonly client: MongoClient;
  readonly database: Db;
  /** Does the URL set a read concern? Then we set none. */
  readonly hasReadConcern: boolean;
}

/** Defaults for what the URL does not set. The driver's own: no limit for an answer, half a minute for a server. */
const DEFAULTS: MongoClientOptions = {
  appName: 'reportctl',
  serverSelectionTimeoutMS: 10_000,
  connectTimeoutMS: 10_000,
  readPreference: 'secondaryPreferred',
  retryReads: true,
};

const GOODBYE_MILLISECONDS = 1_000;

/**
 * Opens `mongodb://[user[:password]@]host[:port][,…]/database[?…]`, or `mongodb+srv://…`
 * @throws ReportError `definition` for a URL that cannot be read or names no database, `source` when connecting fails
 */
export async function connect({ url, label, signal, idleTimeoutMs }: Connect): Promise<Connected> {
  const [, database = '', query = ''] = /^[a-z+]+:\/\/[^/?]*(?:\/([^?]*))?(?:\?(.*))?$/i.exec(url) ?? [];
  if (database === '') {
    throw new ReportError('definition', `${label}: the URL names no database`, {
      hint: 'It is mongodb://user:password@host:port/database; spell @ : / ? # % in a password as %40 %3A %2F %3F %23 %25.',
    });
  }
  const said = new Set([...new URLSearchParams(query).keys()].map((name) => name.toLowerCase()));
  const options = Object.fromEntries(
    Object.entries({ ...DEFAULTS, socketTimeoutMS: idleTimeoutMs ?? 0 }).filter(
      ([name]) => !said.has(name.toLowerCase()),
    ),
  );
  const mongodb = await import('./driver.js');
  let client: MongoClient;
  try {
    client = new mongodb.MongoClient(url, options);
  } catch (error) {
    throw new ReportError('definition', `${label}: the URL cannot be read: ${withoutSecrets(error, url)}`, {
      hint: 'It is mongodb://user:password@host:port/database?option=value.',
    });
  }
  const leave = () => void disconnect(client);
  signal.addEventListener('abort', leave, { once: true });
  try {
    signal.throwIfAborted();
    await client.connect();
    signal.throwIfAborted();
    return { client, database: client.db(), hasReadConcern: said.has('readconcernlevel') };
  } catch (error) {
    await disconnect(client);
    signal.throwIfAborted();
    throw sourceError(`connecting to ${label}`, error);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** The message without secrets: some messages of the driver quote the URL or an option of it. */
function withoutSecrets(error: unknown, url: string): string {
  const message = messageOf(error).replace(/"[^"]*"/g, '"…"');
  const login = url.slice(url.indexOf('//') + 2, Math.max(url.lastIndexOf('@'), 0));
  const secrets = [login, login.replace(/^[^:]*:/, '')].flatMap((part) => [part, decoded(part)]);
  return secrets.some((secret) => secret !== '' && message.includes(secret)) ? 'it is malformed' : message;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Kills cursors, ends sessions and closes. Waits one second for a server that does not answer. Never throws. */
export async function disconnect(client: MongoClient): Promise<void> {
  const force = setInterval(() => destroy(client), GOODBYE_MILLISECONDS);
  try {
    await client.close();
  } catch {
    // The connection is gone already.
  } finally {
    clearInterval(force);
  }
}

/** Closes the sockets first: the driver's close() waits as long as a read does, and takes no timeout. */
function destroy(client: MongoClient): void {
  const { topology } = client as { topology?: { closeCheckedOutConnections(): void; close(): void } };
  topology?.closeCheckedOutConnections();
  topology?.close();
}
