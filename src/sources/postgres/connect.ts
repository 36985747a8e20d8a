// Connects to a server, cancels what runs there, and disconnects.
import { type EventEmitter, once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import { messageOf, ReportError } from '../../core/errors.js';
import { type ConnectionPlan, connectionPlan, type Server, type SessionAttributes } from './client-config.js';
import { importPg } from './driver.js';
import { sourceError } from './errors.js';
import { createSocket } from './socket.js';

const CANCEL_TIMEOUT_MS = 2_000;
const DISCONNECT_TIMEOUT_MS = 1_000;

/**
 * Connects to the first host that answers and has the session attributes that are asked for, as libpq does (PostgreSQL manual,
 * 34.1.1.3).
 * @throws ReportError `definition` for a URL that cannot be read, `source` when connecting fails, or the signal's reason
 */
export async function connect(server: Server, signal: AbortSignal): Promise<Client> {
  const plan = connectionPlan(server);
  const doing = `connecting to ${server.label}`;
  const rounds: readonly SessionAttributes[] =
    plan.attributes === 'prefer-standby' ? ['standby', 'any'] : [plan.attributes];
  const failures = new Map<string, ReportError>();
  for (const attributes of rounds) {
    for (const config of plan.configs) {
      try {
        return await connectTo(config, plan, { attributes, doing }, signal);
      } catch (error) {
        signal.throwIfAborted();
        const failure = sourceError(doing, error);
        // A login that one host refuses is refused by the others, too.
        if (isRefusedLogin(error)) throw failure;
        failures.set(`${config.host ?? 'localhost'}:${config.port ?? 5432}`, failure);
      }
    }
  }
  const [first] = failures.values();
  if (first !== undefined && failures.size === 1) throw first;
  const reasons = [...failures].map(([host, { message }]) => `${host}: ${message.slice(doing.length + 2)}`);
  throw new ReportError('source', `${doing}: ${reasons.join('; ')}`, {
    cause: first,
    retryable: [...failures.values()].some(({ retryable }) => retryable),
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
  });
}

/** @throws what the driver throws, or ReportError `source` for a host without the attributes */
async function connectTo(
  config: ClientConfig,
  { mode, channelBinding }: ConnectionPlan,
  { attributes, doing }: { readonly attributes: SessionAttributes; readonly doing: string },
  signal: AbortSignal,
): Promise<Client> {
  const open = (settings: ClientConfig) => openClient(settings, channelBinding === 'require', signal);
  const client = await open(config).catch((error: unknown) => {
    signal.throwIfAborted();
    if (mode !== 'prefer' || !messageOf(error).includes('does not support SSL')) throw error;
    return open({ ...config, ssl: false });
  });
  if (attributes === 'any') return client;
  try {
    await assertAttributes(client, attributes, doing);
    return client;
  } catch (error) {
    await disconnect(client).catch(() => undefined);
    throw error;
  }
}

/** Another server may be promoted in a moment, so that trying again can help. */
async function assertAttributes(client: Client, attributes: SessionAttributes, doing: string): Promise<void> {
  const { rows } = await client.query<{ standby: boolean; readOnly: boolean }>(
    `SELECT pg_catalog.pg_is_in_recovery() AS standby, pg_catalog.current_setting('transaction_read_only') = 'on' AS "readOnly"`,
  );
  const [{ standby, readOnly } = { standby: false, readOnly: false }] = rows;
  const actual = [standby ? 'standby' : 'primary', readOnly ? 'read-only' : 'read-write'];
  if (actual.includes(attributes)) return;
  throw new ReportError(
    'source',
    `${doing}: the server is ${actual.join(' and ')}, and target_session_attrs is ${attributes}`,
    { retryable: true },
  );
}

/** Classes 28 and 3D: the server spoke to us, and refuses the login or the database. */
function isRefusedLogin(error: unknown): boolean {
  return /^(28|3D)/.test(String((error as { code?: unknown }).code));
}

/** The socket under each client; TLS puts another one on top of it. */
const rawSockets = new WeakMap<Client, Socket>();

async function openClient(config: ClientConfig, needsBinding: boolean, signal: AbortSignal): Promise<Client> {
  signal.throwIfAborted();
  const pg = await importPg();
  const socket = createSocket();
  const client = new pg.Client({ ...config, stream: () => socket });
  rawSockets.set(client, socket);
  // Without a listener a connection that dies between two queries would end the process.
  client.on('error', () => undefined);
  const onAbort = () => destroySocket(client);
  signal.addEventListener('abort', onAbort, { once: true });
  const binding = needsBinding ? requireChannelBinding(client) : undefined;
  try {
    await client.connect();
    // A server without a password can end the login before the driver sees that its socket is closed.
    if (binding?.failure !== undefined) throw binding.failure;
    return client;
  } catch (error) {
    destroySocket(client);
    throw binding?.failure ?? error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Ends the connection before a password leaves by any other way than SCRAM-SHA-256-PLUS: the driver uses it where it is offered,
 * but takes less.
 */
function requireChannelBinding(client: Client): { failure: Error | undefined } {
  const { connection } = client as unknown as { connection: EventEmitter };
  const state: { failure: Error | undefined } = { failure: undefined };
  let isBound = false;
  const refuse = () => {
    state.failure ??= new Error('channel_binding is "require", and the server does not offer it');
    destroySocket(client);
  };
  // These listeners stand before the driver's own, which connect() adds.
  connection.on('authenticationSASL', ({ mechanisms }: { mechanisms: readonly string[] }) => {
    isBound = mechanisms.includes('SCRAM-SHA-256-PLUS');
    if (!isBound) refuse();
  });
  connection.on('authenticationCleartextPassword', refuse);
  connection.on('authenticationMD5Password', refuse);
  connection.on('authenticationOk', () => {
    if (!isBound) refuse();
  });
  return state;
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
