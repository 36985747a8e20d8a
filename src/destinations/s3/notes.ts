// Notes of uploads in parts: they tell the uploads that killed runs left from the uploads of other programs.
import type { Leftover } from '../../core/destination.js';
import { tokenOf } from '../../core/temporary.js';
import { ageOf, type Bucket, encryptionInput, TOKEN_METADATA, UNFINISHED } from './bucket.js';
import { explain } from './failures.js';
import { allObjects, readObject } from './reading.js';
import { CLEANUP_TIMEOUT_MS, removeObject } from './removing.js';
import { abortUpload, unfinishedUploads } from './uploads.js';

/**
 * A small object, written before the first part of an upload, because S3's list of unfinished uploads has no metadata. An
 * upload without a note is of another program, or has no parts yet and costs nothing.
 */
interface Note {
  readonly note: 1;
  /** Of the run that started the upload. */
  readonly token?: string;
  /** Within the destination. */
  readonly key: string;
  readonly uploadId: string;
}

const REMOVE_TIMEOUT_MS = 10_000;

const BEGINNING = `${UNFINISHED}upload-`;
const keyOf = (prefix: string, stage: string) => `${prefix}${BEGINNING}${stage}.json`;

/** @param stage unique to the upload. @throws what the SDK throws */
export async function writeNote(
  { sdk, client, bucket, prefix, options }: Bucket,
  stage: string,
  upload: { readonly token: string; readonly uploadId: string; readonly fullKey: string },
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

/** Never throws: `check --clean` removes a note that stays. */
export async function removeNote({ sdk, client, bucket, prefix }: Bucket, stage: string): Promise<void> {
  const target = { Bucket: bucket, Key: keyOf(prefix, stage) };
  const abortSignal = AbortSignal.timeout(REMOVE_TIMEOUT_MS);
  await client.send(new sdk.DeleteObjectCommand(target), { abortSignal }).catch(() => {});
}

export interface FoundLeftover extends Leftover {
  /** Absent for a hidden object: a probe or a stale note. */
  readonly uploadId?: string;
}

/**
 * Unfinished uploads with a note, unfinished uploads of keys below `_reportctl/`, and hidden objects. Those of runs that are
 * still going on are among them: the caller tells them by their age.
 */
export async function* leftoversOf(store: Bucket): AsyncGenerator<FoundLeftover> {
  const noted = new Set<string>();
  for await (const { key, version, age } of allObjects(store, UNFINISHED)) {
    const removeObjectHere = () => removeObject(store, `${store.prefix}${key}`, version);
    const note = key.startsWith(BEGINNING) ? await readNote(store, key) : undefined;
    if (note === undefined) {
      yield { key, age, token: tokenOf(key), remove: removeObjectHere };
      continue;
    }
    noted.add(note.uploadId);
    const remove = async () => {
      await abortUpload(store, `${store.prefix}${note.key}`, note.uploadId);
      await removeObjectHere();
    };
    yield { key: note.key, age, token: note.token, uploadId: note.uploadId, remove };
  }
  for await (const { key, uploadId, age } of uploadsUnder(store, '_reportctl/')) {
    if (noted.has(uploadId)) continue;
    yield {
      key,
      age,
      token: tokenOf(key),
      uploadId,
      remove: () => abortUpload(store, `${store.prefix}${key}`, uploadId),
    };
  }
}

/** Every unfinished upload of a key that begins so, also of other programs. @throws ReportError `destination` */
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

/** Undefined for an object that is no note, or has just been removed. */
async function readNote(store: Bucket, key: string): Promise<Note | undefined> {
  const found = await readObject(store, `${store.prefix}${key}`, AbortSignal.timeout(CLEANUP_TIMEOUT_MS));
  try {
    const note = JSON.parse(found?.content.toString('utf8') ?? '') as Partial<Note>;
    const isNote = note.note === 1 && typeof note.key === 'string' && typeof note.uploadId === 'string';
    return isNote ? (note as Note) : undefined;
  } catch {
    return undefined;
  }
}
