// What became of a commit: looks at the key, accepts our object when it is right, and takes it back when it is not.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Published } from '../../core/destination.js';
import { messageOf, ReportError } from '../../core/errors.js';
import { type Bucket, encryptionFault, notEncrypted, STAGE_METADATA } from './bucket.js';
import { explain, isAmbiguous, isMissing } from './failures.js';
import { deleteKnown } from './removing.js';

interface ObjectAtKey {
  /** Ours: it carries the mark of this staging. */
  readonly ours: boolean;
  readonly bytes: number;
  readonly etag: string | undefined;
  readonly version: string | undefined;
  readonly encryption: string | undefined;
  readonly keyId: string | undefined;
}

/** What was sent, and how to recognise it. */
export interface Sent {
  readonly key: string;
  readonly location: string;
  /** The value of STAGE_METADATA. */
  readonly stage: string;
  readonly bytes: number;
  /** How many parts were completed; without it, it went in one. */
  readonly parts?: number | undefined;
}

/** What we read of the answer to a commit; the encryption may have been confirmed before, when an upload began. */
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

/** Milliseconds after which an unanswered commit is looked for again. */
const SECOND_LOOK = 1_000;

/**
 * The store said that it is done: holds it to that.
 * @throws ReportError `destination` when what is there is not what was sent; then ours is deleted.
 */
export async function confirm(store: Bucket, sent: Sent, answer: Committed): Promise<Published> {
  let found: ObjectAtKey | undefined;
  try {
    found = await lookAt(store, sent.key, sent.stage);
  } catch {
    // We may put but not read, or the network failed since: the store's plain yes has to do.
    const fault = encryptionFault(store.options, answer);
    if (fault === undefined) return publishedAs(sent, answer, answer.ETag, answer.ServerSideEncryption);
    await takeBack(store, sent.key, sent.stage);
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
 * Committing failed, or its answer was lost: the file that is published all the same, or undefined.
 * @throws ReportError `destination` when that cannot be found out, or ours is there and wrong; then it is deleted.
 */
export async function resolve(store: Bucket, sent: Sent, error: unknown): Promise<Published | undefined> {
  try {
    let found = await lookAt(store, sent.key, sent.stage);
    if (!found?.ours && isAmbiguous(error)) {
      await sleep(SECOND_LOOK);
      found = await lookAt(store, sent.key, sent.stage);
    }
    if (!found?.ours) return undefined;
    return await accept(store, sent, found, {});
  } catch (cause) {
    if (cause instanceof ReportError) throw cause;
    if (!isAmbiguous(error)) return undefined;
    throw new ReportError(
      'destination',
      `${explain(`write ${sent.location}`, error).message}; whether it is there all the same could not be found out: ${messageOf(cause)}`,
      { hint: 'Look whether it is there before you run this again.', cause: error, retryable: true },
    );
  }
}

async function accept(store: Bucket, sent: Sent, found: ObjectAtKey, answer: Committed): Promise<Published> {
  const fault = faultOf(store, sent.location, found, sent.bytes);
  if (fault) {
    await takeBack(store, sent.key, sent.stage);
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

/** Of an upload in parts S3 gives the checksum of the parts' checksums, and says so: `q7Hm2Q==-3`. */
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

/** What makes a visible object of ours wrong, as the error to throw, or undefined. */
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
 * Deletes our object from a key, and nothing of anybody else's.
 * @throws ReportError `destination` when it may still be visible.
 */
async function takeBack(store: Bucket, key: string, stage: string): Promise<void> {
  let last: unknown = new Error('it is still there');
  for (let attempt = 1; attempt <= 3; attempt++) {
    if (attempt > 1) await sleep(200 * attempt);
    try {
      const found = await lookAt(store, key, stage);
      if (!found?.ours) return;
      // A version can only be ours; without versions the ETag must still be.
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
