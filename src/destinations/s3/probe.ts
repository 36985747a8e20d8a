// Checks whether a bucket can do what publishing needs: write, encrypt, refuse to overwrite, clean up.

import type { Finding } from '../../core/destination.js';
import { messageOf } from '../../core/errors.js';
import { probeName } from '../../core/temporary.js';
import { type Bucket, encryptionFault, UNFINISHED } from './bucket.js';
import { explain } from './failures.js';
import { leftoversOf, uploadsUnder } from './notes.js';
import { type ConditionOutcome, isKept, putProbe, tryConditions } from './promises.js';

/** Milliseconds after which no run of ours can still be uploading. */
const STALE_AFTER = 24 * 3_600_000;

/** Writes and removes one small object. Never throws: what fails is a finding. */
export async function probe(store: Bucket, token: string): Promise<Finding[]> {
  const key = `${store.prefix}${UNFINISHED}${probeName('check', token)}`;
  const findings: Finding[] = [];
  const put = await attempt(() => putProbe(store, key, { IfNoneMatch: '*' }));
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
    );
    const asked = await attempt(() => tryConditions(store, key));
    if ('error' in asked) {
      const detail = failed('find out whether the store honours conditions', asked.error);
      findings.push({ subject: 'conditions', ok: false, detail });
    } else {
      findings.push(...asked.answer.map(conditionFinding));
    }
  }
  // Also after an error: the object may be there although its answer was lost.
  findings.push(await removalFinding(store, key), await unfinishedFinding(store));
  return findings;
}

/**
 * What a run cannot promise here, one sentence each.
 * @throws ReportError `destination` when that cannot be found out
 */
export async function brokenPromises(store: Bucket, token: string): Promise<string[]> {
  const key = `${store.prefix}${UNFINISHED}${probeName('promises', token)}`;
  try {
    await putProbe(store, key);
    const asked = await tryConditions(store, key);
    // Nothing is lost where the store compares nothing when it deletes.
    const broken = asked.filter((one) => one.subject !== 'removing' && !isKept(one));
    for (const { refusal } of broken) if (refusal) throw refusal.error;
    return broken.map(({ ignored }) => `${ignored[0]?.toUpperCase()}${ignored.slice(1)}.`);
  } catch (error) {
    throw explain(`find out whether s3://${store.bucket} honours conditions`, error);
  } finally {
    // One that stays is among the leftovers.
    await removeProbe(store, key).catch(() => {});
  }
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

function encryptionFinding({ options }: Bucket, answer: Parameters<typeof encryptionFault>[1]): Finding {
  const fault = encryptionFault(options, answer);
  const got = answer.ServerSideEncryption ?? 'no encryption';
  const detail = options.encryption === 'none' ? `not asked for; the store confirmed ${got}` : got;
  return { subject: 'encryption', ok: fault === undefined, detail: fault ?? detail };
}

function conditionFinding(outcome: ConditionOutcome): Finding {
  const { subject, kept, ignored, refusal } = outcome;
  if (isKept(outcome)) return { subject, ok: true, detail: kept };
  if (!refusal && subject === 'removing') return { subject, ok: true, detail: ignored };
  if (!refusal) return { subject, ok: false, isUnsafe: true, detail: ignored };
  return { subject, ok: false, detail: failed('break a condition on purpose', refusal.error) };
}

async function removalFinding(store: Bucket, key: string): Promise<Finding> {
  const removed = await attempt(() => removeProbe(store, key));
  return 'error' in removed
    ? { subject: 'removing the probe', ok: false, isUnsafe: true, detail: messageOf(removed.error) }
    : { subject: 'removing the probe', ok: true, detail: 'nothing is left' };
}

async function removeProbe({ sdk, client, bucket }: Bucket, key: string): Promise<void> {
  try {
    await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }));
  } catch (error) {
    throw explain(`remove s3://${bucket}/${key}`, error);
  }
}

async function unfinishedFinding(store: Bucket): Promise<Finding> {
  const subject = 'unfinished uploads';
  const found = await attempt(async () => {
    const ours = [];
    for await (const { key, age, uploadId } of leftoversOf(store)) ours.push({ key, age, uploadId });
    const known = new Set(ours.map(({ uploadId }) => uploadId));
    const others = [];
    for await (const upload of uploadsUnder(store, '')) {
      if (!known.has(upload.uploadId)) others.push(upload);
    }
    return { ours, others };
  });
  if ('error' in found)
    return { subject, ok: false, isUnsafe: true, detail: failed('list unfinished uploads', found.error) };
  const { ours, others } = found.answer;
  const [oldest] = [...ours, ...others].sort((a, b) => b.age - a.age);
  if (!oldest) return { subject, ok: true, detail: 'none' };
  const whose = others.length === 0 ? '' : `, ${others.length} of them not known to be ours`;
  const hours = Math.round(oldest.age / 3_600_000);
  const count = ours.length + others.length;
  const detail = `${count}${whose}; the oldest is ${hours} hours old, of ${oldest.key}`;
  const isStale = ({ age }: { age: number }) => age >= STALE_AFTER;
  const advice = [
    ours.some(isStale) && 'reportctl check --clean removes those of ours that are older than a day',
    others.some(isStale) && 'For the others add a lifecycle rule AbortIncompleteMultipartUpload',
  ].filter((sentence) => sentence !== false);
  if (advice.length === 0) return { subject, ok: true, detail };
  return { subject, ok: false, isUnsafe: true, detail: [`${detail}. They cost money`, ...advice].join('. ') };
}
