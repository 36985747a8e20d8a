// Removes an object if it still is the one that was looked at.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bucket } from './bucket.js';
import { explain, isMissing, statusOf } from './failures.js';

/** The time for a cleanup with all its attempts. */
export const CLEANUP_TIMEOUT_MS = 60_000;
const ATTEMPTS = 3;

interface Known {
  readonly etag: string | undefined;
  /** In a bucket with versions: deletes this version for good, where deleting the key would only hide it. */
  readonly versionId?: string | undefined;
}

/**
 * Deletes the object that was just looked at. MinIO ignores If-Match and may delete another object that has replaced it
 * since; a store that answers 501 to the header is asked without it.
 * @throws what the SDK throws; 412 or 404 when that object is no longer there
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
 * Removes an object if it has that version; it does so also after the run was cancelled.
 * @throws ReportError `destination` when it may still be there
 */
export async function removeObject(store: Bucket, key: string, version: string): Promise<void> {
  const abortSignal = AbortSignal.timeout(CLEANUP_TIMEOUT_MS);
  for (let attempt = 1; ; attempt++) {
    try {
      const head = new store.sdk.HeadObjectCommand({ Bucket: store.bucket, Key: key });
      if ((await store.client.send(head, { abortSignal })).ETag !== version) return;
      return await deleteKnown(store, key, { etag: version }, abortSignal);
    } catch (error) {
      if (isMissing(error) || statusOf(error) === 412) return;
      // 409: another request is changing this key, so look at it again.
      if (statusOf(error) !== 409 || attempt === ATTEMPTS) {
        throw explain(`remove s3://${store.bucket}/${key}`, error);
      }
      await sleep(100 * attempt);
    }
  }
}
