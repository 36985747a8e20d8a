// Copies an object to another key inside the store: no byte passes through this process.
import { randomUUID } from 'node:crypto';
import type { CreateMultipartUploadCommandInput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { changed } from '../../core/existing-file.js';
import type { Stored } from '../../core/store.js';
import { type Bucket, encryptionInput, STAGE_METADATA } from './bucket.js';
import { MAXIMUM_PARTS } from './capacity.js';
import { explain, statusOf, withLeft } from './failures.js';
import { removeNote, writeNote } from './notes.js';
import { type Committed, confirm, resolve, type Sent } from './outcome.js';
import { abortUpload, beginUpload } from './uploads.js';

/** The most bytes that S3 copies by one request: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const LARGEST_COPY = 5 * 1024 ** 3;
/** Small enough that the store answers each request long before its timeout. */
const COPIED_PART_BYTES = 512 * 1024 ** 2;
const MAX_PARALLEL_PARTS = 4;

interface Options {
  readonly token: string;
  readonly signal: AbortSignal;
}

/** The input of a copy, in one request or in parts. */
interface CopyOrder {
  readonly source: {
    readonly CopySource: string;
    readonly CopySourceIfMatch: string;
  };
  readonly target: Omit<CreateMultipartUploadCommandInput, 'ChecksumAlgorithm'> & {
    Bucket: string;
    Key: string;
  };
  readonly sent: Sent;
}

/**
 * Copies the object with its metadata, encrypted as configured; replaces an object at `to`.
 * @param from with a whole key, prefix included, as `to`
 * @throws ReportError `destination`, or the reason of the signal
 */
export async function copyObject(
  store: Bucket,
  from: Pick<Stored, 'key' | 'version'>,
  to: string,
  { token, signal }: Options,
): Promise<void> {
  const { sdk, client, bucket, options } = store;
  const location = `s3://${bucket}/${from.key}`;
  const doing = `copy ${location} to s3://${bucket}/${to}`;
  const explained = (error: unknown) => {
    signal.throwIfAborted();
    const gone = ['NoSuchKey', 'NotFound'].includes((error as Error).name);
    return gone || statusOf(error) === 412 ? changed(location, 'copied', error) : explain(doing, error);
  };
  signal.throwIfAborted();
  const head = await client
    .send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: from.key }), { abortSignal: signal })
    .catch((error: unknown) => {
      throw explained(error);
    });
  if (head.ETag !== from.version) throw changed(location, 'copied');
  const order = orderOf(store, from, to, head);
  const inOne = order.sent.bytes <= (options.largestCopy ?? LARGEST_COPY);
  let answer: Committed;
  try {
    answer = inOne ? await copyInOne(store, order, signal) : await copyInParts(store, order, token, signal);
  } catch (error) {
    if (!signal.aborted && (await resolve(store, order.sent, error))) return;
    throw explained(error);
  }
  await confirm(store, order.sent, answer);
}

function orderOf(
  { bucket, options }: Bucket,
  { key, version }: Pick<Stored, 'key' | 'version'>,
  to: string,
  head: HeadObjectCommandOutput,
): CopyOrder {
  const stage = randomUUID();
  const path = [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
  return {
    source: { CopySource: path, CopySourceIfMatch: version },
    target: {
      Bucket: bucket,
      Key: to,
      // A copy in parts takes over no header, and our metadata differs: so all headers are written again.
      ...named('ContentType', head.ContentType),
      ...named('ContentEncoding', head.ContentEncoding),
      ...named('ContentDisposition', head.ContentDisposition),
      ...named('ContentLanguage', head.ContentLanguage),
      ...named('CacheControl', head.CacheControl),
      Metadata: { ...head.Metadata, [STAGE_METADATA]: stage },
      ...encryptionInput(options),
    },
    sent: { key: to, location: `s3://${bucket}/${to}`, stage, bytes: head.ContentLength ?? 0 },
  };
}

function named<Name extends string>(name: Name, value: string | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: string };
}

async function copyInOne({ sdk, client }: Bucket, { source, target }: CopyOrder, abortSignal: AbortSignal) {
  const command = new sdk.CopyObjectCommand({ ...target, ...source, MetadataDirective: 'REPLACE' });
  const { CopyObjectResult, ServerSideEncryption, SSEKMSKeyId } = await client.send(command, { abortSignal });
  return { ETag: CopyObjectResult?.ETag, ServerSideEncryption, SSEKMSKeyId };
}

async function copyInParts(
  store: Bucket,
  { source, target, sent }: CopyOrder,
  token: string,
  abortSignal: AbortSignal,
): Promise<Committed> {
  const { sdk, client } = store;
  const { uploadId, ServerSideEncryption, SSEKMSKeyId } = await beginUpload(store, target, abortSignal);
  const upload = { Bucket: target.Bucket, Key: target.Key, UploadId: uploadId };
  const limit = pLimit(MAX_PARALLEL_PARTS);
  let failure: { readonly error: unknown } | undefined;
  const copyPart = async (number: number, range: string) => {
    // After a failure no further part is started.
    if (failure) throw failure.error;
    const part = { ...upload, ...source, PartNumber: number, CopySourceRange: range };
    try {
      const { CopyPartResult } = await client.send(new sdk.UploadPartCopyCommand(part), { abortSignal });
      const { LastModified: _, ...result } = CopyPartResult ?? {};
      return { PartNumber: number, ...result };
    } catch (error) {
      failure ??= { error };
      throw error;
    }
  };
  try {
    await writeNote(store, sent.stage, { token, uploadId, fullKey: target.Key }, abortSignal);
    const ranges = rangesOf(
      sent.bytes,
      Math.min(COPIED_PART_BYTES, store.options.largestCopy ?? COPIED_PART_BYTES),
    );
    const copied = await Promise.allSettled(
      ranges.map((range, index) => limit(() => copyPart(index + 1, range))),
    );
    if (failure) throw failure.error;
    const Parts = copied.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : []));
    const complete = new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
    const answer = await client.send(complete);
    await removeNote(store, sent.stage);
    return { ServerSideEncryption, SSEKMSKeyId, ...answer };
  } catch (error) {
    const left = await abortUpload(store, target.Key, uploadId).then(
      () => removeNote(store, sent.stage).then(() => undefined),
      (reason: unknown) => explain('clean up', reason),
    );
    throw withLeft(error, left);
  }
}

/** `bytes=0-9`, `bytes=10-19`, …: equal parts of `part` bytes, or of more where an upload could not hold so many parts. */
function rangesOf(bytes: number, part: number): string[] {
  const size = Math.max(part, Math.ceil(bytes / MAXIMUM_PARTS));
  return Array.from({ length: Math.ceil(bytes / size) }, (_, index) => {
    const first = index * size;
    return `bytes=${first}-${Math.min(first + size, bytes) - 1}`;
  });
}
