// The errors of publishing that callers recognise: of a key that is taken or has changed, and of a file that is visible all the same.
import type { VisibleFile } from './effect.js';
import { messageOf, ReportError } from './errors.js';

// Not Node's EEXIST: mkdir() throws that too, for a path that leads through a file.
const TAKEN = 'KEY_TAKEN';
const CHANGED = 'KEY_CHANGED';
const VISIBLE = 'FILE_VISIBLE';
const UNKNOWN = 'OUTCOME_UNKNOWN';

/** Whose file has the key, where that is known. */
export interface Owner {
  /** `a file of report "p"` */
  readonly file: string;
  /** What to do about it: one sentence. */
  readonly hint: string;
}

/** The error of publishing with `existing: 'never'` when the key is taken. */
export function alreadyExists(location: string, cause: unknown, owner?: Owner): ReportError {
  const whose = owner === undefined ? '' : `: it is ${owner.file}`;
  const hint = owner?.hint ?? 'Choose another name, or move the file away.';
  return new ReportError('destination', `${location} already exists${whose}`, {
    hint: `Nothing was overwritten. ${hint}`,
    cause: Object.assign(new Error('the key is taken', { cause }), { code: TAKEN }),
    retryable: false,
  });
}

/** The error of a file that has another version now, or is gone. @param undone what was not done with it */
export function changed(location: string, undone: 'replaced' | 'copied', cause?: unknown): ReportError {
  return new ReportError(
    'destination',
    `${location} changed since it was looked at, so it was not ${undone}`,
    {
      hint: 'See who else writes it; nothing was overwritten.',
      cause: Object.assign(new Error('the key has another version', { cause }), { code: CHANGED }),
      retryable: false,
    },
  );
}

/** The error of a key that is taken or has changed, where another look helps. @param error of the key. @param meanwhile what happened */
export function overtaken(error: ReportError, meanwhile: string): ReportError {
  return new ReportError('destination', `${error.message}: ${meanwhile}`, {
    hint: 'Nothing was overwritten. Run the same command again.',
    cause: error.cause,
    retryable: true,
  });
}

/** The error with a hint at the option that replaces the file, if publishing failed only because the key is taken. */
export function withOverwriteHint(error: unknown): unknown {
  if (!(error instanceof ReportError && isAlreadyExists(error))) return error;
  return new ReportError(error.code, error.message, {
    hint: 'Nothing was overwritten. Choose another name, or replace the file with --overwrite.',
    cause: error.cause,
    retryable: false,
  });
}

/** Whether publishing failed only because the key is taken (`existing: 'never'`). */
export function isAlreadyExists(error: unknown): boolean {
  return codeOf(error) === TAKEN;
}

/** Whether publishing or copying failed only because the file is no longer the version that was asked for. */
export function isChanged(error: unknown): boolean {
  return codeOf(error) === CHANGED;
}

/** The error of a file that is visible, though a later step of publishing failed. */
export function visibleAllTheSame(error: ReportError, file: VisibleFile): ReportError {
  return new ReportError('destination', `${file.location} is visible, but ${messageOf(error)}`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.retryable === undefined ? {} : { retryable: error.retryable }),
    cause: Object.assign(new Error('the file is visible', { cause: error }), { code: VISIBLE, file }),
  });
}

/** The file that is visible although publishing failed; undefined for every other error. */
export function visibleFileOf(error: unknown): VisibleFile | undefined {
  if (codeOf(error) !== VISIBLE) return undefined;
  return (error as { readonly cause: { readonly file: VisibleFile } }).cause.file;
}

/** The error of publishing when it could not be found out whether the file is visible. @param cause what failed */
export function outcomeUnknown(message: string, cause: unknown): ReportError {
  return new ReportError('destination', message, {
    hint: 'Look whether it is there before you run this again.',
    cause: Object.assign(new Error('the outcome is unknown', { cause }), { code: UNKNOWN }),
    retryable: true,
  });
}

/** Whether the file that publishing failed with may be visible. */
export function isOutcomeUnknown(error: unknown): boolean {
  return codeOf(error) === UNKNOWN;
}

function codeOf(error: unknown): unknown {
  return error instanceof ReportError ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
}
