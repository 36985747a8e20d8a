// Errors that the machine, its limits or the size of what was read cause: told on one line, without the stack of a bug.
import { messageOf, ReportError } from './errors.js';

const REINSTALL = 'A file of the program cannot be found: install it again.';

/** By Node's code. */
const HINTS: Readonly<Record<string, string>> = {
  EMFILE: 'Raise the limit of open files (ulimit -n).',
  ENFILE: 'The system has too many open files.',
  ENOMEM: 'Give it more memory.',
  EAGAIN: 'Raise the limit of processes (ulimit -u).',
  ENOSPC: 'Free some space.',
  EDQUOT: 'Free some space.',
  EACCES: 'Give the user that runs this the right to it.',
  EPERM: 'Give the user that runs this the right to it.',
  ERR_MODULE_NOT_FOUND: REINSTALL,
  ERR_WORKER_OUT_OF_MEMORY: 'Give it more memory.',
  ERR_MEMORY_ALLOCATION_FAILED: 'Give it more memory.',
  ERR_STRING_TOO_LONG: 'A value is too large: leave its column out, or filter the rows.',
  ERR_BUFFER_TOO_LARGE: 'A value is too large: leave its column out, or filter the rows.',
};

/** What V8 throws, without a code, when a value or a nesting is beyond what it can hold. */
const LIMITS: readonly [pattern: RegExp, hint: string][] = [
  [/^Maximum call stack size exceeded/, 'Something that was read is nested too deeply.'],
  [
    /^(?:Invalid (?:string|array|array buffer|typed array) length|Array buffer allocation failed|Cannot create a (?:string|Buffer) l|(?:Map|Set|BigInt|Maximum BigInt) .*exceeded)/,
    'A value is too large: leave its column out, or filter the rows.',
  ],
];

/** The error as a ReportError when a user or a host can cause it; undefined for a bug, and for what is a ReportError already. */
export function hostFailure(error: unknown): ReportError | undefined {
  if (!(error instanceof Error) || error instanceof ReportError) return undefined;
  const { code, syscall } = error as NodeJS.ErrnoException;
  const limit =
    error instanceof RangeError ? LIMITS.find(([pattern]) => pattern.test(error.message)) : undefined;
  const hint = limit?.[1] ?? (code === undefined ? undefined : HINTS[code]);
  if (hint === undefined && !(typeof syscall === 'string' && /^E[A-Z0-9]+$/.test(code ?? '')))
    return undefined;
  return new ReportError('unexpected', messageOf(error), {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}
