// The outcome of a commit: looks at the key, accepts our object when it is right and deletes it when it is wrong.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Published } from '../../core/destination.js';
import { messageOf, ReportError } from '../../core/errors.js';
import { outcomeUnknown } from '../../core/existing-file.js';
import { type Bucket, encryptionFault, notEncrypted, STAGE_METADATA } from './bucket.js';
import { explain, isAmbiguous, isMissing } from './failures.js';
import { deleteKnown } from './removing.js';

interface ObjectAtKey {
  /** It has the STAGE_METADATA of this staging. */
  readonly ours: boolean;
  readonly bytes: number;
  readonly etag: string | undefined;
  readonly version: string | undefined;
  readonly encryption: string | undefined;
  readonly keyId: string | undefined;
}

/** The object that was sent. */
export interface Sent {
  readonly key: string;
  readonly location: string;
  /** The value of STAGE_METADATA. */
  readonly stage: string;
  readonly bytes: number;
  /** How many parts were completed; absent when the object went up in one request. */
  readonly parts?: number | undefined;
}

/** The fields read of the answer to a commit; the encryption may be from the answer that created the upload. */
export interface Committed {
  readonly ETag?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly ChecksumCRC32?: string | undefined;
  readonly ChecksumCRC32C?: string | undefined;
  readonly ChecksumCRC64NVME?: string | undefined;
  readonly ChecksumSHA1?: string | undefined;
  readonly ChecksumSHA256?: string | undefined;
}

/** Before the second look for the object of a commit that was not answered. */
const SECOND_LOOK_MS = 1_000;

/**
 * Checks the object of a commit that succeeded.
 * @throws ReportError `destination` when the object is not what was sent; then ours is deleted
 */
export async function confirm(store: Bucket, sent: Sent, answer: Committed): Promise<Published> {
  let found: ObjectAtKey | undefined;
  try {
    found = await lookAt(store, sent.key, sent.stage);
  } catch {
    // We may write but not read, or the network failed since: only the answer to the commit is left to check.
    const fault = encryptionFault(store.options, answer);
    if (fault === undefined) return publishedAs(sent, answer, answer.ETag, answer.ServerSideEncryption);
    await deleteOurs(store, sent.key, sent.stage);
    throw notEncrypted(sent.location, fault);
  }
  if (found?.ours) return accept(store, sent, found, answer);
  const now = found ? 'somebody else replaced it at once' : 'there is nothing';
  throw new ReportError('destination', `the store took ${sent.location}, but ${now}`, {
    hint: 'See who else writes or deletes this key.',
    retryable: true,
  });
}

/**
 * Finds out the outcome of a commit that failed or was not answered.
 * @returns the object when it was published all the same
 * @throws ReportError `destination` when that cannot be found out, or when our object is there and wrong; then it is deleted
 */
export async function resolve(store: Bucket, sent: Sent, error: unknown): Promise<Published | undefined> {
  try {
    let found = await lookAt(store, sent.key, sent.stage);
    if (!found?.ours && isAmbiguous(error)) {
      await sleep(SECOND_LOOK_MS);
      found = await lookAt(store, sent.key, sent.stage);
    }
    if (!found?.ours) return undefined;
    return await accept(store, sent, found, {});
  } catch (cause) {
    if (cause instanceof ReportError) throw cause;
    if (!isAmbiguous(error)) return undefined;
    throw outcomeUnknown(
      `${explain(`write ${sent.location}`, error).message}; whether it is there all the same could not be found out: ${messageOf(cause)}`,
      error,
    );
  }
}

async function accept(store: Bucket, sent: Sent, found: ObjectAtKey, answer: Committed): Promise<Published> {
  const fault = faultOf(store, sent.location, found, sent.bytes);
  if (fault) {
    await deleteOurs(store, sent.key, sent.stage);
    throw fault;
  }
  return publishedAs(sent, answer, found.etag, found.encryption);
}

function publishedAs(
  { location, bytes, parts }: Sent,
  answer: Committed,
  etag: string | undefined,
  encryption: string | undefined,
): Published {
  const checksum = checksumOf(answer);
  return {
    location,
    bytes,
    version: etag ?? '',
    ...(parts !== undefined && { parts }),
    ...(checksum !== undefined && { checksum }),
    ...(etag !== undefined && { etag }),
    ...(encryption !== undefined && { encryption }),
  };
}

/** For an upload in parts S3 returns a checksum of the parts' checksums, with the number of parts: `q7Hm2Q==-3`. */
function checksumOf(answer: Committed): Published['checksum'] {
  const given = Object.entries({
    CRC32: answer.ChecksumCRC32,
    CRC32C: answer.ChecksumCRC32C,
    CRC64NVME: answer.ChecksumCRC64NVME,
    SHA1: answer.ChecksumSHA1,
    SHA256: answer.ChecksumSHA256,
  }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** The object at a key, or undefined when there is none. @throws what the SDK throws. */
async function lookAt(store: Bucket, key: string, stage: string): Promise<ObjectAtKey | undefined> {
  try {
    const head = await store.client.send(new store.sdk.HeadObjectCommand({ Bucket: store.bucket, Key: key }));
    return {
      ours: head.Metadata?.[STAGE_METADATA] === stage,
      bytes: head.ContentLength ?? 0,
      etag: head.ETag,
      version: head.VersionId,
      encryption: head.ServerSideEncryption,
      keyId: head.SSEKMSKeyId,
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The error of a visible object that is wrong, or undefined. */
function faultOf(
  store: Bucket,
  location: string,
  found: ObjectAtKey,
  bytes: number,
): ReportError | undefined {
  if (found.bytes !== bytes) {
    return new ReportError('destination', `${location} has ${found.bytes} bytes, we sent ${bytes}`, {
      hint: 'The store does not keep what it is given; check it before trusting it.',
      retryable: true,
    });
  }
  const fault = encryptionFault(store.options, {
    ServerSideEncryption: found.encryption,
    SSEKMSKeyId: found.keyId,
  });
  return fault === undefined ? undefined : notEncrypted(location, fault);
}

/**
 * Deletes the object at the key if it is ours.
 * @throws ReportError `destination` when it may still be visible
 */
async function deleteOurs(store: Bucket, key: string, stage: string): Promise<void> {
  let last: unknown = new Error('it is still there');
  for (let attempt = 1; attempt <= 3; attempt++) {
    if (attempt > 1) await sleep(200 * attempt);
    try {
      const found = await lookAt(store, key, stage);
      if (!found?.ours) return;
      // With a version id no other object can be deleted; without one the ETag has to match.
      await deleteKnown(store, key, { etag: found.etag, versionId: found.version });
    } catch (error) {
      last = error;
    }
  }
  const found = await lookAt(store, key, stage).catch(() => ({ ours: true }));
  if (!found?.ours) return;
  throw new ReportError(
    'destination',
    `could not delete the bad object s3://${store.bucket}/${key} again: ${messageOf(last)}`,
    { hint: 'Delete it by hand: it must not be used.', cause: last, retryable: false },
  );
}
