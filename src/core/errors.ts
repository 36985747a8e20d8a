// The one error class: what we were doing, what was wrong, what to do; thrown where that is known, printed once.

/** What failed, and with it the exit code (DESIGN.md, "Exit codes"). */
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
  'already-running': 75,
  /** Whoever read our stdout has enough: we stop, and nothing is wrong. */
  'reader-gone': 0,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

export interface ErrorDetails {
  /** What to do or run next: one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** For `source` and `destination`: can the same command succeed later with nothing changed? */
  readonly retryable?: boolean;
}

/** An error that a user can act on. Its message is one line and holds no secret. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retryable = details.retryable;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

/** The reason of an abort signal: the work was ended from outside. */
export class Interrupted extends Error {
  readonly exitCode: number;

  /** @param exitCode of a process signal: 128 plus its number, as shells have it */
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What a process ends with that ends with this error. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ReportError || error instanceof Interrupted ? error.exitCode : 1;
}

/** The text of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s*[\r\n]+\s*/g, ' ').trim();
}

/** The same error, with what else there is to know of it. */
export function withMessageSuffix(error: unknown, addition: string): ReportError {
  const { code, hint, retryable } = error instanceof ReportError ? error : new ReportError('unexpected', '');
  return new ReportError(code, `${messageOf(error)}; ${addition}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(retryable === undefined ? {} : { retryable }),
    cause: error,
  });
}

/** The whole of what to tell a user, on one line: the message, the hint, and whether trying again can help. */
export function errorSentence(error: unknown): string {
  if (!(error instanceof ReportError)) return messageOf(error);
  const again = { true: 'Trying again can help', false: 'Trying again will not help', undefined: undefined }[
    `${error.retryable}`
  ];
  return [messageOf(error), error.hint, again]
    .filter((part) => part !== undefined && part !== '')
    .map((part) => `${part}`.replace(/(?<!\.)\.\s*$/, ''))
    .map((part, index) => (index === 0 ? part : `${part[0]?.toUpperCase()}${part.slice(1)}`))
    .join('. ')
    .concat('.');
}

/** The word among `allowed` that is nearest to a misspelt one, as a sentence, else the whole list. */
export function didYouMean(word: string, allowed: readonly string[]): string {
  const ranked = allowed
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  const list = allowed.length === 0 ? 'there are none' : `allowed: ${allowed.join(', ')}`;
  return best && best.distance <= Math.max(1, word.length / 3)
    ? `did you mean "${best.candidate}"? (${list})`
    : list;
}

/** Over UTF-16 units: insertions, deletions, substitutions, and two neighbours that changed places (optimal string alignment). */
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
