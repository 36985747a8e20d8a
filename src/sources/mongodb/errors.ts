// Makes a ReportError of an error of MongoDB, its driver or the network: one line, a hint, and whether a retry can help.
import { messageOf, ReportError } from '../../core/errors.js';

interface MongoError {
  readonly name?: string;
  readonly code?: number | string;
  readonly codeName?: string;
}

/** Codes of errors that a retry may overcome (mongodb/mongo, src/mongo/base/error_codes.yml), by why. */
const RETRYABLE = new Set([
  // The network between the servers: HostUnreachable, HostNotFound, NetworkTimeout, PooledConnectionsDropped,
  // NetworkInterfaceExceededTimeLimit, ConnectionError, PooledConnectionAcquisitionExceededTimeLimit, SocketException.
  6, 7, 89, 145, 202, 384, 407, 9001,
  // A server stops, starts, or is not primary: ShutdownInProgress, NotYetInitialized, FailedToSatisfyReadPreference,
  // ReadConcernMajorityNotAvailableYet, PrimarySteppedDown, ElectionInProgress, NotWritablePrimary, InterruptedAtShutdown,
  // InterruptedDueToReplStateChange, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary.
  91,
  94, 133, 134, 189, 216, 10107, 11600, 11602, 13435, 13436,
  // The cursor or its snapshot is lost: CursorNotFound, CappedPositionLost, QueryPlanKilled, CursorKilled, SnapshotTooOld,
  // SnapshotUnavailable, ObjectIsBusy, InterruptedDueToStorageChange.
  43,
  136, 175, 237, 239, 246, 314, 355,
  // The routing changes: StaleShardVersion, StaleEpoch, StaleDbVersion, StaleChunkHistory, MigrationConflict,
  // ShardCannotRefreshDueToLocksHeld, StaleConfig.
  63, 150, 249, 250, 272, 343, 13388,
  // The server is busy: LockTimeout, LockBusy, MaxTimeMSExpired, WriteConflict, ConflictingOperationInProgress,
  // ExceededTimeLimit, TooManyFilesOpen, TemporarilyUnavailable, ResourceExhausted, AdmissionQueueOverflow, RateLimitExceeded,
  // OutOfDiskSpace, and the one with which Azure Cosmos DB limits the rate.
  24,
  46, 50, 112, 117, 262, 264, 365, 402, 433, 449, 14031,
  16500,
  // Not Interrupted (11601): an operator killed the query, and meant it.
]);

/** Patterns for the text `<code name> <code> <message>`. */
const HINTS: readonly [pattern: RegExp, hint: string][] = [
  [
    /^AuthenticationFailed|^\S* (18|8000) |auth(?:(?!auth).)*fail/i,
    'Check the user and the password in the REPORTCTL_SOURCE_… variable; a user of another database needs ?authSource=admin.',
  ],
  [/requires authentication/, 'Put the user and the password into the REPORTCTL_SOURCE_… variable.'],
  [/^Unauthorized|^\S* 13 /, 'Grant the role "read" on the database to the user of this source.'],
  [/ECONNREFUSED/, 'Check the host and the port, and that the server runs.'],
  [/ENOTFOUND|EAI_AGAIN|ENODATA/, 'Check the name of the host.'],
  [/CERT|certificate|SIGNATURE|ISSUER|alert/i, 'Check tlsCAFile in the URL and the name of the host.'],
  [/^CursorNotFound|^\S* 43 /, 'The server forgot the cursor: it was killed, or the server restarted.'],
  [
    /timed out|timeout/i,
    'Check the network and the server; for an aggregation that computes for longer, raise REPORTCTL_IDLE_TIMEOUT, or add socketTimeoutMS=… to the URL.',
  ],
  [/^QueryExceededMemoryLimitNoDiskUseAllowed|^\S* 292 /, 'Add an index on the order-by, or leave it out.'],
  [
    /^BSONObjectTooLarge|^\S* 10334 /,
    'A document became larger than 16 MB: keep fewer fields of it in the pipeline.',
  ],
  [
    /Unrecognized pipeline stage|^\S* 40324 /,
    'Check the name of the stage, and that the server is new enough for it.',
  ],
];

/** The error as a ReportError; a ReportError is returned unchanged. */
export function sourceError(doing: string, error: unknown): ReportError {
  if (error instanceof ReportError) return error;
  const { name = '', code, codeName = '' } = (error ?? {}) as MongoError;
  const message = plainMessage(error);
  const hint = HINTS.find(([pattern]) => pattern.test(`${codeName} ${code ?? ''} ${message}`))?.[1];
  const shown =
    typeof code === 'number' ? ` (MongoDB code ${code}${codeName === '' ? '' : `, ${codeName}`})` : '';
  return new ReportError('source', `${doing}: ${message}${shown}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
    retryable: isRetryable(name, code, message),
  });
}

function isRetryable(name: string, code: number | string | undefined, message: string): boolean {
  if (typeof code === 'number') return RETRYABLE.has(code);
  if (/ENOTFOUND|ENODATA|certificate|CERT_|self.signed|SSL|TLS/i.test(message)) return false;
  return (
    /Network|ServerSelection|PoolClear|WaitQueue|TopologyClosed|Timeout/.test(name) ||
    /^E[A-Z]+$/.test(code ?? '')
  );
}

/** When Node tried every address of a host, its error has no message of its own, only one for each address. */
function plainMessage(error: unknown): string {
  const several = error instanceof AggregateError && error.message === '';
  const cause = error instanceof Error && error.message === '' ? error.cause : undefined;
  if (cause !== undefined) return plainMessage(cause);
  return several ? error.errors.map(messageOf).join(', ') : messageOf(error).replace(/\.$/, '');
}

/** Did the server refuse an option that it does not know? Then asking without the option can help. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.has(Number((error as MongoError | undefined)?.code));
}

/**
 * FailedToParse, InvalidOptions, CommandNotSupported, ReadConcernMajorityNotEnabled, NotImplemented, Amazon DocumentDB's
 * "feature not supported", and an unknown field.
 */
const REFUSALS = new Set([9, 72, 115, 148, 238, 303, 40415]);

/** Could the server not answer the question at all? CommandNotFound, Unauthorized, and refusals. */
export function cannotTell(error: unknown): boolean {
  return [13, 59].includes(Number((error as MongoError | undefined)?.code)) || isRefusal(error);
}
