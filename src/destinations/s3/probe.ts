// Whether a bucket can do what publishing needs: write, encrypt, refuse to overwrite, clean up.
import { randomUUID } from 'node:crypto';
import { messageOf } from '../../errors.js';
import type { Finding } from '../../table.js';
import { explain, statusOf } from './failures.js';
import { STAGE_METADATA, takeBack } from './outcome.js';
import { encryptionFault, encryptionInput, type Store } from './store.js';
import { abortUpload, unfinishedUploads } from './uploads.js';

/** Hours after which no run of ours can still be uploading. */
const STALE_AFTER = 24;

/**
 * Writes and removes one small object. Never throws: what fails is a finding.
 * @param prefix the keys of this destination begin with it; empty or ending in a slash
 */
export async function probe(store: Store, prefix: string, token: string): Promise<Finding[]> {
  const key = `${prefix}_reportctl/check-${token}`;
  const stage = randomUUID();
  const findings: Finding[] = [];
  const put = await attempt(() => putProbe(store, key, stage));
  if ('error' in put) {
    findings.push({
      subject: 'write',
      ok: false,
      detail: failed(`write s3://${store.bucket}/${key}`, put.error),
    });
  } else {
    findings.push(
      { subject: 'write', ok: true, detail: `s3://${store.bucket}/${key}` },
      encryptionFinding(store, put.answer),
      await putFinding(store, key, stage),
      await multipartFinding(store, key),
    );
  }
  // Also after an error: the object may be there although its answer was lost.
  findings.push(await removalFinding(store, key, stage), await unfinishedFinding(store, prefix));
  return findings;
}

type Attempt<Answer> = { readonly answer: Answer } | { readonly error: unknown };

async function attempt<Answer>(action: () => Promise<Answer>): Promise<Attempt<Answer>> {
  try {
    return { answer: await action() };
  } catch (error) {
    return { error };
  }
}

function failed(doing: string, error: unknown): string {
  const explained = explain(doing, error);
  return explained.hint === undefined ? explained.message : `${explained.message}. ${explained.hint}`;
}

function putProbe({ sdk, client, bucket, options }: Store, key: string, stage: string) {
  return client.send(
    new sdk.PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: Buffer.from('reportctl check\n'),
      ContentType: 'text/plain',
      Metadata: { [STAGE_METADATA]: stage },
      IfNoneMatch: '*',
      ...encryptionInput(options),
    }),
  );
}

function encryptionFinding({ options }: Store, answer: Parameters<typeof encryptionFault>[1]): Finding {
  const fault = encryptionFault(options, answer);
  const got = answer.ServerSideEncryption ?? 'no encryption';
  const detail = options.encryption === 'none' ? `not asked for; the store confirmed ${got}` : got;
  return { subject: 'encryption', ok: fault === undefined, detail: fault ?? detail };
}

async function putFinding(store: Store, key: string, stage: string): Promise<Finding> {
  return conditionFinding('publishing once', await attempt(() => putProbe(store, key, stage)));
}

/** Completing an upload is another operation than putting an object, and some stores know conditions only there. */
async function multipartFinding(store: Store, key: string): Promise<Finding> {
  const subject = 'publishing once, in parts';
  const { sdk, client, bucket, options } = store;
  const target = { Bucket: bucket, Key: key };
  const created = await attempt(() =>
    client.send(new sdk.CreateMultipartUploadCommand({ ...target, ...encryptionInput(options) })),
  );
  const uploadId = 'answer' in created ? created.answer.UploadId : undefined;
  if ('error' in created || uploadId === undefined) {
    return {
      subject,
      ok: false,
      detail: failed('begin an upload', 'error' in created ? created.error : undefined),
    };
  }
  const completed = await attempt(async () => {
    const part = { ...target, UploadId: uploadId, PartNumber: 1 };
    const { ETag } = await client.send(
      new sdk.UploadPartCommand({ ...part, Body: Buffer.from('reportctl check\n') }),
    );
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const completion = { ...target, UploadId: uploadId, MultipartUpload, IfNoneMatch: '*' };
    return client.send(new sdk.CompleteMultipartUploadCommand(completion));
  });
  const aborted = await attempt(() => abortUpload(store, key, uploadId));
  return 'error' in aborted
    ? { subject, ok: false, detail: messageOf(aborted.error) }
    : conditionFinding(subject, completed);
}

function conditionFinding(subject: string, second: Attempt<unknown>): Finding {
  if ('answer' in second) {
    const detail = 'conditional writes are ignored by this store: two runs could overwrite each other';
    return { subject, ok: false, detail };
  }
  return statusOf(second.error) === 412
    ? { subject, ok: true, detail: 'an existing key is refused' }
    : { subject, ok: false, detail: failed('write a second time', second.error) };
}

async function removalFinding(store: Store, key: string, stage: string): Promise<Finding> {
  const removed = await attempt(() => removeProbe(store, key, stage));
  return 'error' in removed
    ? { subject: 'removing the probe', ok: false, detail: messageOf(removed.error) }
    : { subject: 'removing the probe', ok: true, detail: 'nothing is left' };
}

async function removeProbe(store: Store, key: string, stage: string): Promise<void> {
  await takeBack(store, key, stage);
  // A store that ignores conditions has let the multipart probe, which carries no mark, replace ours.
  const target = { Bucket: store.bucket, Key: key };
  await store.client.send(new store.sdk.DeleteObjectCommand(target));
}

async function unfinishedFinding(store: Store, prefix: string): Promise<Finding> {
  const subject = 'unfinished uploads';
  const found = await attempt(async () => {
    const ages: { key: string; hours: number }[] = [];
    for await (const { Key, Initiated } of unfinishedUploads(store, prefix)) {
      const hours = Initiated ? Math.floor((Date.now() - Initiated.getTime()) / 3_600_000) : 0;
      ages.push({ key: Key, hours });
    }
    return ages.sort((a, b) => b.hours - a.hours);
  });
  if ('error' in found) return { subject, ok: false, detail: failed('list unfinished uploads', found.error) };
  const oldest = found.answer[0];
  if (!oldest) return { subject, ok: true, detail: 'none' };
  const detail = `${found.answer.length}; the oldest is ${oldest.hours} hours old, of ${oldest.key}`;
  return oldest.hours < STALE_AFTER
    ? { subject, ok: true, detail }
    : {
        subject,
        ok: false,
        detail: `${detail}. They cost money: add a lifecycle rule AbortIncompleteMultipartUpload`,
      };
}
