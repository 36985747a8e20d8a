// The variables of the environment: their names, and which of them a scheduled job needs.
import { resolve } from 'node:path';
import { type Environment, isSecretVariable } from '../environment.js';
import { looksSecret } from '../secret-shapes.js';

/** Every variable of reportctl. test/docs.test.ts checks that docs/en/environment.md and its translation list each. */
export const VARIABLES = [
  'REPORTCTL_SOURCE_<NAME>',
  'REPORTCTL_TEST_SOURCE_<NAME>',
  'REPORTCTL_DESTINATION',
  'REPORTCTL_FILE_MODE',
  'REPORTCTL_QUERIES',
  'REPORTCTL_MAX_TEMPLATE_SIZE',
  'REPORTCTL_SSE',
  'REPORTCTL_KMS_KEY_ID',
  'REPORTCTL_S3_PATH_STYLE',
  'REPORTCTL_S3_PART_SIZE',
  'REPORTCTL_S3_ALLOW_HTTP',
  'REPORTCTL_LOCALE',
  'REPORTCTL_MASK_KEY',
  'REPORTCTL_JOBS',
  'REPORTCTL_RETRY_FOR',
  'REPORTCTL_DEADLINE',
  'REPORTCTL_IDLE_TIMEOUT',
  'REPORTCTL_LOG_FORMAT',
  'REPORTCTL_LOG_LEVEL',
  'REPORTCTL_WEBHOOK_URL',
  'REPORTCTL_WEBHOOK_FORMAT',
  'REPORTCTL_HEARTBEAT_URL',
  'REPORTCTL_METRICS_FILE',
] as const;

/** Variables of Node, libraries and the system that change what a job does. */
const SETTINGS_OF_OTHERS = [
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_CA_BUNDLE',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'AWS_MAX_ATTEMPTS',
  'AWS_RETRY_MODE',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_REQUEST_CHECKSUM_CALCULATION',
  'AWS_RESPONSE_CHECKSUM_VALIDATION',
  'PGHOST',
  'PGPORT',
  'PGUSER',
  'PGDATABASE',
  'PGAPPNAME',
  'PGCHANNELBINDING',
  'PGCONNECT_TIMEOUT',
  'PGGSSENCMODE',
  'PGPASSFILE',
  'PGSERVICE',
  'PGSERVICEFILE',
  'PGSSLMODE',
  'PGSSLROOTCERT',
  'PGSSLCERT',
  'PGSSLKEY',
  'PGSYSCONFDIR',
  'PGTARGETSESSIONATTRS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_OPTIONS',
  'NODE_USE_ENV_PROXY',
  'HTTP_PROXY',
  'http_proxy',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
];

/** Settings that are paths: a job has another working folder. */
const PATHS =
  /^(REPORTCTL_METRICS_FILE|AWS_(CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|CA_BUNDLE)|PG(PASSFILE|SERVICEFILE|SSLROOTCERT|SSLCERT|SSLKEY|SYSCONFDIR)|NODE_EXTRA_CA_CERTS)$/;

/** OpenTelemetry's SDK reads more than can be listed here. */
const OF_OPENTELEMETRY = /^OTEL_/;

/** Variables that a job needs and whose value is not to be shown. */
const SECRETS_OF_OTHERS = ['PGPASSWORD', 'PGOPTIONS'];

/** The schedule writes these itself. */
const WRITTEN_BY_SCHEDULE = [
  'REPORTCTL_DESTINATION',
  'REPORTCTL_QUERIES',
  'REPORTCTL_LOG_FORMAT',
  'REPORTCTL_DEADLINE',
];

/** May hold a long hexadecimal id, which is no secret. */
const IDS = ['REPORTCTL_KMS_KEY_ID'];

/** Where the variables are, and where relative paths in them start. */
interface JobEnvironment {
  readonly environment: Environment;
  readonly cwd: string;
}

interface JobVariables {
  /** Settings with their values. */
  readonly settings: Readonly<Record<string, string>>;
  /** Secret variables, each with the path of the file that holds it where `…_FILE` is set. */
  readonly secrets: Readonly<Record<string, string | undefined>>;
  /** Settings whose value looks like a secret and which cannot be given as `…_FILE`. */
  readonly withheld: readonly string[];
}

/**
 * The variables that a scheduled job needs to run as this process would. A value is returned only for a variable that is
 * named above as a setting, and only when it does not look like a secret. Relative paths become absolute.
 * @param sources the names that reports use
 */
export function variablesOfJob(
  { environment, cwd }: JobEnvironment,
  sources: readonly string[],
): JobVariables {
  // A secret's file can be missing here.
  const isSet = (name: string) =>
    environment.get(name) !== undefined ||
    (isSecretVariable(name) && environment.get(`${name}_FILE`) !== undefined);
  const ofOpentelemetry = environment
    .names()
    .filter((name) => OF_OPENTELEMETRY.test(name))
    .map((name) => name.replace(/_HEADERS_FILE$/, '_HEADERS'));
  const all = [...new Set([...VARIABLES, ...SETTINGS_OF_OTHERS, ...ofOpentelemetry.sort()])].filter(
    (name) => isSet(name) && !WRITTEN_BY_SCHEDULE.includes(name),
  );
  // A password is easily put into PGPASSFILE by mistake.
  const isSecretName = (name: string) => /^REPORTCTL_.*_(URL|KEY)$|_HEADERS$|^PGPASSFILE$/.test(name);
  const isPlain = (name: string) =>
    !isSecretName(name) && (IDS.includes(name) || !looksSecret(environment.get(name) ?? ''));
  const hidden = all.filter((name) => !isPlain(name));
  // Access keys with a session token expire, so a job cannot use them.
  const keys = isSet('AWS_SESSION_TOKEN') ? [] : ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  const secrets = [
    ...new Set(sources.map(sourceVariable)),
    ...hidden.filter(isSecretVariable),
    ...[...SECRETS_OF_OTHERS, ...keys].filter(isSet),
  ];
  const spelled = (name: string) => {
    const value = environment.get(name) ?? '';
    return PATHS.test(name) && value !== 'system' ? resolve(cwd, value) : value;
  };
  return {
    settings: Object.fromEntries(all.filter(isPlain).map((name) => [name, spelled(name)])),
    secrets: Object.fromEntries(secrets.map((name) => [name, fileOf({ environment, cwd }, name)])),
    withheld: hidden.filter((name) => !isSecretVariable(name)),
  };
}

/** The settings of a job that are absolute paths, which its sandbox has to let it read. */
export function pathsAmong(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    PATHS.test(name) && value.startsWith('/') ? value : [],
  );
}

/** The path in `…_FILE`; undefined when it looks like the secret itself, set in the wrong variable. */
function fileOf({ environment, cwd }: JobEnvironment, name: string): string | undefined {
  const path = environment.get(`${name}_FILE`);
  return path === undefined || looksSecret(path) ? undefined : resolve(cwd, path);
}

/** The name of the variable that holds the URL of a source. */
export function sourceVariable(name: string): string {
  return `REPORTCTL_SOURCE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The name of the variable that holds the URL that tests read in place of the source. */
export function testSourceVariable(name: string): string {
  return sourceVariable(name).replace('_SOURCE_', '_TEST_SOURCE_');
}
