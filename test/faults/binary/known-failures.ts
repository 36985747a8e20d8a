// Cases that are known to fail: they are printed and fail no test. Each is to be mended, and its line to go.
interface KnownFailure {
  /** Of the case. */
  readonly id: RegExp;
  readonly says: RegExp;
  readonly because: string;
}

export const KNOWN_FAILURES: readonly KnownFailure[] = [
  { id: /restart@/, says: /promises-\S+ is left/, because: 'a probe stays when the store goes away' },
  { id: /@/, says: /the pending note is left/, because: 'a run that published nothing leaves its note' },
  {
    id: /after-EIO@/,
    says: /the lease is left/,
    because: 'a lease that was written, and whose answer was lost, stays',
  },
  {
    id: /@/,
    says: /recorded, but the exit code says[\s\S]*could not look at/,
    because: 'comparing the files after the run record fails',
  },
];
