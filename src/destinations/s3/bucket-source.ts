// Documents in S3: an object, or all below a prefix.
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { messageOf, ReportError } from '../../core/errors.js';
import { type DocumentFile, ENDING, type Place } from '../../sources/json/files.js';
import { assertEncrypted, endpointOf } from './endpoint.js';

/** Milliseconds to establish a connection, and to wait for bytes. */
const CONNECTION_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 300_000;

type Sdk = typeof import('./sdk.js');

interface Bucket {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly bucket: string;
  readonly signal: AbortSignal;
}

interface OpenBucket {
  /** `s3://bucket/prefix/`, or `s3://bucket/docs.ndjson.gz` for one object. */
  readonly url: string;
  readonly label: string;
  readonly pathStyle: boolean;
  /** Lets documents and signatures cross a network in clear text; loopback needs no permission. */
  readonly allowHttp: boolean;
  readonly signal: AbortSignal;
}

/**
 * Endpoint, region and credentials are what the AWS SDK finds in the environment and its profile files.
 * @throws ReportError `source` when the object that the URL names is not there, `usage` for clear text HTTP to another
 * machine
 */
export async function openBucket({ url, label, pathStyle, allowHttp, signal }: OpenBucket): Promise<Place> {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(url) ?? [];
  if (bucket === '') {
    throw new ReportError('definition', `${label} names no bucket`, { hint: 'Write s3://bucket/prefix/.' });
  }
  const sdk = await import('./sdk.js');
  const config = {
    forcePathStyle: pathStyle,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      // Covers an answer that begins and then stalls, which requestTimeout does not.
      socketTimeout: REQUEST_TIMEOUT,
      throwOnRequestTimeout: true,
    },
  };
  const failed = (error: unknown): never => {
    signal.throwIfAborted();
    const { wrong, hint, retryable } = explain(error);
    throw new ReportError('source', `opening ${label}: ${wrong}`, { hint, cause: error, retryable });
  };
  assertEncrypted(await endpointOf(sdk, bucket, config).catch(failed), allowHttp);
  const client = new sdk.S3Client(config);
  const opened = { sdk, client, bucket, signal };
  const place = { explain, close: () => client.destroy() };
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  const list = (names: string, most?: number) => listObjects(opened, prefix, names, most);
  if (!ENDING.test(path)) return { ...place, single: undefined, list };
  try {
    const head = await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: path }), {
      abortSignal: signal,
    });
    const name = path.slice(path.lastIndexOf('/') + 1);
    return { ...place, single: objectOf(opened, path, name, head.ContentLength ?? 0), list };
  } catch (error) {
    client.destroy();
    return failed(error);
  }
}

/** All pages; a key and a size are kept for each object. */
async function listObjects(
  opened: Bucket,
  folder: string,
  names: string,
  most = Number.POSITIVE_INFINITY,
): Promise<DocumentFile[]> {
  const { sdk, client, bucket, signal } = opened;
  const files: DocumentFile[] = [];
  let token: string | undefined;
  do {
    const input = { Bucket: bucket, Prefix: `${folder}${names}`, ContinuationToken: token };
    const page = await client.send(new sdk.ListObjectsV2Command(input), { abortSignal: signal });
    for (const { Key: key = '', Size: size = 0 } of page.Contents ?? []) {
      files.push(objectOf(opened, key, key.slice(folder.length), size));
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined && files.length < most);
  return files;
}

function objectOf({ sdk, client, bucket }: Bucket, key: string, name: string, size: number): DocumentFile {
  return {
    name,
    size,
    async *stream(signal, most) {
      const range = most === undefined || most >= size ? {} : { Range: `bytes=0-${most - 1}` };
      const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key, ...range });
      const { Body: body } = await client.send(command, { abortSignal: signal });
      if (body === undefined) throw new Error('the answer has no body');
      const stream = body as Readable;
      // The SDK lets go of the signal when the answer begins.
      const cancel = () => stream.destroy(new Error('cancelled'));
      signal.addEventListener('abort', cancel, { once: true });
      try {
        signal.throwIfAborted();
        for await (const chunk of stream) yield chunk as Buffer;
      } finally {
        signal.removeEventListener('abort', cancel);
        stream.destroy();
      }
    },
  };
}

type Reason = readonly [wrong: string, hint: string, retryable: boolean];

const AGAIN = 'Run the same command again later.';
const DENIED: Reason = [
  'access is denied',
  'The credentials need s3:ListBucket and s3:GetObject there.',
  false,
];
const MISSING: Reason = ['there is no such object', 'Check the key in the URL.', false];
const BUSY: Reason = ['the store is busy or broken', AGAIN, true];
const CUT: Reason = ['the connection broke', AGAIN, true];
const REGION: Reason = [
  'the bucket is in another region',
  'Set AWS_REGION to the region of the bucket.',
  false,
];
const ENDPOINT = 'Check AWS_ENDPOINT_URL_S3 and the network, then run the same command again.';

/** By Node's error code, the S3 error code or the SDK's error name. */
const REASONS: Readonly<Record<string, Reason>> = {
  NoSuchBucket: ['the bucket does not exist', 'Check the bucket in the URL.', false],
  NoSuchKey: MISSING,
  NotFound: MISSING,
  AccessDenied: DENIED,
  Forbidden: DENIED,
  InvalidAccessKeyId: [
    'the store does not know the access key',
    'Check AWS_ACCESS_KEY_ID or AWS_PROFILE.',
    false,
  ],
  SignatureDoesNotMatch: ['the secret key is wrong', 'Check AWS_SECRET_ACCESS_KEY or AWS_PROFILE.', false],
  ExpiredToken: ['the credentials have expired', 'Renew them and run the same command again.', false],
  CredentialsProviderError: [
    'there are no AWS credentials',
    'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run with a role.',
    false,
  ],
  PermanentRedirect: REGION,
  AuthorizationHeaderMalformed: REGION,
  SlowDown: BUSY,
  ServiceUnavailable: BUSY,
  InternalError: BUSY,
  RequestTimeout: BUSY,
  TimeoutError: ['the store did not answer in time', AGAIN, true],
  ENOTFOUND: ['the name of the host cannot be resolved', ENDPOINT, true],
  EAI_AGAIN: ['the name of the host cannot be resolved', ENDPOINT, true],
  ECONNREFUSED: ['nothing listens there', ENDPOINT, true],
  ECONNRESET: CUT,
  EPIPE: CUT,
};

function explain(error: unknown): { wrong: string; hint: string; retryable: boolean } {
  const {
    code = '',
    name = '',
    $metadata,
  } = error as {
    code?: string;
    name?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? 0;
  const byStatus = status === 403 ? DENIED : status === 429 || status >= 500 ? BUSY : undefined;
  // By code first: the SDK calls every broken connection a TimeoutError.
  const known = REASONS[code] ?? REASONS[name] ?? byStatus;
  if (known === undefined)
    return { wrong: messageOf(error), hint: 'Check the URL and the store.', retryable: false };
  const detail = REASONS[code] === undefined ? name || `HTTP ${status}` : messageOf(error);
  return { wrong: `${known[0]} (${detail})`, hint: known[1], retryable: known[2] };
}
