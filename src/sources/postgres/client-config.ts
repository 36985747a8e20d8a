// A URL and the PG* variables to the driver's configuration, by libpq's rules.
import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { didYouMean, messageOf, ReportError } from '../../core/errors.js';
import { MEBIBYTE, readSmallFileSync } from '../../core/small-file.js';

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** The parameters of a URL that we understand, each with the variable that means the same. */
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
/** The value of a parameter, or else of its variable; undefined when both are missing or empty. */
type ParameterLookup = (name: keyof typeof PARAMETERS) => string | undefined;

const DEFAULT_CONNECT_SECONDS = 10;
const KEEP_ALIVE_MS = 30_000;

export interface Server {
  /** `postgres://[user[:password]@][host[:port]][/database][?sslmode=…]`, with its secrets. */
  readonly url: string;
  /** The source's, for messages. */
  readonly label: string;
  /** The `PG*` variables of the environment. */
  readonly variables: Readonly<Record<string, string>>;
}

/** @throws ReportError `definition` for a URL, a parameter or a certificate's file that cannot be read */
export function clientConfig(server: Server): { config: ClientConfig; mode: SslMode } {
  const { label, variables } = server;
  const url = parseUrl(server);
  const parameter: ParameterLookup = (name) =>
    url.searchParams.get(name) || variables[PARAMETERS[name]] || undefined;
  const mode = sslMode(parameter('sslmode'), label);
  const host = url.searchParams.get('host') || decodedHost(url) || variables.PGHOST || '';
  const isUnixSocket = host.startsWith('/');
  return {
    mode,
    config: withoutUndefined({
      host: host || undefined,
      port: url.port === '' ? undefined : Number(url.port),
      user: decoded(url.username),
      password: decoded(url.password),
      database: decoded(url.pathname.replace(/^\//, '')),
      options: parameter('options'),
      application_name: parameter('application_name') ?? 'reportctl',
      ssl: isUnixSocket || mode === 'disable' ? false : tlsOptions(mode, parameter, label),
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      connectionTimeoutMillis: connectSeconds(parameter('connect_timeout')) * 1000,
    }),
  };
}

function parseUrl({ url: text, label }: Server): URL {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  // A password with an unescaped / ? or # ends up in the path, among the parameters or in the fragment.
  const isCut = parsed?.hash || `${parsed?.pathname}${parsed?.search}`.includes('@');
  const url = isCut ? undefined : parsed;
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
  return url;
}

function isDecodable({ username, password, hostname, pathname }: URL): boolean {
  try {
    [username, password, hostname, pathname].forEach(decodeURIComponent);
    return true;
  } catch {
    return false;
  }
}

function decoded(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part);
}

/** An IPv6 address loses its brackets. */
function decodedHost({ hostname }: URL): string {
  return decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1');
}

function connectSeconds(text: string | undefined): number {
  const seconds = Number(text ?? DEFAULT_CONNECT_SECONDS);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_CONNECT_SECONDS;
}

/** libpq's rule (PostgreSQL manual, 34.19): without a mode, TLS is used where the server offers it. */
function sslMode(value: string | undefined, label: string): SslMode {
  if (value === undefined || value === 'allow') return 'prefer';
  const mode = SSL_MODES.find((word) => word === value);
  if (mode === undefined)
    throw new ReportError('definition', `${label}: sslmode is "${value}"`, {
      hint: `${didYouMean(value, SSL_MODES)}.`,
    });
  return mode;
}

/** As in libpq, `require` verifies nothing unless a root certificate is given; then it means `verify-ca`. */
function tlsOptions(mode: SslMode, parameter: ParameterLookup, label: string): ConnectionOptions {
  const file = (name: 'sslrootcert' | 'sslcert' | 'sslkey') => {
    const path = parameter(name);
    if (path === undefined || path === 'system') return undefined;
    try {
      return readSmallFileSync(path, MEBIBYTE, 'pipes');
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

function withoutUndefined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
