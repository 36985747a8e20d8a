// Turns errors of the AWS SDK into a ReportError with a hint.
import { messageOf, ReportError } from '../../core/errors.js';
import type { Access } from '../access.js';

interface Explanation {
  readonly wrong: string;
  readonly hint: string;
  /** In place of `hint`, where objects are only read. */
  readonly readHint?: string;
  readonly retryable: boolean;
}

const permanent = (wrong: string, hint: string): Explanation => ({ wrong, hint, retryable: false });
const passing = (wrong: string, hint: string): Explanation => ({ wrong, hint, retryable: true });

const CHECK_ENDPOINT = 'Check AWS_ENDPOINT_URL_S3 and the network, then run the same command again.';
const CHECK_CERTIFICATE = 'Let NODE_EXTRA_CA_CERTS name the certificate authority of the store.';
const RUN_AGAIN = 'Run the same command again later.';
const CHECKSUMS =
  'If the store knows no CRC32 checksums, set AWS_REQUEST_CHECKSUM_CALCULATION=WHEN_REQUIRED.';

const accessDenied: Explanation = {
  wrong: 'access is denied',
  hint: 'The credentials need s3:PutObject, GetObject, DeleteObject, AbortMultipartUpload, ListBucket and ListBucketMultipartUploads there, and with aws:kms also kms:GenerateDataKey and kms:Decrypt.',
  readHint: 'The credentials need s3:ListBucket and s3:GetObject there.',
  retryable: false,
};
const missing = permanent('it is not there', 'See what is there, and who removes it.');
const expired = permanent('the credentials have expired', 'Renew them and run the same command again.');
const busy = passing('the store is busy or broken', RUN_AGAIN);
const cut = passing('the connection broke', RUN_AGAIN);
const unresolved = passing('the name of the host cannot be resolved', CHECK_ENDPOINT);
const conflict = passing('another writer was at the same key', RUN_AGAIN);
const wrongRegion = permanent(
  'the bucket is in another region',
  'Set AWS_REGION to the region of the bucket.',
);
const corrupted = passing('the store got other bytes than we sent', CHECKSUMS);
const corruptedAnswer = passing('we got other bytes than the store has', RUN_AGAIN);
const untrusted = permanent('its certificate is not trusted', CHECK_CERTIFICATE);
const badToken = permanent(
  'the session token is wrong',
  'Check AWS_SESSION_TOKEN, or renew the credentials.',
);

/** By the S3 error code, the SDK's error name, or Node's error code. */
export const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  NoSuchBucket: {
    wrong: 'the bucket does not exist',
    hint: 'Check the name in REPORTCTL_DESTINATION.',
    readHint: 'Check the bucket in the URL.',
    retryable: false,
  },
  NoSuchKey: missing,
  NotFound: missing,
  AccessDenied: accessDenied,
  Forbidden: accessDenied,
  InvalidAccessKeyId: permanent(
    'the store does not know the access key',
    'Check AWS_ACCESS_KEY_ID or AWS_PROFILE.',
  ),
  SignatureDoesNotMatch: permanent('the secret key is wrong', 'Check AWS_SECRET_ACCESS_KEY or AWS_PROFILE.'),
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: badToken,
  CredentialsProviderError: permanent(
    'there are no AWS credentials',
    'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run with a role.',
  ),
  RequestTimeTooSkewed: permanent("this machine's clock is wrong", 'Set the clock.'),
  PermanentRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  NoSuchUpload: passing('somebody else ended the upload', RUN_AGAIN),
  PreconditionFailed: permanent('the object there is not the expected one', 'See who else writes this key.'),
  ConditionalRequestConflict: conflict,
  OperationAborted: conflict,
  EntityTooSmall: permanent('the store refuses parts so small', 'Raise REPORTCTL_S3_PART_SIZE.'),
  EntityTooLarge: permanent('the file is too large for the store', 'Split the report, or filter it.'),
  BadDigest: corrupted,
  InvalidDigest: corrupted,
  XAmzContentSHA256Mismatch: corrupted,
  IncompleteBody: corrupted,
  ChecksumMismatch: corruptedAnswer,
  InvalidPart: passing('the store has lost a part', RUN_AGAIN),
  NotImplemented: permanent('the store lacks something that we use', CHECKSUMS),
  SlowDown: busy,
  ServiceUnavailable: busy,
  InternalError: busy,
  Throttling: busy,
  ThrottlingException: busy,
  TooManyRequestsException: busy,
  RequestLimitExceeded: busy,
  BandwidthLimitExceeded: busy,
  XMinioStorageFull: permanent('the store is full', 'Make room in the store.'),
  RequestTimeout: passing('the bytes did not arrive at the store in time', RUN_AGAIN),
  TimeoutError: passing('the store did not answer in time', RUN_AGAIN),
  ENOTFOUND: unresolved,
  EAI_AGAIN: unresolved,
  ECONNREFUSED: passing('nothing listens there', CHECK_ENDPOINT),
  EHOSTUNREACH: passing('the host cannot be reached', CHECK_ENDPOINT),
  ENETUNREACH: passing('the network cannot be reached', CHECK_ENDPOINT),
  ECONNRESET: cut,
  ECONNABORTED: cut,
  EPIPE: cut,
  ETIMEDOUT: cut,
  ERR_STREAM_PREMATURE_CLOSE: cut,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: permanent('its certificate has expired', 'Have the certificate of the store renewed.'),
  ERR_TLS_CERT_ALTNAME_INVALID: permanent('its certificate is for another host', CHECK_ENDPOINT),
};

/** The HTTP status of the answer, or undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** Whether the store may have carried out the request although it failed here. */
export function isAmbiguous(error: unknown): boolean {
  if ((error as Error).name === 'CredentialsProviderError') return false;
  const status = statusOf(error);
  return status === undefined || status < 400 || status >= 500;
}

export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** How often the SDK sent the request of this answer or error. */
export function attemptsOf(outcome: unknown): number {
  return (outcome as { $metadata?: { attempts?: number } } | undefined)?.$metadata?.attempts ?? 1;
}

/**
 * @param doing what we were doing, to complete "could not …"
 * @param access `read` where objects are only read, which changes some hints
 * @returns a ReportError `destination`; a ReportError as it is
 */
export function explain(doing: string, error: unknown, access: Access = 'write'): ReportError {
  if (error instanceof ReportError) return error;
  const { name: given = '', code: ownCode = '', message = '' } = error as Partial<NodeJS.ErrnoException>;
  // The SDK throws a plain Error when an answer's bytes have another checksum than its header says.
  const code = ownCode === '' && /^Checksum mismatch: expected /.test(message) ? 'ChecksumMismatch' : ownCode;
  const status = statusOf(error);
  // The SDK's name for an answer without a body, such as the answer to HEAD.
  const name = given === 'Unknown' ? '' : given;
  // By code first: the SDK calls every broken connection a TimeoutError.
  const known = EXPLANATIONS[code] ?? EXPLANATIONS[name] ?? byStatus(status);
  const detail = given === 'Unknown' ? `HTTP ${status}` : messageOf(error);
  // Node's message about a connection names host and port, and the SDK's about credentials what it looked for.
  const isDetailed = EXPLANATIONS[code] !== undefined || name === 'CredentialsProviderError';
  const word = isDetailed ? detail : EXPLANATIONS[name] ? name : name || `HTTP ${status}`;
  const unknown = name === '' || name === 'Error' || detail === name ? detail : `${name}: ${detail}`;
  const reason = known ? `${known.wrong} (${word})` : unknown;
  const hint = access === 'read' ? (known?.readHint ?? known?.hint) : known?.hint;
  return new ReportError('destination', `could not ${doing}: ${reason}`, {
    reason,
    cause: error,
    retryable: known?.retryable ?? false,
    ...(hint !== undefined && { hint }),
  });
}

/** The error, with a failed cleanup added to its message. */
export function withLeft(error: unknown, left: ReportError | undefined): unknown {
  if (left === undefined) return error;
  return new ReportError('destination', `${messageOf(error)}; and ${messageOf(left)}`, {
    ...(left.hint !== undefined && { hint: left.hint }),
    cause: error,
    // The failed cleanup does not change whether another attempt can succeed.
    retryable: explain('finish', error).retryable === true,
  });
}

function byStatus(status = 0): Explanation | undefined {
  if (status === 403) return accessDenied;
  if (status === 301) return wrongRegion;
  if (status === 409) return conflict;
  if (status === 429 || status >= 500) return busy;
  return undefined;
}
