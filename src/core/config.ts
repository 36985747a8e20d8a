// The environment (and .env) to Config; the only reader of process.env; secrets cannot print.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { config as loadDotenv } from 'dotenv';
import { DURATION_FORM, parseDuration } from './duration.js';
import { didYouMean, messageOf, ReportError } from './errors.js';

/** A URL that may hold a password: every way of printing it shows it without. */
export class SecretUrl {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The whole URL, for the driver alone. */
  reveal(): string {
    return this.#url;
  }

  /**
   * Scheme, host and path. Nothing of a URL that does not parse, or with an `@` after its host: then an unescaped `/`, `?`
   * or `#` cut the password in two, and a part of it looks like a port.
   */
  toString(): string {
    const scheme = /^[a-z0-9+.-]+:/i.exec(this.#url)?.[0] ?? '';
    if (!this.#url.startsWith(`${scheme}//`)) {
      return scheme === '' || hasAt(this.#url) ? `${scheme}…` : this.#url.replace(/[?#].*$/s, '');
    }
    const url = URL.canParse(this.#url) ? new URL(this.#url) : undefined;
    return url === undefined || hasAt(url.pathname + url.search + url.hash)
      ? `${scheme}//…`
      : `${scheme}//${url.host}${url.pathname}`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A URL whose path is the secret, as webhooks have it: every way of printing it shows scheme and host alone. */
export class SecretEndpoint extends SecretUrl {
  override toString(): string {
    const { protocol, host } = new URL(this.reveal());
    return `${protocol}//${host}`;
  }
}

function hasAt(text: string): boolean {
  return /@|%40/i.test(text);
}

export interface Config {
  /** The URL of the source that reports call `name`. @throws ReportError `definition` when the variable is not set */
  source(name: string): SecretUrl;
  /** The URL of what tests read in place of the source, where it is set. */
  testSource(name: string): SecretUrl | undefined;
  /** The names of the sources that have a URL, in lower case, sorted. */
  readonly sources: readonly string[];
  readonly destination: string;
  readonly queries: string;
  readonly logFormat: 'text' | 'json';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly noColor: boolean;
  readonly s3: S3Config;
  /** How many reports run at once. */
  readonly jobs: number;
  /** Milliseconds in which a failed report is tried again. */
  readonly retryFor: number;
  /** PostgreSQL's own variables (`PGHOST`, `PGSSLMODE`, …) but for the password, which the driver finds itself. */
  readonly postgres: Readonly<Record<string, string>>;
  readonly notify: NotifyConfig;
  readonly tracing: TracingConfig;
}

/** Who hears of a run. */
export interface NotifyConfig {
  readonly webhook: { readonly url: SecretEndpoint; readonly format: 'slack' | 'json' } | undefined;
  readonly heartbeat: SecretEndpoint | undefined;
  /** A path. */
  readonly metricsFile: string | undefined;
}

/** OpenTelemetry's own variables, as far as they decide whether there is a trace; its SDK reads the others. */
export interface TracingConfig {
  readonly disabled: boolean;
  /** Is there an endpoint to export to? */
  readonly requested: boolean;
  /** The W3C trace context that this run is a part of. */
  readonly parent: string | undefined;
}

interface S3Config {
  readonly pathStyle: boolean;
  /** Bytes. */
  readonly partSize: number;
  readonly encryption: 'AES256' | 'aws:kms' | 'none';
  readonly kmsKeyId?: string;
  readonly allowHttp: boolean;
}

/** Variables that may be given as `<NAME>_FILE`, the path of a file that holds the value. */
const SECRETS =
  /^(REPORTCTL_(?:TEST_)?SOURCE_[A-Z0-9_]+|REPORTCTL_(?:WEBHOOK|HEARTBEAT)_URL|PGPASSWORD|AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|OTEL_EXPORTER_OTLP_(?:TRACES_)?HEADERS)_FILE$/;

/** Every variable of our own; `docs` tests hold the README to this list. */
export const VARIABLES = [
  'REPORTCTL_SOURCE_<NAME>',
  'REPORTCTL_TEST_SOURCE_<NAME>',
  'REPORTCTL_DESTINATION',
  'REPORTCTL_QUERIES',
  'REPORTCTL_SSE',
  'REPORTCTL_KMS_KEY_ID',
  'REPORTCTL_S3_PATH_STYLE',
  'REPORTCTL_S3_PART_SIZE',
  'REPORTCTL_S3_ALLOW_HTTP',
  'REPORTCTL_JOBS',
  'REPORTCTL_RETRY_FOR',
  'REPORTCTL_LOG_FORMAT',
  'REPORTCTL_LOG_LEVEL',
  'REPORTCTL_WEBHOOK_URL',
  'REPORTCTL_WEBHOOK_FORMAT',
  'REPORTCTL_HEARTBEAT_URL',
  'REPORTCTL_METRICS_FILE',
] as const;

/** Of other programs: what a job needs that runs as this one would. `PG*` come besides. */
const SETTINGS_OF_OTHERS = [
  'AWS_REGION',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL_S3',
  'AWS_REQUEST_CHECKSUM_CALCULATION',
  'AWS_RESPONSE_CHECKSUM_VALIDATION',
];

/** What a schedule says itself. */
const SCHEDULED = ['REPORTCTL_DESTINATION', 'REPORTCTL_QUERIES', 'REPORTCTL_LOG_FORMAT'];

/**
 * What a job must be given to run as this process would, after loadConfig(): settings with their values, and secrets by
 * name alone, with the files that hold them where `…_FILE` says so.
 * @param sources as the reports call them
 */
export function takenAlong(sources: readonly string[]): {
  readonly settings: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string | undefined>>;
} {
  const isSecret = (name: string) => SECRETS.test(`${name}_FILE`) || /^REPORTCTL_.*_URL$/.test(name);
  const isSet = (name: string) => variable(name) !== undefined;
  const others = [
    ...SETTINGS_OF_OTHERS,
    ...Object.keys(process.env).filter((name) => /^PG[A-Z]+$/.test(name)),
  ];
  const all = [...VARIABLES, ...others].filter((name) => isSet(name) && !SCHEDULED.includes(name));
  // Keys that come with a session's token are of today only.
  const keys = isSet('AWS_SESSION_TOKEN') ? [] : ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].filter(isSet);
  const secrets = [...new Set(sources.map(sourceVariable)), ...all.filter(isSecret), ...keys];
  return {
    settings: Object.fromEntries(
      all.filter((name) => !isSecret(name)).map((name) => [name, variable(name) ?? '']),
    ),
    secrets: Object.fromEntries(secrets.map((name) => [name, variable(`${name}_FILE`)])),
  };
}

/** The name of the variable that holds the URL of a source. */
export function sourceVariable(name: string): string {
  return `REPORTCTL_SOURCE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The name of the variable that holds the URL of what tests read in its place. */
export function testSourceVariable(name: string): string {
  return sourceVariable(name).replace('_SOURCE_', '_TEST_SOURCE_');
}

/**
 * Reads `.env` of the working directory (a real variable wins), the `…_FILE` secrets, and every setting.
 * @throws ReportError `usage` for a value that is not allowed or a secret's file that cannot be read.
 */
export function loadConfig(flags: { readonly logFormat?: string | undefined } = {}): Config {
  const { error } = loadDotenv({ quiet: true });
  // That there is none is usual; one that cannot be read would leave settings out in silence.
  if (error !== undefined && error.code !== 'ENOENT') {
    throw new ReportError('usage', `reading .env: ${messageOf(error)}`, { cause: error });
  }
  // The SDK's seven lines about Node 20 would go to the stderr of every run.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  readSecretFiles();
  const kmsKeyId = variable('REPORTCTL_KMS_KEY_ID');
  const encryption = oneOf(
    'REPORTCTL_SSE',
    ['AES256', 'aws:kms', 'none'] as const,
    kmsKeyId === undefined ? 'AES256' : 'aws:kms',
  );
  if (kmsKeyId !== undefined && encryption !== 'aws:kms') {
    throw new ReportError('usage', `REPORTCTL_KMS_KEY_ID is set but REPORTCTL_SSE is ${encryption}`, {
      hint: 'Set REPORTCTL_SSE=aws:kms, or unset the key.',
    });
  }
  return {
    source(name) {
      const url = variable(sourceVariable(name));
      if (url === undefined) {
        throw new ReportError('definition', `source "${name}": ${sourceVariable(name)} is not set`, {
          hint: `${otherSources(name)}Set it to a URL such as postgres://user:password@host/database ("postgres://" alone takes PGHOST, PGUSER, …), or embedded:fixtures/${name}.sql.`,
        });
      }
      return new SecretUrl(url);
    },
    testSource(name) {
      const url = variable(testSourceVariable(name));
      return url === undefined ? undefined : new SecretUrl(url);
    },
    sources: Object.keys(process.env)
      .filter((name) => variable(name) !== undefined && !name.endsWith('_FILE'))
      .flatMap((name) => /^REPORTCTL_SOURCE_([A-Z0-9_]+)$/.exec(name)?.[1]?.toLowerCase() ?? [])
      .sort(),
    destination: variable('REPORTCTL_DESTINATION') ?? './out',
    queries: variable('REPORTCTL_QUERIES') ?? './queries',
    logFormat:
      flags.logFormat === undefined
        ? oneOf('REPORTCTL_LOG_FORMAT', LOG_FORMATS, 'text')
        : allowed('--log-format', flags.logFormat, LOG_FORMATS),
    logLevel: oneOf('REPORTCTL_LOG_LEVEL', ['debug', 'info', 'warn', 'error'] as const, 'info'),
    noColor: variable('NO_COLOR') !== undefined,
    jobs: atOnce('REPORTCTL_JOBS', variable('REPORTCTL_JOBS') ?? '2'),
    retryFor: duration('REPORTCTL_RETRY_FOR', variable('REPORTCTL_RETRY_FOR') ?? '15m'),
    postgres: Object.fromEntries(
      Object.entries(process.env).filter(
        (entry): entry is [string, string] =>
          entry[0].startsWith('PG') && entry[0] !== 'PGPASSWORD' && Boolean(entry[1]),
      ),
    ),
    s3: {
      pathStyle: flag('REPORTCTL_S3_PATH_STYLE'),
      partSize: byteSize('REPORTCTL_S3_PART_SIZE', 16 * MIB),
      encryption,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      allowHttp: flag('REPORTCTL_S3_ALLOW_HTTP'),
    },
    notify: notifyConfig(),
    tracing: {
      disabled: variable('OTEL_SDK_DISABLED')?.toLowerCase() === 'true',
      requested:
        variable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== undefined ||
        variable('OTEL_EXPORTER_OTLP_ENDPOINT') !== undefined,
      parent: variable('TRACEPARENT'),
    },
  };
}

function notifyConfig(): NotifyConfig {
  const url = endpoint('REPORTCTL_WEBHOOK_URL');
  const format = oneOf('REPORTCTL_WEBHOOK_FORMAT', ['slack', 'json'] as const, 'slack');
  return {
    webhook: url && { url, format },
    heartbeat: endpoint('REPORTCTL_HEARTBEAT_URL'),
    metricsFile: variable('REPORTCTL_METRICS_FILE'),
  };
}

/** @throws ReportError `usage`, without the value, which may be the secret itself */
function endpoint(name: string): SecretEndpoint | undefined {
  const value = variable(name)?.trim();
  if (value === undefined) return undefined;
  if (/^https?:\/\//i.test(value) && URL.canParse(value)) return new SecretEndpoint(value);
  throw new ReportError('usage', `${name} is not a URL`, {
    hint: 'Give one that begins with https:// or http://.',
  });
}

const MIB = 1024 * 1024;
const LOG_FORMATS = ['text', 'json'] as const;

/** The variable as it stands, for an error that came before there was a Config. */
export function logFormatVariable(): string | undefined {
  return variable('REPORTCTL_LOG_FORMAT');
}

/** For a name that is only misspelt, in the report or in the environment. */
function otherSources(name: string): string {
  const others = Object.keys(process.env).flatMap(
    (each) => /^REPORTCTL_SOURCE_(\w+?)(?:_FILE)?$/.exec(each)?.[1] ?? [],
  );
  const nearest = didYouMean(
    name,
    others.map((each) => each.toLowerCase().replaceAll('_', '-')),
  );
  const [, meant] = /^did you mean ("[^"]*")/.exec(nearest) ?? [];
  return meant === undefined ? '' : `Did you mean the source ${meant}? Else: `;
}

/** An empty variable counts as not set, as cron files and compose files write them. */
function variable(name: string): string | undefined {
  return process.env[name] || undefined;
}

function oneOf<T extends string>(name: string, words: readonly T[], fallback: NoInfer<T>): T {
  const value = variable(name);
  return value === undefined ? fallback : allowed(name, value, words);
}

function allowed<T extends string>(name: string, value: string, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new ReportError('usage', `${name} is "${value}"`, { hint: `${didYouMean(value, words)}.` });
}

function flag(name: string): boolean {
  return oneOf(name, ['true', 'false'] as const, 'false') === 'true';
}

/** How many at once. @param name of the variable or flag, for the message. @throws ReportError `usage` */
export function atOnce(name: string, value: string): number {
  if (/^[1-9]\d?$/.test(value)) return Number(value);
  throw new ReportError('usage', `${name} is "${value}"`, { hint: 'Give a whole number from 1 to 99.' });
}

/** Milliseconds. @param name of the variable or flag, for the message. @throws ReportError `usage` */
export function duration(name: string, value: string): number {
  const milliseconds = parseDuration(value);
  if (milliseconds !== undefined) return milliseconds;
  throw new ReportError('usage', `${name} is "${value}"`, { hint: `Give ${DURATION_FORM}, or 0.` });
}

/** Bytes, or a number with KiB, MiB or GiB. S3 takes parts of 5 MiB to 5 GiB. */
function byteSize(name: string, fallback: number): number {
  const value = variable(name);
  if (value === undefined) return fallback;
  const match = /^(\d+)\s*(KiB|MiB|GiB)?$/i.exec(value);
  const factor = { kib: 1024, mib: MIB, gib: 1024 * MIB }[match?.[2]?.toLowerCase() ?? ''] ?? 1;
  const bytes = Number(match?.[1]) * factor;
  if (!match || bytes < 5 * MIB || bytes > 5 * 1024 * MIB) {
    throw new ReportError('usage', `${name} is "${value}"`, {
      hint: 'Give 5 MiB to 5 GiB, for example 16MiB.',
    });
  }
  return bytes;
}

function readSecretFiles(): void {
  for (const [name, path] of Object.entries(process.env)) {
    const target = SECRETS.exec(name)?.[1];
    if (target === undefined || !path || process.env[target]) continue;
    try {
      process.env[target] = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      // Without the path, which may be the secret itself in the wrong variable.
      throw new ReportError('usage', `reading the file that ${name} names failed (${codeOf(error)})`, {
        hint: `Give the path of a file that holds the value, or set ${target}.`,
        cause: error,
      });
    }
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? messageOf(error);
}
