// A URL, a service and the PG* variables to the driver's configuration, by libpq's rules.
import { userInfo } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { didYouMean, messageOf, ReportError } from '../../core/errors.js';
import { MEBIBYTE, readSmallFileSync } from '../../core/small-file.js';
import { PARAMETERS, type Parameter, readUrl } from './connection-url.js';
import { readService } from './service-file.js';

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof SSL_MODES)[number];

const CHANNEL_BINDINGS = ['disable', 'prefer', 'require'] as const;
type ChannelBinding = (typeof CHANNEL_BINDINGS)[number];

const SESSION_ATTRIBUTES = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
] as const;
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number];

/** The value of a parameter, else that of the service, else of its variable; undefined when all are missing or empty. */
type ParameterLookup = (name: Parameter) => string | undefined;

const DEFAULT_CONNECT_SECONDS = 10;
const KEEP_ALIVE_MS = 30_000;
/** Of libpq: more hosts than a person lists are a mistake. */
const MAX_HOSTS = 20;

export interface Server {
  /** `postgres://[user[:password]@][host[:port],…][/database][?sslmode=…]`, with its secrets. */
  readonly url: string;
  /** The source's, for messages. */
  readonly label: string;
  /** The `PG*` variables of the environment. */
  readonly variables: Readonly<Record<string, string>>;
}

export interface ConnectionPlan {
  /** One for each host, in the order in which they are tried. */
  readonly configs: readonly ClientConfig[];
  readonly mode: SslMode;
  readonly channelBinding: ChannelBinding;
  readonly attributes: SessionAttributes;
}

/** @throws ReportError `definition` for a URL, a parameter, a service or a certificate's file that cannot be read */
export function connectionPlan({ url, label, variables }: Server): ConnectionPlan {
  const { parameters } = readUrl(url, label);
  const service = parameters.service || variables.PGSERVICE;
  const ofService = service ? readService(service, label, variables) : {};
  const parameter: ParameterLookup = (name) => {
    const variable = PARAMETERS[name];
    return parameters[name] || ofService[name] || (variable && variables[variable]) || undefined;
  };
  const word = <W extends string>(name: Parameter, words: readonly W[], otherwise: W): W => {
    const value = parameter(name);
    const found = value === undefined ? otherwise : words.find((each) => each === value);
    if (found !== undefined) return found;
    throw new ReportError('definition', `${label}: ${name} is "${value}"`, {
      hint: `${didYouMean(value ?? '', words)}.`,
    });
  };
  // libpq's rule (PostgreSQL manual, 34.19): without a mode, TLS is used where the server offers it.
  const mode = parameter('sslmode') === 'allow' ? 'prefer' : word('sslmode', SSL_MODES, 'prefer');
  const channelBinding = word('channel_binding', CHANNEL_BINDINGS, 'prefer');
  if (word('gssencmode', ['disable', 'prefer', 'require'], 'prefer') === 'require')
    throw new ReportError('definition', `${label}: gssencmode is "require", and GSSAPI is not spoken here`, {
      hint: 'Leave it out, and write sslmode=verify-full for an encrypted connection.',
    });
  const shared = {
    // The driver takes USER, which cron does not set.
    user: parameter('user') ?? userOfSystem(label),
    password: parameter('password'),
    database: parameter('dbname'),
    options: parameter('options'),
    application_name: parameter('application_name') ?? 'reportctl',
    // The driver cannot bind to every kind of certificate, so that it does not try unasked.
    enableChannelBinding: (parameter('channel_binding') ?? 'disable') !== 'disable',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    connectionTimeoutMillis: connectSeconds(parameter('connect_timeout')) * 1000,
  };
  const tls = mode === 'disable' ? false : tlsOptions(mode, parameter, label);
  const configs = hostsOf(parameter, label).map(({ host, port }) =>
    withoutUndefined<ClientConfig>({ ...shared, host, port, ssl: host?.startsWith('/') ? false : tls }),
  );
  return {
    configs,
    mode,
    channelBinding,
    attributes: word('target_session_attrs', SESSION_ATTRIBUTES, 'any'),
  };
}

interface Host {
  readonly host: string | undefined;
  readonly port: number | undefined;
}

/** One port is that of all hosts, as in libpq. */
function hostsOf(parameter: ParameterLookup, label: string): readonly Host[] {
  const hosts = (parameter('host') ?? '').split(',');
  const ports = (parameter('port') ?? '').split(',');
  if (ports.length > 1 && ports.length !== hosts.length)
    throw new ReportError('definition', `${label}: ${hosts.length} hosts and ${ports.length} ports`, {
      hint: 'Give each host its port, or one port for all.',
    });
  if (hosts.length > MAX_HOSTS)
    throw new ReportError('definition', `${label}: ${hosts.length} hosts`, {
      hint: `Name ${MAX_HOSTS} at most.`,
    });
  return hosts.map((host, index) => {
    const port = ports[index] ?? ports[0] ?? '';
    if (!/^\d*$/.test(port) || Number(port) > 65_535)
      throw new ReportError('definition', `${label}: the port is "${port}"`, {
        hint: 'Give a number up to 65535.',
      });
    return { host: host || undefined, port: port === '' ? undefined : Number(port) };
  });
}

/** The user of the process, as libpq takes it; in a container it can be one without a name. */
function userOfSystem(label: string): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new ReportError(
      'definition',
      `${label}: no user is given, and the user of this process has no name`,
      {
        hint: 'Write it in the URL, postgres://user:password@host/database, or set PGUSER.',
        cause: error,
      },
    );
  }
}

function connectSeconds(text: string | undefined): number {
  const seconds = Number(text ?? DEFAULT_CONNECT_SECONDS);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_CONNECT_SECONDS;
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
