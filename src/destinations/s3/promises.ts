// Finds out which conditional requests a store honours, by sending conditions that do not hold.

import { type Bucket, encryptionInput } from './bucket.js';
import { statusOf } from './failures.js';
import { deleteKnown } from './removing.js';
import { abortUpload, beginUpload } from './uploads.js';

/** The outcome of a request whose condition does not hold. */
export interface ConditionOutcome {
  readonly subject: string;
  /** The finding when the store refused the request, as it should. */
  readonly kept: string;
  /** The finding when the store carried the request out all the same. */
  readonly ignored: string;
  /** Undefined when the request was carried out. */
  readonly refusal: { readonly error: unknown } | undefined;
}

/** An ETag that no content has. */
const UNUSED_ETAG = '"00000000000000000000000000000000"';

const CONDITIONS = [
  {
    subject: 'publishing once',
    condition: { IfNoneMatch: '*' },
    kept: 'an existing key is refused',
    ignored: 'conditional writes are ignored by this store: two runs could overwrite each other',
  },
  {
    subject: 'replacing',
    condition: { IfMatch: UNUSED_ETAG },
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
 * Tries every condition on a key that holds the probe: when putting an object, when completing an upload in parts, which
 * some stores treat differently, and when removing.
 * @throws what the SDK throws when a request could not be sent
 */
export async function tryConditions(store: Bucket, key: string): Promise<ConditionOutcome[]> {
  const outcomes: ConditionOutcome[] = [];
  for (const { condition, ...meaning } of CONDITIONS) {
    outcomes.push({ ...meaning, refusal: await refusalOf(() => putProbe(store, key, condition)) });
  }
  return [...outcomes, ...(await tryInParts(store, key)), await tryRemoving(store, key)];
}

async function tryInParts(store: Bucket, key: string): Promise<ConditionOutcome[]> {
  const { sdk, client, bucket, options } = store;
  const target = { Bucket: bucket, Key: key };
  const outcomes: ConditionOutcome[] = [];
  let open: string | undefined;
  try {
    for (const { condition, subject, kept, ignored } of CONDITIONS) {
      // An upload whose completion was refused is used again for the next condition.
      open ??= (await beginUpload(store, { ...target, ...encryptionInput(options) })).uploadId;
      const part = { ...target, UploadId: open, PartNumber: 1 };
      const { ETag } = await client.send(new sdk.UploadPartCommand({ ...part, Body: BODY }));
      const completion = { ...target, UploadId: open, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
      const refusal = await refusalOf(() =>
        client.send(new sdk.CompleteMultipartUploadCommand({ ...completion, ...condition })),
      );
      if (!refusal) open = undefined;
      outcomes.push({
        subject: `${subject}, in parts`,
        kept,
        ignored: ignored.replace('by this store', 'by this store for files that go up in parts'),
        refusal,
      });
    }
  } finally {
    if (open !== undefined) await abortUpload(store, key, open);
  }
  return outcomes;
}

async function tryRemoving(store: Bucket, key: string): Promise<ConditionOutcome> {
  return {
    subject: 'removing',
    kept: 'a changed key is left alone',
    ignored: 'the store compares nothing when it deletes, so we compare right before',
    refusal: await refusalOf(() => deleteKnown(store, key, { etag: UNUSED_ETAG })),
  };
}

async function refusalOf(action: () => Promise<unknown>): Promise<ConditionOutcome['refusal']> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** Whether the store refused with 412 Precondition Failed. */
export function isKept({ refusal }: ConditionOutcome): boolean {
  return refusal !== undefined && statusOf(refusal.error) === 412;
}
