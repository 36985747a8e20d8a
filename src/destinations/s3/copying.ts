// An object under a second key, copied by the store itself.
import { randomUUID } from 'node:crypto';
import type { CreateMultipartUploadCommandInput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import type { Stored } from '../../core/store.js';
import { type Bucket, encryptionInput, STAGE_METADATA } from './bucket.js';
import { MAXIMUM_PARTS } from './capacity.js';
import type { Refusals } from './conditions.js';
import { explain, statusOf, withLeft } from './failures.js';
import { removeNote, writeNote } from './notes.js';
import { type Committed, confirm, resolve, type Sent } from './outcome.js';
import { abortUpload, beginUpload } from './uploads.js';

/** What S3 copies by one request, in bytes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const LARGEST_COPY = 5 * 1024 ** 3;
/** Bytes of a part that is copied, so that each request is answered long before its timeout. */
const PART = 512 * 1024 ** 2;
/** Parts that the store copies at once. */
const AT_ONCE = 4;

interface Options extends Pick<Refusals, 'changed'> {
  readonly token: string;
  readonly signal: AbortSignal;
}

/** What both ways to copy are told. */
interface Order {
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
 * Copies with metadata, under the encryption that is set; replaces what has the key.
 * @param from with its key, as `to`, within the bucket
 * @throws ReportError `destination`, or the reason of the signal
 */
export async function copyObject(
  store: Bucket,
  from: Pick<Stored, 'key' | 'version'>,
  to: string,
  { token, signal, changed }: Options,
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
): Order {
  const stage = randomUUID();
  const path = [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
  return {
    source: { CopySource: path, CopySourceIfMatch: version },
    target: {
      Bucket: bucket,
      Key: to,
      // An upload in parts takes nothing over by itself, and our mark is another; so all of it is named.
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

async function copyInOne({ sdk, client }: Bucket, { source, target }: Order, abortSignal: AbortSignal) {
  const command = new sdk.CopyObjectCommand({ ...target, ...source, MetadataDirective: 'REPLACE' });
  const { CopyObjectResult, ServerSideEncryption, SSEKMSKeyId } = await client.send(command, { abortSignal });
  return { ETag: CopyObjectResult?.ETag, ServerSideEncryption, SSEKMSKeyId };
}

async function copyInParts(
  store: Bucket,
  { source, target, sent }: Order,
  token: string,
  abortSignal: AbortSignal,
): Promise<Committed> {
  const { sdk, client } = store;
  const { uploadId, ServerSideEncryption, SSEKMSKeyId } = await beginUpload(store, target, abortSignal);
  const upload = { Bucket: target.Bucket, Key: target.Key, UploadId: uploadId };
  const limit = pLimit(AT_ONCE);
  let failure: { readonly error: unknown } | undefined;
  const copyPart = async (number: number, range: string) => {
    // The others that wait need not be tried.
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
    const ranges = rangesOf(sent.bytes, Math.min(PART, store.options.largestCopy ?? PART));
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

/** `bytes=0-9`, `bytes=10-19`, … of equal parts of about `part` bytes, no more of them than an upload takes. */
function rangesOf(bytes: number, part: number): string[] {
  const size = Math.max(part, Math.ceil(bytes / MAXIMUM_PARTS));
  return Array.from({ length: Math.ceil(bytes / size) }, (_, index) => {
    const first = index * size;
    return `bytes=${first}-${Math.min(first + size, bytes) - 1}`;
  });
}
