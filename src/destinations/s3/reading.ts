// What is in a bucket: one object, its bytes, or all of them in the order of their keys.
import type { GetObjectCommandOutput, HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { Stored } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import { explain, isMissing } from './failures.js';
import { ageOf, type Store, TOKEN_METADATA, UNFINISHED } from './store.js';

/** @param key within the bucket, as below */
export async function statObject(
  store: Store,
  key: string,
  abortSignal: AbortSignal,
): Promise<Stored | undefined> {
  const { sdk, client, bucket } = store;
  const at = { Bucket: bucket, Key: key };
  abortSignal.throwIfAborted();
  try {
    return storedOf(store, key, await client.send(new sdk.HeadObjectCommand(at), { abortSignal }));
  } catch (error) {
    abortSignal.throwIfAborted();
    if (isMissing(error)) return undefined;
    throw explain(`look at s3://${bucket}/${key}`, error);
  }
}

export async function readObject(
  store: Store,
  key: string,
  abortSignal: AbortSignal,
): Promise<(Stored & { readonly content: Buffer }) | undefined> {
  abortSignal.throwIfAborted();
  try {
    const answer = await get(store, key, abortSignal);
    const chunks: Buffer[] = [];
    for await (const chunk of bytesOf(store, key, answer)) chunks.push(chunk);
    return { ...storedOf(store, key, answer), content: Buffer.concat(chunks) };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    abortSignal.throwIfAborted();
    throw explain(`read s3://${store.bucket}/${key}`, error);
  }
}

/** @throws ReportError `destination` when it is not there or ends early, or the reason of the signal */
export async function* downloadObject(
  store: Store,
  key: string,
  abortSignal: AbortSignal,
): AsyncGenerator<Buffer> {
  abortSignal.throwIfAborted();
  try {
    const answer = await get(store, key, abortSignal);
    // Held to the same as any: an answer without an ETag may be of something else than S3.
    storedOf(store, key, answer);
    for await (const chunk of bytesOf(store, key, answer)) {
      yield chunk;
      abortSignal.throwIfAborted();
    }
  } catch (error) {
    abortSignal.throwIfAborted();
    throw explain(`read s3://${store.bucket}/${key}`, error);
  }
}

function get({ sdk, client, bucket }: Store, key: string, abortSignal: AbortSignal) {
  return client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
}

async function* bytesOf({ bucket }: Store, key: string, answer: GetObjectCommandOutput) {
  let bytes = 0;
  // In Node the body of an answer is a stream.
  for await (const chunk of (answer.Body ?? []) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes === answer.ContentLength) return;
  throw new ReportError(
    'destination',
    `s3://${bucket}/${key} has ${answer.ContentLength} bytes, we got ${bytes}`,
    {
      hint: 'Run the same command again later.',
      retryable: true,
    },
  );
}

/** @throws ReportError `destination` when the store names no version */
function storedOf(
  { bucket, prefix }: Store,
  key: string,
  answer: HeadObjectCommandOutput | GetObjectCommandOutput,
): Stored {
  const { ETag: version, ContentLength: bytes, LastModified, Metadata } = answer;
  if (version === undefined || bytes === undefined) {
    throw new ReportError('destination', `the store names no ETag or length of s3://${bucket}/${key}`, {
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
  store: Store,
  beginning: string,
  abortSignal?: AbortSignal,
): AsyncGenerator<Stored> {
  for await (const stored of allObjects(store, beginning, abortSignal)) {
    // A key that ends in a slash is how a console shows an empty folder.
    if (!stored.key.startsWith(UNFINISHED) && !stored.key.endsWith('/')) yield stored;
  }
}

/** Those that nobody should see too. */
export async function* allObjects(
  { sdk, client, bucket, prefix }: Store,
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
        throw explain(`list s3://${bucket}/${within.Prefix}`, error);
      });
    for (const { Key, ETag: version, Size: bytes, LastModified } of answer.Contents ?? []) {
      if (Key === undefined || version === undefined || bytes === undefined) continue;
      yield { key: Key.slice(prefix.length), bytes, version, age: ageOf(LastModified, answer) };
    }
    const { NextContinuationToken: token } = answer;
    page = token === undefined ? undefined : { ContinuationToken: token };
  }
}
