// The environment (and .env) to Config; the only reader of process.env; secrets cannot print.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { config as loadDotenv } from 'dotenv';
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

function hasAt(text: string): boolean {
  return /@|%40/i.test(text);
}

export interface Config {
  /** The URL of the source that reports call `name`. @throws ReportError `definition` when the variable is not set */
  source(name: string): SecretUrl;
  readonly destination: string;
  readonly queries: string;
  readonly logFormat: 'text' | 'json';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly noColor: boolean;
  readonly s3: S3Config;
  /** PostgreSQL's own variables (`PGHOST`, `PGSSLMODE`, …) but for the password, which the driver finds itself. */
  readonly postgres: Readonly<Record<string, string>>;
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
  /^(REPORTCTL_SOURCE_[A-Z0-9_]+|PGPASSWORD|AWS_ACCESS_KEY_ID|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN)_FILE$/;

/** Every variable of our own; `docs` tests hold the README to this list. */
export const VARIABLES = [
  'REPORTCTL_SOURCE_<NAME>',
  'REPORTCTL_DESTINATION',
  'REPORTCTL_QUERIES',
  'REPORTCTL_SSE',
  'REPORTCTL_KMS_KEY_ID',
  'REPORTCTL_S3_PATH_STYLE',
  'REPORTCTL_S3_PART_SIZE',
  'REPORTCTL_S3_ALLOW_HTTP',
  'REPORTCTL_LOG_FORMAT',
  'REPORTCTL_LOG_LEVEL',
] as const;

/** The name of the variable that holds the URL of a source. */
export function sourceVariable(name: string): string {
  return `REPORTCTL_SOURCE_${name.toUpperCase().replaceAll('-', '_')}`;
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
    destination: variable('REPORTCTL_DESTINATION') ?? './out',
    queries: variable('REPORTCTL_QUERIES') ?? './queries',
    logFormat:
      flags.logFormat === undefined
        ? oneOf('REPORTCTL_LOG_FORMAT', LOG_FORMATS, 'text')
        : allowed('--log-format', flags.logFormat, LOG_FORMATS),
    logLevel: oneOf('REPORTCTL_LOG_LEVEL', ['debug', 'info', 'warn', 'error'] as const, 'info'),
    noColor: variable('NO_COLOR') !== undefined,
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
  };
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
