// The part of an error that may leave this process (notifications, records, traces): no secret, and a bounded length.
import { messageOf, ReportError } from './errors.js';
import { printable } from './foreign-text.js';

export interface Failure {
  /** An ErrorCode, or `interrupted`. */
  readonly code: string;
  readonly exitCode: number;
  /** One line. */
  readonly message: string;
  readonly hint: string | undefined;
  /** Can the same command succeed later with nothing changed? */
  readonly retryable: boolean | undefined;
}

const MAX_MESSAGE_LENGTH = 1000;

/** Of errors that are not ours only the class is disclosed, since their messages may hold a secret; the log has the rest. */
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

/** The text on one line, without control characters, cut to MAX_MESSAGE_LENGTH characters. */
export function bounded(text: string): string {
  const line = printable(text);
  // Cut by code points: half of a surrogate pair is not valid UTF-8.
  return line.length <= MAX_MESSAGE_LENGTH ? line : `${[...line].slice(0, MAX_MESSAGE_LENGTH - 1).join('')}…`;
}
