// Reads a bucket: one object, or a listing in the order of the keys.
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { ReportError } from '../../core/errors.js';
import { hiddenPart } from '../../core/hidden-names.js';
import type { Stored } from '../../core/store.js';
import { assertReadable } from '../contract/bookkeeping.js';
import { ageOf, type Bucket, TOKEN_METADATA, UNFINISHED } from './bucket.js';
import { explain, isMissing, statusOf } from './failures.js';

/** @param key the whole key, prefix included, as in all functions here */
export async function statObject(
  store: Bucket,
  key: string,
  abortSignal: AbortSignal,
): Promise<Stored | undefined> {
  const { sdk, client, bucket, access } = store;
  const at = { Bucket: bucket, Key: key };
  abortSignal.throwIfAborted();
  try {
    return storedOf(store, key, await client.send(new sdk.HeadObjectCommand(at), { abortSignal }));
  } catch (error) {
    abortSignal.throwIfAborted();
    if (isMissing(error)) return undefined;
    throw explain(`look at s3://${bucket}/${key}`, error, access);
  }
}

export async function readObject(
  store: Bucket,
  key: string,
  abortSignal: AbortSignal,
): Promise<(Stored & { readonly content: Buffer }) | undefined> {
  abortSignal.throwIfAborted();
  try {
    const answer = await get(store, key, abortSignal);
    const doing = `read s3://${store.bucket}/${key}`;
    const chunks: Buffer[] = [];
    let bytes = answer.ContentLength ?? 0;
    assertReadable(bytes, doing, () => (answer.Body as Readable | undefined)?.destroy());
    for await (const chunk of bytesOf(store, key, answer)) {
      bytes = chunks.push(chunk) === 1 ? chunk.length : bytes + chunk.length;
      assertReadable(bytes, doing);
    }
    return { ...storedOf(store, key, answer), content: Buffer.concat(chunks) };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    abortSignal.throwIfAborted();
    throw explain(`read s3://${store.bucket}/${key}`, error, store.access);
  }
}

/** @throws ReportError `destination` when it is not there or ends early, or the reason of the signal */
export async function* downloadObject(
  store: Bucket,
  key: string,
  abortSignal: AbortSignal,
  most?: number,
): AsyncGenerator<Buffer> {
  abortSignal.throwIfAborted();
  try {
    const answer = await get(store, key, abortSignal, most);
    // An answer without an ETag may be of something else than S3.
    storedOf(store, key, answer);
    for await (const chunk of bytesOf(store, key, answer)) {
      yield chunk;
      abortSignal.throwIfAborted();
    }
  } catch (error) {
    abortSignal.throwIfAborted();
    // An empty object has no first byte (RFC 9110, 416 Range Not Satisfiable).
    if (most !== undefined && statusOf(error) === 416) return;
    throw explain(`read s3://${store.bucket}/${key}`, error, store.access);
  }
}

/** @param most bytes from the beginning; all without it */
function get({ sdk, client, bucket }: Bucket, key: string, abortSignal: AbortSignal, most?: number) {
  const range = most === undefined ? {} : { Range: `bytes=0-${most - 1}` };
  return client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key, ...range }), { abortSignal });
}

async function* bytesOf({ bucket }: Bucket, key: string, answer: GetObjectCommandOutput) {
  let bytes = 0;
  // In Node the body of an answer is a stream.
  for await (const chunk of (answer.Body ?? []) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes === answer.ContentLength) return;
  const reason = `it has ${answer.ContentLength} bytes, we got ${bytes}`;
  throw new ReportError('destination', `could not read s3://${bucket}/${key}: ${reason}`, {
    reason,
    hint: 'Run the same command again later.',
    retryable: true,
  });
}

/** @throws ReportError `destination` when the store names no version */
function storedOf(
  { bucket, prefix }: Bucket,
  key: string,
  answer: HeadObjectCommandOutput | GetObjectCommandOutput,
): Stored {
  const { ETag: version, ContentLength: bytes, LastModified, Metadata } = answer;
  if (version === undefined || bytes === undefined) {
    const reason = 'the store names no ETag or length';
    throw new ReportError('destination', `could not look at s3://${bucket}/${key}: ${reason}`, {
      reason,
      hint: 'Without them nothing can be replaced safely: use another store.',
      retryable: false,
    });
  }
  const token = Metadata?.[TOKEN_METADATA];
  return {
    key: key.slice(prefix.length),
    bytes,
    version,
    age: ageOf(LastModified, answer),
    ...(token !== undefined && { token }),
  };
}

/**
 * Every published object whose key begins with `beginning`. S3 lists keys in the order of their bytes:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ListingKeysUsingAPIs.html
 */
export async function* listObjects(
  store: Bucket,
  beginning: string,
  abortSignal?: AbortSignal,
): AsyncGenerator<Stored> {
  for await (const stored of allObjects(store, beginning, abortSignal)) {
    // A key that ends in a slash is how a console shows an empty folder.
    if (!stored.key.startsWith(UNFINISHED) && !stored.key.endsWith('/')) yield stored;
  }
}

/** Every object of a source whose key begins with `beginning`. @param options `onHidden` as that of Store.list() */
export async function* listSource(
  store: Bucket,
  beginning: string,
  options: { readonly signal: AbortSignal; readonly onHidden?: ((key: string) => void) | undefined },
): AsyncGenerator<Stored> {
  const { signal, onHidden } = options;
  let lastHidden: string | undefined;
  for await (const stored of listObjects(store, beginning, signal)) {
    const hidden = onHidden && hiddenPart(stored.key, beginning);
    if (hidden === undefined) yield stored;
    // The objects of a folder are listed one after the other.
    else if (hidden !== lastHidden) onHidden?.(hidden);
    lastHidden = hidden;
  }
}

/** As listObjects(), with the hidden objects. */
export async function* allObjects(
  { sdk, client, bucket, prefix, access }: Bucket,
  beginning: string,
  abortSignal?: AbortSignal,
): AsyncGenerator<Stored> {
  const within = { Bucket: bucket, Prefix: `${prefix}${beginning}` };
  let page: { ContinuationToken?: string | undefined } | undefined = {};
  while (page) {
    abortSignal?.throwIfAborted();
    const answer: import('@aws-sdk/client-s3').ListObjectsV2CommandOutput = await client
      .send(new sdk.ListObjectsV2Command({ ...within, ...page }), abortSignal && { abortSignal })
      .catch((error: unknown) => {
        abortSignal?.throwIfAborted();
        throw explain(`list s3://${bucket}/${within.Prefix}`, error, access);
      });
    for (const { Key, ETag: version, Size: bytes, LastModified } of answer.Contents ?? []) {
      if (Key === undefined || version === undefined || bytes === undefined) continue;
      yield { key: Key.slice(prefix.length), bytes, version, age: ageOf(LastModified, answer) };
    }
    const { NextContinuationToken: token } = answer;
    page = token === undefined ? undefined : { ContinuationToken: token };
  }
}
