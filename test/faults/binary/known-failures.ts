// Cases that are known to fail: they are printed and fail no test. Each is to be mended, and its line to go.
interface KnownFailure {
  /** Of the case. */
  readonly id: RegExp;
  readonly says: RegExp;
  readonly because: string;
}

export const KNOWN_FAILURES: readonly KnownFailure[] = [
  {
    id: /restart@/,
    says: /is running the same report/,
    because: 'the second attempt meets the lease of the first',
  },
  {
    id: /restart@/,
    says: /promises-\S+ is left/,
    because: 'a probe of the store stays when the store goes away',
  },
  {
    id: /\/(term|int|quit)@/,
    says: /recorded, but the exit code says/,
    because: 'interrupted behind the run record',
  },
  { id: /@/, says: /the pending note is left/, because: 'a failed run leaves its note' },
  { id: /^folder/, says: /\.tmp is left/, because: 'a temporary file stays when its removal fails once' },
  {
    id: /^folder/,
    says: /something is visible, and it does not say so/,
    because: 'a replaced file whose folder cannot be flushed',
  },
  {
    id: /\/stop-/,
    says: /history\S* differs/,
    because: 'a frozen run that wakes up copies a newer file into the history',
  },
];
