// The settings of a run, read from the variables of the environment and validated.
import { resolve } from 'node:path';
import {
  allowed,
  endpoint,
  fileMode,
  flag,
  MIB,
  oneOf,
  parseConcurrency,
  parseMilliseconds,
  partSize,
  sizeOf,
} from './config/values.js';
import { sourceVariable, testSourceVariable } from './config/variables.js';
import { completeVariables, type Environment, environmentOf, type Variables } from './environment.js';
import { nearestWord, ReportError } from './errors.js';
import { LOCALES, type Locale } from './format.js';
import { hasLogin } from './secret-shapes.js';
import { type SecretEndpoint, SecretUrl } from './secret-url.js';

export interface Config {
  /** Relative paths start in this folder. */
  readonly cwd: string;
  readonly environment: Environment;
  /** The URL of the source that reports call `name`. @throws ReportError `definition` when the variable is not set */
  source(name: string): SecretUrl;
  /** The URL that tests read in place of the source, where it is set. */
  testSource(name: string): SecretUrl | undefined;
  /** The names of the sources that have a URL, in lower case, sorted. */
  readonly sources: readonly string[];
  readonly destination: string;
  /** The mode of new files in a folder, before the umask takes its bits away. */
  readonly fileMode: number;
  readonly queries: string;
  /** Bytes that the parts of a template may have, inflated; undefined for the default. */
  readonly maxTemplateSize: number | undefined;
  readonly logFormat: 'text' | 'json';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly noColor: boolean;
  /** Of exports whose command line and report name none. */
  readonly locale: Locale | undefined;
  readonly s3: S3Config;
  /** The number of reports that run at the same time. */
  readonly jobs: number;
  /** Milliseconds during which a failed report is retried. */
  readonly retryFor: number;
  /** Milliseconds without a byte after which a source counts as lost; undefined: never. */
  readonly idleTimeoutMs: number | undefined;
  /** When a run ends at the latest, as core/deadline.ts reads it. */
  readonly deadline: string;
  /** PostgreSQL's own variables (`PGHOST`, `PGSSLMODE`, …) without the password, which the driver reads itself. */
  readonly postgres: Readonly<Record<string, string>>;
  readonly notify: NotifyConfig;
  readonly tracing: TracingConfig;
}

/** Where to send notifications of a run. */
/** The words of REPORTCTL_WEBHOOK_FORMAT; `BODIES` in jobs/notify/bodies.ts has the form of each. */
const WEBHOOK_FORMATS = ['slack', 'json'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

export interface NotifyConfig {
  readonly webhook: { readonly url: SecretEndpoint; readonly format: WebhookFormat } | undefined;
  readonly heartbeat: SecretEndpoint | undefined;
  /** An absolute path. */
  readonly metricsFile: string | undefined;
}

/** The variables of OpenTelemetry that decide whether to trace; its SDK reads the others itself. */
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

export interface ConfigOptions {
  /** Completed in place: see completeVariables(). */
  readonly env: Variables;
  readonly cwd: string;
  /** The value of --log-format. */
  readonly logFormat?: string | undefined;
  /** As in CompleteOptions. */
  readonly withoutSecrets?: boolean;
}

/**
 * Completes the variables with `.env` and with secrets' files, and reads every setting.
 * @throws ReportError `usage` for a value that is not allowed, or a file that cannot be read
 */
export function loadConfig({ env, cwd, logFormat, withoutSecrets = false }: ConfigOptions): Config {
  completeVariables(env, cwd, { withoutSecrets });
  const environment = environmentOf(env);
  const { get: variable } = environment;
  return {
    cwd,
    environment,
    source: (name) => sourceUrl(environment, name),
    testSource(name) {
      const url = variable(testSourceVariable(name));
      return url === undefined ? undefined : new SecretUrl(url);
    },
    sources: environment
      .names()
      .filter((name) => !name.endsWith('_FILE'))
      .flatMap((name) => /^REPORTCTL_SOURCE_([A-Z0-9_]+)$/.exec(name)?.[1]?.toLowerCase() ?? [])
      .sort(),
    destination: destinationOf(environment),
    fileMode: fileMode(environment, 'REPORTCTL_FILE_MODE'),
    queries: variable('REPORTCTL_QUERIES') ?? './queries',
    maxTemplateSize: sizeOf(environment, 'REPORTCTL_MAX_TEMPLATE_SIZE', { from: MIB, to: 2048 * MIB }),
    logFormat:
      logFormat === undefined
        ? oneOf(environment, 'REPORTCTL_LOG_FORMAT', LOG_FORMATS, 'text')
        : allowed('--log-format', logFormat, LOG_FORMATS),
    logLevel: oneOf(environment, 'REPORTCTL_LOG_LEVEL', ['debug', 'info', 'warn', 'error'] as const, 'info'),
    noColor: variable('NO_COLOR') !== undefined || variable('TERM') === 'dumb',
    locale: localeOf(environment),
    jobs: parseConcurrency('REPORTCTL_JOBS', variable('REPORTCTL_JOBS') ?? '2'),
    retryFor: parseMilliseconds('REPORTCTL_RETRY_FOR', variable('REPORTCTL_RETRY_FOR') ?? '15m'),
    idleTimeoutMs: parseIdleTimeout(variable('REPORTCTL_IDLE_TIMEOUT') ?? '10m'),
    deadline: variable('REPORTCTL_DEADLINE') ?? '6h',
    postgres: Object.fromEntries(
      environment
        .names()
        .filter((name) => name.startsWith('PG') && name !== 'PGPASSWORD')
        .map((name) => [name, variable(name) ?? '']),
    ),
    s3: s3Config(environment),
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

/** @throws ReportError `usage` */
function localeOf(environment: Environment): Locale | undefined {
  const value = environment.get('REPORTCTL_LOCALE');
  return value === undefined ? undefined : allowed('REPORTCTL_LOCALE', value, LOCALES);
}

/** @throws ReportError `usage`, without the value, for a login in it, since every message names the destination */
function destinationOf(environment: Environment): string {
  const value = environment.get('REPORTCTL_DESTINATION') ?? './out';
  if (!hasLogin(value)) return value;
  throw new ReportError('usage', 'REPORTCTL_DESTINATION holds a user, a password or a token', {
    hint: 'Write s3://bucket/prefix, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE.',
  });
}

/** Milliseconds; undefined for `none` and 0. @throws ReportError `usage` */
function parseIdleTimeout(value: string): number | undefined {
  return value === 'none' ? undefined : parseMilliseconds('REPORTCTL_IDLE_TIMEOUT', value) || undefined;
}

const LOG_FORMATS = ['text', 'json'] as const;

function sourceUrl(environment: Environment, name: string): SecretUrl {
  const url = environment.get(sourceVariable(name));
  if (url !== undefined) return new SecretUrl(url);
  const similar = similarSource(environment, name);
  const question = similar === undefined ? '' : `Did you mean the source "${similar}"? Else: `;
  throw new ReportError('definition', `source "${name}": ${sourceVariable(name)} is not set`, {
    hint: `${question}Set it to a URL such as postgres://user:password@host/database ("postgres://" alone takes PGHOST, PGUSER, …), or embedded:fixtures/${name}.sql.`,
  });
}

/** The source with a URL whose name is nearest, since a name can be misspelt in the report or in the environment. */
function similarSource(environment: Environment, name: string): string | undefined {
  const others = environment
    .names()
    .flatMap((variable) => /^REPORTCTL_SOURCE_(\w+?)(?:_FILE)?$/.exec(variable)?.[1] ?? [])
    .map((source) => source.toLowerCase().replaceAll('_', '-'));
  return nearestWord(name, others);
}

function s3Config(environment: Environment): S3Config {
  const kmsKeyId = environment.get('REPORTCTL_KMS_KEY_ID');
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
    pathStyle: flag(environment, 'REPORTCTL_S3_PATH_STYLE'),
    partSize: partSize(environment, 'REPORTCTL_S3_PART_SIZE', 16 * MIB),
    encryption,
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    allowHttp: flag(environment, 'REPORTCTL_S3_ALLOW_HTTP'),
    environment,
  };
}

function notifyConfig(environment: Environment, cwd: string): NotifyConfig {
  const metricsFile = environment.get('REPORTCTL_METRICS_FILE');
  const url = endpoint(environment, 'REPORTCTL_WEBHOOK_URL');
  const format = oneOf(environment, 'REPORTCTL_WEBHOOK_FORMAT', WEBHOOK_FORMATS, 'slack');
  return {
    webhook: url && { url, format },
    heartbeat: endpoint(environment, 'REPORTCTL_HEARTBEAT_URL'),
    metricsFile: metricsFile === undefined ? undefined : resolve(cwd, metricsFile),
  };
}
