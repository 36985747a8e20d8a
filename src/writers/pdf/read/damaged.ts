// The error for a file that is not as the writer makes them.
import { ReportError } from '../../../core/errors.js';

/** @param message one line */
export function damaged(message: string, cause?: unknown): ReportError {
  return new ReportError('contract', message, { cause });
}

/** A piece of a file for a message. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
