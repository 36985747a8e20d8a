// The variables of the environment: their names, and which of them a scheduled job needs.
import { type Environment, isSecretVariable } from '../environment.js';

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

/** Variables of other programs that a job needs as well, besides PG*. */
const SETTINGS_OF_OTHERS = [
  'AWS_REGION',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL_S3',
  'AWS_REQUEST_CHECKSUM_CALCULATION',
  'AWS_RESPONSE_CHECKSUM_VALIDATION',
];

/** The schedule writes these itself. */
const WRITTEN_BY_SCHEDULE = ['REPORTCTL_DESTINATION', 'REPORTCTL_QUERIES', 'REPORTCTL_LOG_FORMAT'];

/**
 * The variables that a scheduled job needs to run as this process would: settings with their values; of secrets only the
 * names, each with the path of the file that holds it where `…_FILE` is set.
 * @param sources the names that reports use
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
  const all = [...VARIABLES, ...others].filter((name) => isSet(name) && !WRITTEN_BY_SCHEDULE.includes(name));
  // Access keys with a session token expire, so a job cannot use them.
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

/** The name of the variable that holds the URL that tests read in place of the source. */
export function testSourceVariable(name: string): string {
  return sourceVariable(name).replace('_SOURCE_', '_TEST_SOURCE_');
}
