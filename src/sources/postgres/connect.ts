// Connects to a server, cancels what runs there, and disconnects.
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import { messageOf } from '../../core/errors.js';
import { clientConfig, type Server } from './client-config.js';
import { importPg } from './driver.js';
import { sourceError } from './errors.js';
import { createSocket } from './socket.js';

const CANCEL_TIMEOUT_MS = 2_000;
const DISCONNECT_TIMEOUT_MS = 1_000;

/** @throws ReportError `definition` for a URL that cannot be read, `source` when connecting fails, or the signal's reason */
export async function connect(server: Server, signal: AbortSignal): Promise<Client> {
  const { config, mode } = clientConfig(server);
  const doing = `connecting to ${server.label}`;
  try {
    return await openClient(config, signal);
  } catch (error) {
    signal.throwIfAborted();
    const hasNoTls = messageOf(error).includes('does not support SSL');
    if (mode !== 'prefer' || !hasNoTls) throw sourceError(doing, error);
  }
  try {
    return await openClient({ ...config, ssl: false }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(doing, error);
  }
}

/** The socket under each client; TLS puts another one on top of it. */
const rawSockets = new WeakMap<Client, Socket>();

async function openClient(config: ClientConfig, signal: AbortSignal): Promise<Client> {
  signal.throwIfAborted();
  const pg = await importPg();
  const socket = createSocket();
  const client = new pg.Client({ ...config, stream: () => socket });
  rawSockets.set(client, socket);
  // Without a listener a connection that dies between two queries would end the process.
  client.on('error', () => undefined);
  const onAbort = () => destroySocket(client);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    destroySocket(client);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Protocol 3.0, CancelRequest: its length and its code. */
const CANCEL_REQUEST = { length: 16, code: 80_877_102 };

/**
 * Asks the server, over a connection without a login, to stop what the client runs, and closes the client's socket; the
 * client cannot be used afterwards. Never throws and takes at most a few seconds.
 */
export async function cancelRunning(client: Client): Promise<void> {
  const { processID, secretKey, host, port } = client as Client & { processID?: number; secretKey?: number };
  try {
    if (processID && secretKey && !socketOf(client).destroyed) {
      const request = Buffer.alloc(CANCEL_REQUEST.length);
      for (const [index, value] of [
        CANCEL_REQUEST.length,
        CANCEL_REQUEST.code,
        processID,
        secretKey,
      ].entries())
        request.writeInt32BE(value, index * 4);
      const socket = host.startsWith('/')
        ? connectSocket(`${host}/.s.PGSQL.${port}`)
        : connectSocket(port, host);
      socket.setTimeout(CANCEL_TIMEOUT_MS, () => socket.destroy());
      socket.on('connect', () => socket.end(request));
      socket.on('error', () => undefined);
      await once(socket.resume(), 'close');
    }
  } catch {
    // The server is gone, and with it the query.
  } finally {
    destroySocket(client);
  }
}

/** Ends the session; after a second without an answer the socket is closed. Safe after a failure. */
export async function disconnect(client: Client): Promise<void> {
  const timer = setTimeout(() => destroySocket(client), DISCONNECT_TIMEOUT_MS);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}

/** How many bytes came over the client's connection, under TLS before they are deciphered. */
export function bytesReadBy(client: Client): number {
  return rawSockets.get(client)?.bytesRead ?? 0;
}

function socketOf(client: Client): { destroy(): void; destroyed: boolean } {
  return (client as unknown as { connection: { stream: { destroy(): void; destroyed: boolean } } }).connection
    .stream;
}

function destroySocket(client: Client): void {
  socketOf(client).destroy();
}
