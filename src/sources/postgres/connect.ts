// A URL and the PG* variables to a connected client; TLS modes as libpq has them; cancelling on the server.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Client, ClientConfig } from 'pg';
import { didYouMean, messageOf, ReportError } from '../../core/errors.js';
import { importPg } from './driver.js';
import { sourceError } from './errors.js';
import { createSocket } from './socket.js';

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof SSL_MODES)[number];

/** Parameters of a URL that we understand, with the variable that says the same. */
const PARAMETERS = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
  host: 'PGHOST',
} as const;
type Parameter = keyof typeof PARAMETERS;

const DEFAULT_CONNECT_SECONDS = 10;
const KEEP_ALIVE_MILLISECONDS = 30_000;
const CANCEL_MILLISECONDS = 2_000;
const GOODBYE_MILLISECONDS = 1_000;

export interface Connect {
  readonly url: string;
  readonly label: string;
  /** The `PG*` variables of the environment. */
  readonly variables: Variables;
  readonly signal: AbortSignal;
}
type Variables = Readonly<Record<string, string>>;

/**
 * Opens a connection to `url`, which is `postgres://[user[:password]@][host[:port]][/database][?sslmode=…]`
 * @throws ReportError `definition` for a URL that cannot be read, `source` when connecting fails
 */
export async function connect({ url, label, variables, signal }: Connect): Promise<Client> {
  const { config, mode } = clientConfig(url, label, variables);
  const doing = `connecting to ${label}`;
  try {
    return await attempt(config, signal);
  } catch (error) {
    signal.throwIfAborted();
    const refusedTls = messageOf(error).includes('does not support SSL');
    if (mode !== 'prefer' || !refusedTls) throw sourceError(doing, error);
  }
  try {
    return await attempt({ ...config, ssl: false }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(doing, error);
  }
}

async function attempt(config: ClientConfig, signal: AbortSignal): Promise<Client> {
  signal.throwIfAborted();
  const pg = await importPg();
  const client = new pg.Client({ ...config, stream: createSocket });
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

function clientConfig(
  text: string,
  label: string,
  variables: Variables,
): { config: ClientConfig; mode: SslMode } {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  // A password with an unescaped ? ends up among the parameters.
  const url = parsed?.search.includes('@') || parsed?.hash ? undefined : parsed;
  if (url === undefined || !isDecodable(url)) {
    throw new ReportError('definition', `${label}: the URL cannot be read`, {
      hint: 'It is postgres://user:password@host:port/database; spell @ : / ? # % in a password as %40 %3A %2F %3F %23 %25.',
    });
  }
  for (const name of url.searchParams.keys()) {
    if (!Object.hasOwn(PARAMETERS, name))
      throw new ReportError('definition', `${label}: unknown parameter "${name}"`, {
        hint: `${didYouMean(name, Object.keys(PARAMETERS))}.`,
      });
  }
  const parameter = (name: Parameter) =>
    url.searchParams.get(name) || variables[PARAMETERS[name]] || undefined;
  const mode = sslMode(parameter('sslmode'), label);
  const named = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const hostname = url.searchParams.get('host') || named || variables.PGHOST || '';
  const local = hostname.startsWith('/');
  const part = (value: string) => (value === '' ? undefined : decodeURIComponent(value));
  const seconds = Number(parameter('connect_timeout') ?? DEFAULT_CONNECT_SECONDS);
  return {
    mode,
    config: withoutUndefined({
      host: hostname || undefined,
      port: url.port === '' ? undefined : Number(url.port),
      user: part(url.username),
      password: part(url.password),
      database: part(url.pathname.replace(/^\//, '')),
      options: parameter('options'),
      application_name: parameter('application_name') ?? 'reportctl',
      ssl: local || mode === 'disable' ? false : tlsOptions(mode, parameter, label),
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MILLISECONDS,
      connectionTimeoutMillis:
        (Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_CONNECT_SECONDS) * 1000,
    }),
  };
}

function isDecodable({ username, password, hostname, pathname }: URL): boolean {
  try {
    [username, password, hostname, pathname].forEach(decodeURIComponent);
    return true;
  } catch {
    return false;
  }
}

/** libpq's rule (PostgreSQL manual, 34.19): without a mode, TLS is used where the server has it. */
function sslMode(value: string | undefined, label: string): SslMode {
  if (value === undefined || value === 'allow') return 'prefer';
  const mode = SSL_MODES.find((word) => word === value);
  if (mode === undefined)
    throw new ReportError('definition', `${label}: sslmode is "${value}"`, {
      hint: `${didYouMean(value, SSL_MODES)}.`,
    });
  return mode;
}

/** `require` verifies nothing unless a root certificate is given (then as `verify-ca`), as in libpq. */
function tlsOptions(
  mode: SslMode,
  parameter: (name: Parameter) => string | undefined,
  label: string,
): ConnectionOptions {
  const file = (name: 'sslrootcert' | 'sslcert' | 'sslkey') => {
    const path = parameter(name);
    if (path === undefined || path === 'system') return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw new ReportError('definition', `${label}: reading ${name}: ${messageOf(error)}`, { cause: error });
    }
  };
  const ca = file('sslrootcert');
  const verifies = mode === 'verify-full' || mode === 'verify-ca' || (mode === 'require' && ca !== undefined);
  return withoutUndefined({
    ca,
    cert: file('sslcert'),
    key: file('sslkey'),
    rejectUnauthorized: verifies,
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  });
}

/**
 * Asks the server to stop what the client runs (protocol 3.0, CancelRequest: a connection of its own, no login) and
 * closes the client's socket. Never throws and takes at most a few seconds; afterwards the client cannot be used.
 */
export async function cancelRunning(client: Client): Promise<void> {
  const { processID, secretKey, host, port } = client as Client & { processID?: number; secretKey?: number };
  try {
    if (processID && secretKey && !isClosed(client)) {
      const request = Buffer.alloc(16);
      for (const [index, value] of [16, 80877102, processID, secretKey].entries())
        request.writeInt32BE(value, index * 4);
      const socket = host.startsWith('/')
        ? connectSocket(`${host}/.s.PGSQL.${port}`)
        : connectSocket(port, host);
      socket.setTimeout(CANCEL_MILLISECONDS, () => socket.destroy());
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

/** Says goodbye, and waits no longer than a second for a server that does not answer. Safe after a failure. */
export async function disconnect(client: Client): Promise<void> {
  const timer = setTimeout(() => destroySocket(client), GOODBYE_MILLISECONDS);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}

function stream(client: Client): { destroy(): void; destroyed: boolean } {
  return (client as unknown as { connection: { stream: { destroy(): void; destroyed: boolean } } }).connection
    .stream;
}

function isClosed(client: Client): boolean {
  return stream(client).destroyed;
}

function destroySocket(client: Client): void {
  stream(client).destroy();
}

function withoutUndefined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
