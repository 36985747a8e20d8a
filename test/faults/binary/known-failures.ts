// Cases that are known to fail: they are printed and fail no test. Each is to be mended, and its line to go.
interface KnownFailure {
  /** Of the case. */
  readonly id: RegExp;
  readonly says: RegExp;
  readonly because: string;
}

export const KNOWN_FAILURES: readonly KnownFailure[] = [
  { id: /restart@/, says: /promises-\S+ is left/, because: 'a probe stays when the store goes away' },
];
