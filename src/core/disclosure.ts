// What may be told to others of why something failed: never a secret, never longer than fits into a message.
import { messageOf, ReportError } from './errors.js';
import { printable } from './log.js';

export interface Failure {
  /** A word of ErrorCode, or `interrupted`. */
  readonly code: string;
  readonly exitCode: number;
  /** One line. */
  readonly message: string;
  readonly hint: string | undefined;
  /** Can the same command succeed later with nothing changed? */
  readonly retryable: boolean | undefined;
}

/** Characters of a message; what is longer is cut. */
const LONGEST = 1000;

/** Only our own messages are known to hold no secret: of any other error its kind is told, and the log has the rest. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ReportError) {
    const { code, exitCode, hint, retryable } = error;
    return { code, exitCode, message: bounded(messageOf(error)), hint: hint && bounded(hint), retryable };
  }
  const exitCode = (error as { readonly exitCode?: unknown } | null)?.exitCode;
  if (error instanceof Error && typeof exitCode === 'number' && exitCode > 128) {
    const message = bounded(messageOf(error));
    return { code: 'interrupted', exitCode, message, hint: undefined, retryable: true };
  }
  const kind = error instanceof Error ? error.name : typeof error;
  return {
    code: 'unexpected',
    exitCode: 1,
    message: `unexpected error (${bounded(kind)})`,
    hint: "The job's own log has the details.",
    retryable: undefined,
  };
}

/** On one line, without control characters, and cut where it is too long. */
export function bounded(text: string): string {
  const line = printable(text);
  // By characters: half of a surrogate pair would be no valid UTF-8.
  return line.length <= LONGEST ? line : `${[...line].slice(0, LONGEST - 1).join('')}…`;
}
