// The variables that a process was given, completed from `.env` and from the files that hold secrets.
import { isUtf8 } from 'node:buffer';
import { join, resolve } from 'node:path';
import { config as loadDotenv } from 'dotenv';
import { messageOf, ReportError } from './errors.js';
import { MEBIBYTE, readSmallFileSync } from './small-file.js';

/** Variables that may be given as `<NAME>_FILE`, the path of a file that holds the value. */
const SECRET_FILES =
  /^(REPORTCTL_(?:TEST_)?SOURCE_[A-Z0-9_]+|REPORTCTL_(?:WEBHOOK_URL|HEARTBEAT_URL|MASK_KEY)|PG(?:PASSWORD|OPTIONS)|AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|ENDPOINT_URL_S3)|OTEL_EXPORTER_OTLP_(?:TRACES_)?HEADERS)_FILE$/;

/** Variables by name, such as `process.env`. */
export type Variables = Record<string, string | undefined>;

export interface Environment {
  /** The value of a variable. An empty variable counts as not set, as cron files and compose files write them. */
  get(name: string): string | undefined;
  /** The names of the variables that are set. */
  names(): string[];
}

export function environmentOf(variables: Readonly<Variables>): Environment {
  return {
    get: (name) => variables[name] || undefined,
    names: () => Object.keys(variables).filter((name) => Boolean(variables[name])),
  };
}

export interface CompleteOptions {
  /** Whether a secret's file that cannot be read is left out, by who needs its name only. */
  readonly withoutSecrets?: boolean;
}

/**
 * Adds to `variables` what `.env` of the folder `cwd` sets (a real variable wins) and the contents of the files that
 * `…_FILE` variables name. They are added in place: the program passes `process.env`, which the AWS SDK, pg and
 * OpenTelemetry's SDK read themselves; every other caller passes an object of its own.
 * @throws ReportError `usage` when `.env` or a secret's file cannot be read
 */
export function completeVariables(
  variables: Variables,
  cwd: string,
  { withoutSecrets = false }: CompleteOptions = {},
): void {
  const { error } = loadDotenv({
    quiet: true,
    path: join(cwd, '.env'),
    processEnv: variables as NodeJS.ProcessEnv,
  });
  // A missing file is usual; ignoring an unreadable one would leave settings out unnoticed.
  if (error !== undefined && error.code !== 'ENOENT') {
    throw new ReportError('usage', `reading .env: ${messageOf(error)}`, {
      hint: 'Make it a file of lines NAME=value that this user may read, or remove it.',
      cause: error,
    });
  }
  // Without it the AWS SDK prints seven lines about Node 20 to stderr at every run.
  variables.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  for (const [name, path] of Object.entries(variables)) {
    const target = SECRET_FILES.exec(name)?.[1];
    if (target === undefined || !path || variables[target]) continue;
    try {
      variables[target] = secretOf(name, target, path, cwd);
    } catch (error) {
      if (!withoutSecrets) throw error;
    }
  }
}

/** Whether a variable may be given as `<name>_FILE`. */
export function isSecretVariable(name: string): boolean {
  return SECRET_FILES.test(`${name}_FILE`);
}

function secretOf(name: string, target: string, path: string, cwd: string): string {
  try {
    return textOf(readSmallFileSync(resolve(cwd, path), MEBIBYTE, 'pipes')).replace(/\r?\n$/, '');
  } catch (error) {
    // The message leaves out the path: it may be the secret itself, set in the wrong variable.
    const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    throw new ReportError('usage', `reading the file that ${name} names failed (${code})`, {
      hint: `Give the path of a file that holds the value, or set ${target}.`,
      cause: error,
    });
  }
}

/** Without a byte order mark. @throws Error for what is no UTF-8, such as what PowerShell's > writes */
function textOf(bytes: Buffer): string {
  const text = isUtf8(bytes) ? new TextDecoder().decode(bytes) : '\0';
  if (text.includes('\0')) throw new Error('it is no UTF-8 text');
  return text;
}
