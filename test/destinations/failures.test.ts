// What is said of each error of S3 and of the file system, where files are written and where they are only read.
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import { explain as explainFile, EXPLANATIONS as OF_FILES } from '../../src/destinations/file/failures.js';
import { explain as explainS3, EXPLANATIONS as OF_S3 } from '../../src/destinations/s3/failures.js';

/** `[what is said, can trying again help]` by the code or name of the error. */
const S3: Readonly<Record<string, readonly [reason: string, retryable: boolean]>> = {
  NoSuchBucket: ['the bucket does not exist', false],
  NoSuchKey: ['it is not there', false],
  NotFound: ['it is not there', false],
  AccessDenied: ['access is denied', false],
  Forbidden: ['access is denied', false],
  InvalidAccessKeyId: ['the store does not know the access key', false],
  SignatureDoesNotMatch: ['the secret key is wrong', false],
  ExpiredToken: ['the credentials have expired', false],
  ExpiredTokenException: ['the credentials have expired', false],
  TokenRefreshRequired: ['the credentials have expired', false],
  InvalidToken: ['the session token is wrong', false],
  CredentialsProviderError: ['there are no AWS credentials', false],
  RequestTimeTooSkewed: ["this machine's clock is wrong", false],
  PermanentRedirect: ['the bucket is in another region', false],
  AuthorizationHeaderMalformed: ['the bucket is in another region', false],
  IllegalLocationConstraintException: ['the bucket is in another region', false],
  NoSuchUpload: ['somebody else ended the upload', true],
  PreconditionFailed: ['the object there is not the expected one', false],
  ConditionalRequestConflict: ['another writer was at the same key', true],
  OperationAborted: ['another writer was at the same key', true],
  EntityTooSmall: ['the store refuses parts so small', false],
  EntityTooLarge: ['the file is too large for the store', false],
  BadDigest: ['the store got other bytes than we sent', true],
  InvalidDigest: ['the store got other bytes than we sent', true],
  XAmzContentSHA256Mismatch: ['the store got other bytes than we sent', true],
  IncompleteBody: ['the store got other bytes than we sent', true],
  ChecksumMismatch: ['we got other bytes than the store has', true],
  InvalidPart: ['the store has lost a part', true],
  NotImplemented: ['the store lacks something that we use', false],
  SlowDown: ['the store is busy or broken', true],
  ServiceUnavailable: ['the store is busy or broken', true],
  InternalError: ['the store is busy or broken', true],
  Throttling: ['the store is busy or broken', true],
  ThrottlingException: ['the store is busy or broken', true],
  TooManyRequestsException: ['the store is busy or broken', true],
  RequestLimitExceeded: ['the store is busy or broken', true],
  BandwidthLimitExceeded: ['the store is busy or broken', true],
  XMinioStorageFull: ['the store is full', false],
  RequestTimeout: ['the bytes did not arrive at the store in time', true],
  TimeoutError: ['the store did not answer in time', true],
  ENOTFOUND: ['the name of the host cannot be resolved', true],
  EAI_AGAIN: ['the name of the host cannot be resolved', true],
  ECONNREFUSED: ['nothing listens there', true],
  EHOSTUNREACH: ['the host cannot be reached', true],
  ENETUNREACH: ['the network cannot be reached', true],
  ECONNRESET: ['the connection broke', true],
  ECONNABORTED: ['the connection broke', true],
  EPIPE: ['the connection broke', true],
  ETIMEDOUT: ['the connection broke', true],
  ERR_STREAM_PREMATURE_CLOSE: ['the connection broke', true],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['its certificate is not trusted', false],
  SELF_SIGNED_CERT_IN_CHAIN: ['its certificate is not trusted', false],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['its certificate is not trusted', false],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['its certificate is not trusted', false],
  CERT_HAS_EXPIRED: ['its certificate has expired', false],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another host', false],
};

const FILES: Readonly<Record<string, readonly [reason: string, retryable: boolean]>> = {
  ENOSPC: ['the disk is full', true],
  EDQUOT: ['the disk quota is used up', true],
  EFBIG: ['the file is too large for this file system', false],
  EACCES: ['permission is denied', false],
  EPERM: ['permission is denied', false],
  EROFS: ['the file system is read-only', false],
  ENOENT: ['it is not there', false],
  EISDIR: ['it is a folder', false],
  ENOTDIR: ['a part of the path is a file', false],
  EEXIST: ['a part of the path is a file', false],
  ENAMETOOLONG: ['the name is too long', false],
  ELOOP: ['it is a link that leads back to itself', false],
  EPIPE: ['its reader has closed it', false],
  ECONNREFUSED: ['nothing listens there', false],
  EBADF: ['it is not open for writing', false],
  ENXIO: ['nothing is behind it', false],
  EMFILE: ['too many files are open', true],
  ESTALE: ['the server of the network file system no longer knows the file', true],
  EIO: ['the disk failed', true],
};

function assertExplained(error: ReportError, doing: string, reason: string, retryable: boolean): void {
  assert.ok(error instanceof ReportError);
  assert.equal(error.code, 'destination');
  assert.equal(error.message, `could not ${doing}: ${reason}`);
  assert.equal(error.reason, reason);
  assert.equal(error.retryable, retryable);
  assert.ok(error.hint);
}

describe('S3', () => {
  test('the table below is about every error that is explained', () => {
    assert.deepEqual(Object.keys(OF_S3), Object.keys(S3));
  });

  for (const [code, [reason, retryable]] of Object.entries(S3)) {
    test(code, () => {
      for (const access of ['read', 'write'] as const) {
        const named = Object.assign(new Error('the text'), { name: code });
        // The SDK's reason says what it looked for.
        const word = code === 'CredentialsProviderError' ? 'the text' : code;
        assertExplained(explainS3('read x', named, access), 'read x', `${reason} (${word})`, retryable);
        // The SDK calls every broken connection a TimeoutError.
        const coded = Object.assign(new Error('the text'), { name: 'TimeoutError', code });
        assertExplained(explainS3('read x', coded, access), 'read x', `${reason} (the text)`, retryable);
      }
    });
  }

  for (const [status, reason, retryable] of [
    [301, 'the bucket is in another region', false],
    [403, 'access is denied', false],
    [409, 'another writer was at the same key', true],
    [429, 'the store is busy or broken', true],
    [500, 'the store is busy or broken', true],
    [503, 'the store is busy or broken', true],
  ] as const) {
    test(`an answer ${status} without a body`, () => {
      const error = Object.assign(new Error('UnknownError'), {
        name: 'Unknown',
        $metadata: { httpStatusCode: status },
      });
      assertExplained(explainS3('read x', error), 'read x', `${reason} (HTTP ${status})`, retryable);
    });
  }

  test('an answer whose checksum is not the one of its header', () => {
    const text =
      'Checksum mismatch: expected "a" but received "b" in response header "x-amz-checksum-crc32".';
    const error = explainS3('read x', new Error(text));
    assertExplained(error, 'read x', `we got other bytes than the store has (${text})`, true);
  });

  test('what is not known is said as it came, on one line, without advice', () => {
    const error = explainS3('read x', Object.assign(new Error('of\ntwo lines'), { name: 'Odd' }));
    assert.equal(error.message, 'could not read x: Odd: of two lines');
    assert.equal(error.hint, undefined);
    assert.equal(error.retryable, false);
  });

  test('a source is advised of the rights to read, and of its own URL', () => {
    const hints = (code: string) =>
      (['write', 'read'] as const).map(
        (access) => explainS3('read x', Object.assign(new Error(), { name: code }), access).hint ?? '',
      );
    const [toWrite = '', toRead = ''] = hints('AccessDenied');
    assert.match(toWrite, /s3:PutObject/);
    assert.equal(toRead, 'The credentials need s3:ListBucket and s3:GetObject there.');
    assert.deepEqual(hints('NoSuchBucket'), [
      'Check the name in REPORTCTL_DESTINATION.',
      'Check the bucket in the URL.',
    ]);
  });
});

describe('the file system', () => {
  test('errors that Node has no name for are known by their number', () => {
    for (const code of ['EDQUOT', 'ESTALE'] as const) {
      const errno = -constants.errno[code];
      const error = Object.assign(new Error('the text'), { errno, code: `Unknown system error ${errno}` });
      const [reason, retryable] = FILES[code] ?? ['', false];
      assertExplained(explainFile('write x', error), 'write x', `${reason} (${code})`, retryable);
    }
  });

  test('the table below is about every error that is explained', () => {
    assert.deepEqual(Object.keys(OF_FILES), Object.keys(FILES));
  });

  for (const [code, [reason, retryable]] of Object.entries(FILES)) {
    test(code, () => {
      for (const access of ['read', 'write'] as const) {
        const error = explainFile('read x', Object.assign(new Error('the text'), { code }), access);
        assertExplained(error, 'read x', `${reason} (${code})`, retryable);
      }
    });
  }

  test('a source is advised of the right to read', () => {
    const error = Object.assign(new Error(), { code: 'EACCES' });
    assert.match(explainFile('read x', error, 'write').hint ?? '', /Choose another folder/);
    assert.equal(
      explainFile('read x', error, 'read').hint,
      'Give the user that runs this the right to read it.',
    );
  });
});
