// Unfinished multipart uploads: ours are always aborted, because invisible parts cost money.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateMultipartUploadCommandInput, MultipartUpload } from '@aws-sdk/client-s3';
import { messageOf, ReportError } from '../../core/errors.js';
import type { Bucket } from './bucket.js';
import { attemptsOf, isAmbiguous, isMissing } from './failures.js';
import { CLEANUP_TIMEOUT_MS } from './removing.js';

const MAX_ATTEMPTS = 4;
/** How far the store's clock may be behind ours. */
const CLOCK_SKEW_MS = 5 * 60_000;

type Listed = MultipartUpload & { Key: string; UploadId: string; answer: { readonly $metadata: object } };

/** The unfinished uploads of keys that begin with `prefix`, each with the answer that listed it. @throws what the SDK throws */
export async function* unfinishedUploads(
  { sdk, client, bucket }: Bucket,
  prefix: string,
  abortSignal?: AbortSignal,
): AsyncGenerator<Listed> {
  let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
  while (marker) {
    const page: import('@aws-sdk/client-s3').ListMultipartUploadsCommandOutput = await client.send(
      new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker }),
      abortSignal && { abortSignal },
    );
    for (const upload of page.Uploads ?? []) {
      const { Key, UploadId } = upload;
      if (Key !== undefined && UploadId !== undefined) yield { ...upload, Key, UploadId, answer: page };
    }
    marker = page.IsTruncated
      ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
      : undefined;
  }
}

interface Begun {
  readonly uploadId: string;
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
}

/** Starts one upload, and aborts those that attempts without an answer have started. @throws what the SDK throws */
export async function beginUpload(
  store: Bucket,
  input: CreateMultipartUploadCommandInput & { readonly Key: string },
  abortSignal?: AbortSignal,
): Promise<Begun> {
  const lost = { key: input.Key, since: Date.now() };
  try {
    const command = new store.sdk.CreateMultipartUploadCommand(input);
    const answer = await store.client.send(command, abortSignal && { abortSignal });
    const { UploadId: uploadId, ServerSideEncryption, SSEKMSKeyId } = answer;
    if (uploadId === undefined) throw new Error('the store gave the upload no id');
    if (attemptsOf(answer) > 1) {
      // Ignore a failure: an upload without parts costs nothing.
      await abortLostUploads(store, { ...lost, lost: attemptsOf(answer) - 1, known: uploadId }).catch(
        () => {},
      );
    }
    return { uploadId, ServerSideEncryption, SSEKMSKeyId };
  } catch (error) {
    if (isAmbiguous(error)) {
      await abortLostUploads(store, { ...lost, lost: attemptsOf(error), known: undefined });
    }
    throw error;
  }
}

/**
 * Aborts an upload and waits until the store confirms that it is gone: a part in flight can create it again.
 * @throws ReportError `destination` naming the upload when that cannot be confirmed
 */
export async function abortUpload(store: Bucket, key: string, uploadId: string): Promise<void> {
  const abortSignal = AbortSignal.timeout(CLEANUP_TIMEOUT_MS);
  let last: unknown = new Error('the store still has it');
  for (let attempt = 1; attempt <= MAX_ATTEMPTS && !abortSignal.aborted; attempt++) {
    if (attempt > 2) await sleep(100 * 2 ** attempt);
    try {
      const target = { Bucket: store.bucket, Key: key, UploadId: uploadId };
      await store.client.send(new store.sdk.AbortMultipartUploadCommand(target), { abortSignal });
      // Some stores answer 204 to every abort, so from the second attempt on the listing counts too.
      if (attempt > 1 && !(await isListed(store, key, uploadId, abortSignal))) return;
    } catch (error) {
      if (isMissing(error)) return;
      last = error;
    }
  }
  throw new ReportError(
    'destination',
    `could not confirm that upload ${uploadId} of s3://${store.bucket}/${key} was aborted: ${messageOf(last)}`,
    {
      hint: `Nothing was published, but its parts may cost money: aws s3api abort-multipart-upload --bucket ${store.bucket} --key '${key}' --upload-id '${uploadId}'`,
      cause: last,
      retryable: true,
    },
  );
}

async function isListed(
  store: Bucket,
  key: string,
  uploadId: string,
  abortSignal: AbortSignal,
): Promise<boolean> {
  for await (const upload of unfinishedUploads(store, key, abortSignal)) {
    if (upload.UploadId === uploadId) return true;
  }
  return false;
}

/**
 * Aborts uploads that we started but whose id we do not know, because the answers were lost. They have exactly this key and
 * no parts and are not older than `since`; when more than `lost` uploads are like that, ours cannot be told from others.
 * @param since when we first asked for an upload, in epoch milliseconds of our clock
 * @throws ReportError `destination` when an upload of ours may be left
 */
export async function abortLostUploads(
  store: Bucket,
  { key, lost, since, known }: { key: string; lost: number; since: number; known: string | undefined },
): Promise<void> {
  const abortSignal = AbortSignal.timeout(CLEANUP_TIMEOUT_MS);
  const candidates: string[] = [];
  try {
    for await (const { Key, UploadId, Initiated } of unfinishedUploads(store, key, abortSignal)) {
      const recent = Initiated === undefined || Initiated.getTime() >= since - CLOCK_SKEW_MS;
      if (Key === key && UploadId !== known && recent && (await isEmpty(store, key, UploadId, abortSignal))) {
        candidates.push(UploadId);
      }
    }
  } catch (error) {
    throw mayBeLeft(store, key, `could not list its unfinished uploads: ${messageOf(error)}`, error);
  }
  if (candidates.length > lost) {
    throw mayBeLeft(store, key, `ours cannot be told from another's among ${candidates.join(', ')}`);
  }
  for (const uploadId of candidates) await abortUpload(store, key, uploadId);
}

async function isEmpty(
  store: Bucket,
  key: string,
  uploadId: string,
  abortSignal: AbortSignal,
): Promise<boolean> {
  try {
    const target = { Bucket: store.bucket, Key: key, UploadId: uploadId, MaxParts: 1 };
    const { Parts } = await store.client.send(new store.sdk.ListPartsCommand(target), { abortSignal });
    return (Parts ?? []).length === 0;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function mayBeLeft({ bucket }: Bucket, key: string, why: string, cause?: unknown): ReportError {
  return new ReportError('destination', `an upload of s3://${bucket}/${key} may be left unfinished: ${why}`, {
    hint: `Nothing was published. See aws s3api list-multipart-uploads --bucket ${bucket} --prefix '${key}'`,
    cause,
    retryable: true,
  });
}
