// The settings of a run, read from the variables of the environment and validated.
import { resolve } from 'node:path';
import { DURATION_FORM, parseDuration } from './duration.js';
import {
  completeVariables,
  type Environment,
  environmentOf,
  isSecretVariable,
  type Variables,
} from './environment.js';
import { didYouMean, ReportError } from './errors.js';
import { SecretEndpoint, SecretUrl } from './secret-url.js';

export interface Config {
  /** The folder that relative paths start at. */
  readonly cwd: string;
  readonly environment: Environment;
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
  /** An absolute path. */
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
  readonly environment: Environment;
}

/** Every variable of reportctl. test/docs.test.ts checks that docs/en/environment.md and its translation list each. */
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
 * The variables that a scheduled job needs to run as this process would: settings with their values, and secrets by
 * name alone, with the files that hold them where `…_FILE` is set.
 * @param sources as the reports call them
 */
export function variablesOfJob(
  environment: Environment,
  sources: readonly string[],
): {
  readonly settings: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string | undefined>>;
} {
  const isSecret = (name: string) => isSecretVariable(name) || /^REPORTCTL_.*_URL$/.test(name);
  const variable = (name: string) => environment.get(name);
  const isSet = (name: string) => variable(name) !== undefined;
  const others = [...SETTINGS_OF_OTHERS, ...environment.names().filter((name) => /^PG[A-Z]+$/.test(name))];
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

export interface ConfigOptions {
  /** Completed in place: see completeVariables(). */
  readonly env: Variables;
  readonly cwd: string;
  /** As the command line has it. */
  readonly logFormat?: string | undefined;
}

/**
 * Completes the variables with `.env` and with secrets' files, and reads every setting.
 * @throws ReportError `usage` for a value that is not allowed, or a file that cannot be read
 */
export function loadConfig({ env, cwd, logFormat }: ConfigOptions): Config {
  completeVariables(env, cwd);
  const environment = environmentOf(env);
  const { get: variable } = environment;
  const kmsKeyId = variable('REPORTCTL_KMS_KEY_ID');
  const encryption = oneOf(
    environment,
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
    cwd,
    environment,
    source(name) {
      const url = variable(sourceVariable(name));
      if (url === undefined) {
        throw new ReportError('definition', `source "${name}": ${sourceVariable(name)} is not set`, {
          hint: `${otherSources(environment, name)}Set it to a URL such as postgres://user:password@host/database ("postgres://" alone takes PGHOST, PGUSER, …), or embedded:fixtures/${name}.sql.`,
        });
      }
      return new SecretUrl(url);
    },
    testSource(name) {
      const url = variable(testSourceVariable(name));
      return url === undefined ? undefined : new SecretUrl(url);
    },
    sources: environment
      .names()
      .filter((name) => !name.endsWith('_FILE'))
      .flatMap((name) => /^REPORTCTL_SOURCE_([A-Z0-9_]+)$/.exec(name)?.[1]?.toLowerCase() ?? [])
      .sort(),
    destination: variable('REPORTCTL_DESTINATION') ?? './out',
    queries: variable('REPORTCTL_QUERIES') ?? './queries',
    logFormat:
      logFormat === undefined
        ? oneOf(environment, 'REPORTCTL_LOG_FORMAT', LOG_FORMATS, 'text')
        : allowed('--log-format', logFormat, LOG_FORMATS),
    logLevel: oneOf(environment, 'REPORTCTL_LOG_LEVEL', ['debug', 'info', 'warn', 'error'] as const, 'info'),
    noColor: variable('NO_COLOR') !== undefined,
    jobs: parseConcurrency('REPORTCTL_JOBS', variable('REPORTCTL_JOBS') ?? '2'),
    retryFor: duration('REPORTCTL_RETRY_FOR', variable('REPORTCTL_RETRY_FOR') ?? '15m'),
    postgres: Object.fromEntries(
      environment
        .names()
        .filter((name) => name.startsWith('PG') && name !== 'PGPASSWORD')
        .map((name) => [name, variable(name) ?? '']),
    ),
    s3: {
      pathStyle: flag(environment, 'REPORTCTL_S3_PATH_STYLE'),
      partSize: byteSize(environment, 'REPORTCTL_S3_PART_SIZE', 16 * MIB),
      encryption,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      allowHttp: flag(environment, 'REPORTCTL_S3_ALLOW_HTTP'),
      environment,
    },
    notify: notifyConfig(environment, cwd),
    tracing: {
      disabled: variable('OTEL_SDK_DISABLED')?.toLowerCase() === 'true',
      requested:
        variable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== undefined ||
        variable('OTEL_EXPORTER_OTLP_ENDPOINT') !== undefined,
      parent: variable('TRACEPARENT'),
    },
  };
}

function notifyConfig(environment: Environment, cwd: string): NotifyConfig {
  const metricsFile = environment.get('REPORTCTL_METRICS_FILE');
  const url = endpoint(environment, 'REPORTCTL_WEBHOOK_URL');
  const format = oneOf(environment, 'REPORTCTL_WEBHOOK_FORMAT', ['slack', 'json'] as const, 'slack');
  return {
    webhook: url && { url, format },
    heartbeat: endpoint(environment, 'REPORTCTL_HEARTBEAT_URL'),
    metricsFile: metricsFile === undefined ? undefined : resolve(cwd, metricsFile),
  };
}

/** @throws ReportError `usage`, without the value, which may be the secret itself */
function endpoint(environment: Environment, name: string): SecretEndpoint | undefined {
  const value = environment.get(name)?.trim();
  if (value === undefined) return undefined;
  if (/^https?:\/\//i.test(value) && URL.canParse(value)) return new SecretEndpoint(value);
  throw new ReportError('usage', `${name} is not a URL`, {
    hint: 'Give one that begins with https:// or http://.',
  });
}

const MIB = 1024 * 1024;
const LOG_FORMATS = ['text', 'json'] as const;

/** For a name that is only misspelt, in the report or in the environment. */
function otherSources(environment: Environment, name: string): string {
  const others = environment
    .names()
    .flatMap((each) => /^REPORTCTL_SOURCE_(\w+?)(?:_FILE)?$/.exec(each)?.[1] ?? []);
  const nearest = didYouMean(
    name,
    others.map((each) => each.toLowerCase().replaceAll('_', '-')),
  );
  const [, meant] = /^did you mean ("[^"]*")/.exec(nearest) ?? [];
  return meant === undefined ? '' : `Did you mean the source ${meant}? Else: `;
}

function oneOf<T extends string>(
  environment: Environment,
  name: string,
  words: readonly T[],
  fallback: NoInfer<T>,
): T {
  const value = environment.get(name);
  return value === undefined ? fallback : allowed(name, value, words);
}

function allowed<T extends string>(name: string, value: string, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new ReportError('usage', `${name} is "${value}"`, { hint: `${didYouMean(value, words)}.` });
}

function flag(environment: Environment, name: string): boolean {
  return oneOf(environment, name, ['true', 'false'] as const, 'false') === 'true';
}

/** How many at once. @param name of the variable or flag, for the message. @throws ReportError `usage` */
export function parseConcurrency(name: string, value: string): number {
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
function byteSize(environment: Environment, name: string, fallback: number): number {
  const value = environment.get(name);
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
