// Which conditions a store honours, asked by breaking them on purpose.

import { type Bucket, encryptionInput } from './bucket.js';
import { statusOf } from './failures.js';
import { deleteKnown } from './removing.js';
import { abortUpload, beginUpload } from './uploads.js';

/** What became of a request whose condition does not hold. */
export interface Asked {
  readonly subject: string;
  /** What it means that the store refused it, as it should. */
  readonly kept: string;
  /** What it means that the store did it all the same. */
  readonly ignored: string;
  /** Undefined when it was done all the same. */
  readonly refusal: { readonly error: unknown } | undefined;
}

/** An ETag that no content has. */
const NOBODYS = '"00000000000000000000000000000000"';

const CONDITIONS = [
  {
    subject: 'publishing once',
    condition: { IfNoneMatch: '*' },
    kept: 'an existing key is refused',
    ignored: 'conditional writes are ignored by this store: two runs could overwrite each other',
  },
  {
    subject: 'replacing',
    condition: { IfMatch: NOBODYS },
    kept: 'a changed key is refused',
    ignored:
      'If-Match is ignored by this store: what another run has just written could be replaced unseen, and so could its lease',
  },
];

const BODY = Buffer.from('reportctl check\n');

/** @throws what the SDK throws */
export function putProbe({ sdk, client, bucket, options }: Bucket, key: string, condition = {}) {
  return client.send(
    new sdk.PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: BODY,
      ContentType: 'text/plain',
      ...condition,
      ...encryptionInput(options),
    }),
  );
}

/**
 * Asks all of it at a key that has the probe. Completing an upload is another operation than putting an object, and some
 * stores know conditions only there.
 * @throws what the SDK throws when it could not be asked
 */
export async function askConditions(store: Bucket, key: string): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const { condition, ...meaning } of CONDITIONS) {
    asked.push({ ...meaning, refusal: await refusalOf(() => putProbe(store, key, condition)) });
  }
  return [...asked, ...(await askInParts(store, key)), await askRemoving(store, key)];
}

async function askInParts(store: Bucket, key: string): Promise<Asked[]> {
  const { sdk, client, bucket, options } = store;
  const target = { Bucket: bucket, Key: key };
  const asked: Asked[] = [];
  let open: string | undefined;
  try {
    for (const { condition, subject, kept, ignored } of CONDITIONS) {
      // One that was completed all the same is gone; one that was refused serves the next question too.
      open ??= (await beginUpload(store, { ...target, ...encryptionInput(options) })).uploadId;
      const part = { ...target, UploadId: open, PartNumber: 1 };
      const { ETag } = await client.send(new sdk.UploadPartCommand({ ...part, Body: BODY }));
      const completion = { ...target, UploadId: open, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
      const refusal = await refusalOf(() =>
        client.send(new sdk.CompleteMultipartUploadCommand({ ...completion, ...condition })),
      );
      if (!refusal) open = undefined;
      asked.push({
        subject: `${subject}, in parts`,
        kept,
        ignored: ignored.replace('by this store', 'by this store for files that go up in parts'),
        refusal,
      });
    }
  } finally {
    if (open !== undefined) await abortUpload(store, key, open);
  }
  return asked;
}

async function askRemoving(store: Bucket, key: string): Promise<Asked> {
  return {
    subject: 'removing',
    kept: 'a changed key is left alone',
    ignored: 'the store compares nothing when it deletes, so we compare right before',
    refusal: await refusalOf(() => deleteKnown(store, key, { etag: NOBODYS })),
  };
}

async function refusalOf(action: () => Promise<unknown>): Promise<Asked['refusal']> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** 412 is how a store says that a condition does not hold. */
export function isKept({ refusal }: Asked): boolean {
  return refusal !== undefined && statusOf(refusal.error) === 412;
}
