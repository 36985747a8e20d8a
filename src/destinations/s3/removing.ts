// The end of an object, and of no other that has its key by then.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bucket } from './bucket.js';
import { explain, isMissing, statusOf } from './failures.js';

/** Milliseconds in which what is given back or cleaned up must be gone, whatever the store does. */
export const CONFIRMED_WITHIN = 60_000;
const ATTEMPTS = 3;

interface Known {
  readonly etag: string | undefined;
  /** In a bucket with versions, the one to delete for good; without it the object is only hidden. */
  readonly versionId?: string | undefined;
}

/**
 * Deletes what was just looked at. A store that ignores If-Match (MinIO) deletes what took its place since, and one that
 * refuses the header altogether is asked without.
 * @throws what the SDK throws; 412 or 404 when it is no longer there
 */
export async function deleteKnown(
  { sdk, client, bucket }: Bucket,
  key: string,
  { etag, versionId }: Known,
  abortSignal?: AbortSignal,
): Promise<void> {
  const target = { Bucket: bucket, Key: key };
  const options = abortSignal && { abortSignal };
  const only = versionId === undefined ? { IfMatch: etag } : { VersionId: versionId };
  try {
    await client.send(new sdk.DeleteObjectCommand({ ...target, ...only }), options);
  } catch (error) {
    if (statusOf(error) !== 501 || versionId !== undefined) throw error;
    await client.send(new sdk.DeleteObjectCommand(target), options);
  }
}

/**
 * Removes an object while it is that version, also after the run was cancelled.
 * @throws ReportError `destination` when it may still be there
 */
export async function removeObject(store: Bucket, key: string, version: string): Promise<void> {
  const abortSignal = AbortSignal.timeout(CONFIRMED_WITHIN);
  for (let attempt = 1; ; attempt++) {
    try {
      const head = new store.sdk.HeadObjectCommand({ Bucket: store.bucket, Key: key });
      if ((await store.client.send(head, { abortSignal })).ETag !== version) return;
      return await deleteKnown(store, key, { etag: version }, abortSignal);
    } catch (error) {
      if (isMissing(error) || statusOf(error) === 412) return;
      // Somebody else is at the same key: look again at what they made of it.
      if (statusOf(error) !== 409 || attempt === ATTEMPTS) {
        throw explain(`remove s3://${store.bucket}/${key}`, error);
      }
      await sleep(100 * attempt);
    }
  }
}
