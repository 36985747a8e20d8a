// The one error class: what we were doing, what was wrong, what to do next. Thrown where that is known, printed once.
import { cut, MAX_LINE, MAX_QUOTED, quotable } from './foreign-text.js';

/** What failed, and with it the exit code (docs/en/exit-codes.md). */
export const EXIT_CODES = {
  unexpected: 1,
  usage: 2,
  definition: 2,
  contract: 3,
  gate: 3,
  source: 4,
  destination: 5,
  partial: 6,
  'not-ready': 7,
  /** Of `check`: a run would work, but something cannot be promised. */
  unsafe: 8,
  'already-running': 75,
  /** The reader of our stdout closed it, as `head` does: we stop, and nothing is wrong. */
  'reader-gone': 0,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

export interface ErrorDetails {
  /** What to do or run next: one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** The message without what we were doing, for a caller that says what it was doing itself. */
  readonly reason?: string;
  /** For `source` and `destination`: can the same command succeed later with nothing changed? */
  readonly retryable?: boolean;
}

/** An error that a user can act on. Its message is one line and holds no secret. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean | undefined;
  readonly #reason: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(cut(message, MAX_LINE), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint && cut(details.hint, MAX_LINE);
    this.#reason = details.reason && cut(details.reason, MAX_LINE);
    this.retryable = details.retryable;
  }

  /** What was wrong, without what we were doing; the whole message where the two were not told apart. */
  get reason(): string {
    return this.#reason ?? this.message;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

/** The reason of an abort signal: the work was stopped from outside. */
export class Interrupted extends Error {
  readonly exitCode: number;

  /** @param exitCode 128 plus the number of the process signal, as in shells */
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The exit code of a process that fails with this error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ReportError || error instanceof Interrupted ? error.exitCode : 1;
}

/** Is there no room on the disk or in the quota now? */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(`${(error as NodeJS.ErrnoException | null)?.code}`);
}

/** The message of anything that was thrown, on one line; of errors that are not ours no more than MAX_QUOTED characters. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? `${error.message || error.name}` : textOf(error);
  return quotable(text, error instanceof ReportError ? MAX_LINE : MAX_QUOTED);
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    // An object without a prototype.
    return typeof thrown;
  }
}

/** The same error with more text at the end of its message, after a semicolon. */
export function withMessageSuffix(error: unknown, suffix: string): ReportError {
  const { code, hint, retryable } = error instanceof ReportError ? error : new ReportError('unexpected', '');
  return new ReportError(code, `${messageOf(error)}; ${suffix}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(retryable === undefined ? {} : { retryable }),
    cause: error,
  });
}

/** What to print for a user, on one line: the message, the hint, and whether trying again can help. */
export function errorSentence(error: unknown): string {
  if (!(error instanceof ReportError)) return messageOf(error);
  const retry = { true: 'Trying again can help', false: 'Trying again will not help', undefined: undefined }[
    `${error.retryable}`
  ];
  return [messageOf(error), error.hint, retry]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => withoutPeriod(`${part}`.trimEnd()))
    .map((part, index) =>
      index === 0 || isCommand(part) ? part : `${part[0]?.toUpperCase()}${part.slice(1)}`,
    )
    .join('. ')
    .concat('.');
}

/** Whether a sentence begins with what is typed, which has no capital letter. */
function isCommand(text: string): boolean {
  return text.startsWith('reportctl ');
}

/** Keeps an ellipsis. */
function withoutPeriod(text: string): string {
  return text.endsWith('.') && !text.endsWith('..') ? text.slice(0, -1) : text;
}

/** How many of the allowed words a hint lists. */
const MAX_LISTED = 60;
/** UTF-16 units. Longer words have no neighbours; comparing them takes a time that is quadratic in their length. */
const LONGEST_WORD = 200;

/** Half a sentence for a hint: the allowed word nearest to a misspelt one, if any is near, and all that are allowed. */
export function didYouMean(word: string, allowed: readonly string[]): string {
  const nearest = nearestWord(word, allowed);
  const more = allowed.length > MAX_LISTED ? `, and ${allowed.length - MAX_LISTED} more` : '';
  const list =
    allowed.length === 0 ? 'there are none' : `allowed: ${allowed.slice(0, MAX_LISTED).join(', ')}${more}`;
  return nearest === undefined ? list : `did you mean "${nearest}"? (${list})`;
}

/** The allowed word nearest to a misspelt one; undefined when more than a third of its letters are different. */
export function nearestWord(word: string, allowed: readonly string[]): string | undefined {
  if (word.length > LONGEST_WORD) return undefined;
  const ranked = allowed
    .filter((candidate) => candidate.length <= LONGEST_WORD)
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  // A word in which every letter is different is another word: "1" is not near "o".
  const limit = Math.min(Math.max(1, word.length / 3), word.length - 1);
  return best && best.distance <= limit ? best.candidate : undefined;
}

/** Optimal string alignment over UTF-16 units: insertions, deletions, substitutions, and swapped neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwapped ? (before[j - 2] ?? 0) + 1 : substitution;
      current.push(Math.min(substitution, swap, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
