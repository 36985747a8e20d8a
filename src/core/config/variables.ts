// The variables of the environment: their names, and which of them a scheduled job needs.
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

/** Variables of other programs that a job needs as well. `client-config.ts` of PostgreSQL and its driver read these. */
const SETTINGS_OF_OTHERS = [
  'AWS_REGION',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL_S3',
  'AWS_REQUEST_CHECKSUM_CALCULATION',
  'AWS_RESPONSE_CHECKSUM_VALIDATION',
  'PGHOST',
  'PGPORT',
  'PGUSER',
  'PGDATABASE',
  'PGAPPNAME',
  'PGCONNECT_TIMEOUT',
  'PGSSLMODE',
  'PGSSLROOTCERT',
  'PGSSLCERT',
  'PGSSLKEY',
];

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
 * named above as a setting, and only when it does not look like a secret.
 * @param sources the names that reports use
 */
export function variablesOfJob(environment: Environment, sources: readonly string[]): JobVariables {
  const isSet = (name: string) => environment.get(name) !== undefined;
  const all = [...VARIABLES, ...SETTINGS_OF_OTHERS].filter(
    (name) => isSet(name) && !WRITTEN_BY_SCHEDULE.includes(name),
  );
  const isSecretName = (name: string) => /^REPORTCTL_.*_URL$/.test(name);
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
  return {
    settings: Object.fromEntries(all.filter(isPlain).map((name) => [name, environment.get(name) ?? ''])),
    secrets: Object.fromEntries(secrets.map((name) => [name, fileOf(environment, name)])),
    withheld: hidden.filter((name) => !isSecretVariable(name)),
  };
}

/** The path in `…_FILE`; undefined when it looks like the secret itself, set in the wrong variable. */
function fileOf(environment: Environment, name: string): string | undefined {
  const path = environment.get(`${name}_FILE`);
  return path === undefined || looksSecret(path) ? undefined : path;
}

/** The name of the variable that holds the URL of a source. */
export function sourceVariable(name: string): string {
  return `REPORTCTL_SOURCE_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The name of the variable that holds the URL that tests read in place of the source. */
export function testSourceVariable(name: string): string {
  return sourceVariable(name).replace('_SOURCE_', '_TEST_SOURCE_');
}
