// Reads single settings: a variable or a flag to a checked value.
import { DURATION_FORM, parseDuration } from '../duration.js';
import type { Environment } from '../environment.js';
import { didYouMean, ReportError } from '../errors.js';
import { looksSecret } from '../secret-shapes.js';
import { SecretEndpoint } from '../secret-url.js';

export const MIB = 1024 * 1024;

/** Of new files in a folder: others than the owner and the group cannot read them. */
export const DEFAULT_FILE_MODE = 0o640;

/** The value of a variable, which has to be one of the words. @throws ReportError `usage` */
export function oneOf<T extends string>(
  environment: Environment,
  name: string,
  words: readonly T[],
  fallback: NoInfer<T>,
): T {
  const value = environment.get(name);
  return value === undefined ? fallback : allowed(name, value, words);
}

/** The value, typed. @param name of the variable or flag, for the message. @throws ReportError `usage` */
export function allowed<T extends string>(name: string, value: string, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new ReportError('usage', wrongValue(name, value), { hint: `${didYouMean(value, words)}.` });
}

/** A variable that is `true` or `false`, by default false. @throws ReportError `usage` */
export function flag(environment: Environment, name: string): boolean {
  return oneOf(environment, name, ['true', 'false'] as const, 'false') === 'true';
}

/** From 1 to 99. @param name of the variable or flag, for the message. @throws ReportError `usage` */
export function parseConcurrency(name: string, value: string): number {
  if (/^[1-9]\d?$/.test(value)) return Number(value);
  throw new ReportError('usage', wrongValue(name, value), { hint: 'Give a whole number from 1 to 99.' });
}

/** Milliseconds. @param name of the variable or flag, for the message. @throws ReportError `usage` */
export function parseMilliseconds(name: string, value: string): number {
  const milliseconds = parseDuration(value);
  if (milliseconds !== undefined) return milliseconds;
  throw new ReportError('usage', wrongValue(name, value), { hint: `Give ${DURATION_FORM}, or 0.` });
}

/**
 * A number of bytes, or of KiB, MiB or GiB, from 5 MiB to 5 GiB: the size of a part in S3.
 * @param fallback bytes
 * @throws ReportError `usage`
 */
export function partSize(environment: Environment, name: string, fallback: number): number {
  return sizeOf(environment, name, { from: 5 * MIB, to: 5 * 1024 * MIB }) ?? fallback;
}

/** Bytes, in the forms of partSize(); undefined where the variable is not set. @throws ReportError `usage` */
export function sizeOf(
  environment: Environment,
  name: string,
  { from, to }: { readonly from: number; readonly to: number },
): number | undefined {
  const value = environment.get(name);
  if (value === undefined) return undefined;
  const match = /^(\d+)\s*(KiB|MiB|GiB)?$/i.exec(value);
  const factor = { kib: 1024, mib: MIB, gib: 1024 * MIB }[match?.[2]?.toLowerCase() ?? ''] ?? 1;
  const bytes = Number(match?.[1]) * factor;
  if (!match || bytes < from || bytes > to) {
    throw new ReportError('usage', wrongValue(name, value), {
      hint: `Give ${spelledSize(from)} to ${spelledSize(to)}, for example 16MiB.`,
    });
  }
  return bytes;
}

function spelledSize(bytes: number): string {
  return bytes < 1024 * MIB ? `${bytes / MIB} MiB` : `${bytes / MIB / 1024} GiB`;
}

/**
 * The mode of new files, in octal digits, before the umask takes its bits away.
 * @throws ReportError `usage` for another form, and for a mode with which the owner could not read the file, or files could run
 */
export function fileMode(environment: Environment, name: string): number {
  const value = environment.get(name);
  if (value === undefined) return DEFAULT_FILE_MODE;
  if (/^(?:0o?)?[46][0246][0246]$/.test(value)) return Number.parseInt(value.replace(/^0o?/, ''), 8);
  throw new ReportError('usage', wrongValue(name, value), {
    hint: 'Give the rights to read (4) and write (2) in octal digits, such as 0640 or 0644; the owner reads.',
  });
}

/** A URL of http or https. @throws ReportError `usage`, without the value, which may itself be a secret */
export function endpoint(environment: Environment, name: string): SecretEndpoint | undefined {
  const value = environment.get(name)?.trim();
  if (value === undefined) return undefined;
  if (/^https?:\/\//i.test(value) && URL.canParse(value)) return new SecretEndpoint(value);
  throw new ReportError('usage', `${name} is not a URL`, {
    hint: 'Give one that begins with https:// or http://.',
  });
}

/** What was wrong, for a message; without the value when it looks like a secret that was set in the wrong variable. */
function wrongValue(name: string, value: string): string {
  return `${name} is "${looksSecret(value) ? '…' : value}"`;
}
