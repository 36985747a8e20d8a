// A connection URI as libpq reads it (PostgreSQL manual, 34.1.1.2), with what the URLs of hosting providers add to it.
import { didYouMean, ReportError } from '../../core/errors.js';

/** The parameters that we understand, each with the variable that means the same. */
export const PARAMETERS = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: undefined,
  dbname: 'PGDATABASE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
  channel_binding: 'PGCHANNELBINDING',
  gssencmode: 'PGGSSENCMODE',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  service: 'PGSERVICE',
} as const;
export type Parameter = keyof typeof PARAMETERS;

/** Parameters of other programs in the URLs that providers show. They say nothing about the connection itself. */
const IGNORED = ['pgbouncer', 'connection_limit', 'pool_timeout', 'statement_cache_size'];

/** Words of other programs, and what does the same here. */
const REPLACED = new Map([
  ['ssl', 'Write sslmode in its place.'],
  ['schema', 'Write options=-csearch_path%3D<schema> in its place.'],
  ['currentSchema', 'Write options=-csearch_path%3D<schema> in its place.'],
]);

/** What a URL says; parts that it leaves out are missing. */
export interface ConnectionUrl {
  readonly parameters: Readonly<Partial<Record<Parameter, string>>>;
  /** `name=value` of the parameters that other programs need. */
  readonly ignored: readonly string[];
}

/**
 * @param text `postgres://[user[:password]@][host[:port],…][/database][?name=value&…]`
 * @param label the source's, for messages, which never hold the URL
 * @throws ReportError `definition` for a URL or a parameter that cannot be read
 */
export function readUrl(text: string, label: string): ConnectionUrl {
  const parts = /^postgres(?:ql)?:\/\/(?:([^/?#@]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(text);
  const [, login = '', authority = '', path = '', search = ''] = parts ?? [];
  // A password with an unescaped / ? or # ends up in the path, among the parameters or in the fragment.
  const isCut = parts === null || `${path}${search}`.includes('@');
  const hosts = isCut ? undefined : hostsOf(authority);
  const [user, ...password] = login.split(':');
  const own = isCut ? undefined : decodedAll([user ?? '', password.join(':'), path]);
  if (hosts === undefined || own === undefined) {
    throw new ReportError('definition', `${label}: the URL cannot be read`, {
      hint: 'It is postgres://user:password@host:port/database; spell @ : / ? # % in a password as %40 %3A %2F %3F %23 %25.',
    });
  }
  const given: Record<string, string> = {};
  const ignored: string[] = [];
  for (const [name, value] of new URLSearchParams(search)) {
    if (IGNORED.includes(name)) ignored.push(`${name}=${value}`);
    else Object.assign(given, understood(name, value, label));
  }
  const named = { ...hosts, user: own[0], password: own[1], dbname: own[2] };
  // A parameter wins over the part of the URL that means the same, as in libpq.
  const parameters = Object.fromEntries(Object.entries({ ...named, ...given }).filter(([, value]) => value));
  return { parameters, ignored };
}

/** @throws ReportError `definition` for a parameter that is unknown */
function understood(name: string, value: string, label: string): Readonly<Record<string, string>> {
  // As in libpq, for the URLs of JDBC.
  if (name === 'ssl' && value === 'true') return { sslmode: 'require' };
  if (Object.hasOwn(PARAMETERS, name)) return { [name]: value };
  throw new ReportError('definition', `${label}: unknown parameter "${name}"`, {
    hint: REPLACED.get(name) ?? `${didYouMean(name, Object.keys(PARAMETERS))}.`,
  });
}

/** Hosts and ports as lists with commas; undefined for an authority that cannot be read. */
function hostsOf(authority: string): { host: string; port: string } | undefined {
  if (authority === '') return { host: '', port: '' };
  const entries = authority.split(',').map((entry) => /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(entry));
  const hosts = decodedAll(entries.map((entry) => entry?.[1] ?? ''));
  if (hosts === undefined || entries.includes(null)) return undefined;
  const ports = entries.map((entry) => entry?.[2] ?? '');
  return {
    // An IPv6 address loses its brackets.
    host: hosts.map((host) => host.replace(/^\[(.*)\]$/, '$1')).join(','),
    port: ports.every((port) => port === '') ? '' : ports.join(','),
  };
}

/** Undefined when one of them has a `%` that is no escape. */
function decodedAll(parts: readonly string[]): readonly string[] | undefined {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
