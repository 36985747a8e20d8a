// A note beside every upload in parts, so that what a killed run leaves can be told from what others upload.
import type { Leftover } from '../../core/destination.js';
import { ageOf, type Bucket, encryptionInput, TOKEN_METADATA, UNFINISHED } from './bucket.js';
import { explain } from './failures.js';
import { allObjects, readObject } from './reading.js';
import { CONFIRMED_WITHIN, removeObject } from './removing.js';
import { abortUpload, unfinishedUploads } from './uploads.js';

/**
 * A list of unfinished uploads shows neither metadata nor tokens. So each of ours is noted before its first part goes
 * up: one without a note has no parts of ours, which cost nothing, or is not ours.
 */
interface Note {
  readonly note: 1;
  /** Of the run that began it. */
  readonly token: string;
  /** Within the destination. */
  readonly key: string;
  readonly uploadId: string;
}

/** Milliseconds that nobody waits longer for the end of a note. */
const REMOVED_WITHIN = 10_000;

const BEGINNING = `${UNFINISHED}upload-`;
const keyOf = (prefix: string, stage: string) => `${prefix}${BEGINNING}${stage}.json`;

/** @param stage unique to the upload. @throws what the SDK throws */
export async function writeNote(
  { sdk, client, bucket, prefix, options }: Bucket,
  stage: string,
  upload: Pick<Note, 'token' | 'uploadId'> & { readonly fullKey: string },
  abortSignal: AbortSignal,
): Promise<void> {
  const { token, uploadId, fullKey } = upload;
  const note: Note = { note: 1, token, key: fullKey.slice(prefix.length), uploadId };
  await client.send(
    new sdk.PutObjectCommand({
      Bucket: bucket,
      Key: keyOf(prefix, stage),
      Body: Buffer.from(`${JSON.stringify(note)}\n`),
      ContentType: 'application/json',
      Metadata: { [TOKEN_METADATA]: token },
      ...encryptionInput(options),
    }),
    { abortSignal },
  );
}

/** Never throws: a note that stays says of an upload that is gone, and goes with the next cleaning. */
export async function removeNote({ sdk, client, bucket, prefix }: Bucket, stage: string): Promise<void> {
  const target = { Bucket: bucket, Key: keyOf(prefix, stage) };
  const abortSignal = AbortSignal.timeout(REMOVED_WITHIN);
  await client.send(new sdk.DeleteObjectCommand(target), { abortSignal }).catch(() => {});
}

export interface FoundLeftover extends Leftover {
  /** Without one it is an object that nobody should see. */
  readonly uploadId?: string;
}

/**
 * Uploads with a note of ours, uploads of keys below `_reportctl/`, which are nobody else's, and notes and probes
 * themselves. Those of runs that still go on are among them, by their age.
 */
export async function* leftoversOf(store: Bucket): AsyncGenerator<FoundLeftover> {
  const noted = new Set<string>();
  for await (const { key, version, age } of allObjects(store, UNFINISHED)) {
    const removeIt = () => removeObject(store, `${store.prefix}${key}`, version);
    const note = key.startsWith(BEGINNING) ? await readNote(store, key) : undefined;
    if (note === undefined) {
      yield { key, age, remove: removeIt };
      continue;
    }
    noted.add(note.uploadId);
    const remove = async () => {
      await abortUpload(store, `${store.prefix}${note.key}`, note.uploadId);
      await removeIt();
    };
    yield { key: note.key, age, uploadId: note.uploadId, remove };
  }
  for await (const { key, uploadId, age } of uploadsUnder(store, '_reportctl/')) {
    if (noted.has(uploadId)) continue;
    yield { key, age, uploadId, remove: () => abortUpload(store, `${store.prefix}${key}`, uploadId) };
  }
}

/** Every unfinished upload of this destination, whoever began it. @throws ReportError `destination` */
export async function* uploadsUnder(store: Bucket, beginning: string) {
  const within = `${store.prefix}${beginning}`;
  try {
    for await (const { Key, UploadId, Initiated, answer } of unfinishedUploads(store, within)) {
      yield { key: Key.slice(store.prefix.length), uploadId: UploadId, age: ageOf(Initiated, answer) };
    }
  } catch (error) {
    throw explain(`list the unfinished uploads of s3://${store.bucket}/${within}`, error);
  }
}

/** Undefined for what is no note, or has just been removed. */
async function readNote(store: Bucket, key: string): Promise<Note | undefined> {
  const found = await readObject(store, `${store.prefix}${key}`, AbortSignal.timeout(CONFIRMED_WITHIN));
  try {
    const note = JSON.parse(found?.content.toString('utf8') ?? '') as Partial<Note>;
    const isNote = note.note === 1 && typeof note.key === 'string' && typeof note.uploadId === 'string';
    return isNote ? (note as Note) : undefined;
  } catch {
    return undefined;
  }
}
