// A bucket, with an optional prefix, as a destination.
import { ReportError } from '../errors.js';
import type { Destination } from '../table.js';
import { alreadyExists } from './contract/existing.js';
import { checkKey } from './contract/key.js';
import { explain } from './s3/failures.js';
import type { S3Options } from './s3/options.js';
import { probe } from './s3/probe.js';
import { stageObject } from './s3/staged.js';
import { openStore, type Store } from './s3/store.js';

interface Options {
  readonly token: string;
  readonly signal: AbortSignal;
  readonly s3: S3Options;
}

/**
 * Opens `s3://bucket/optional/prefix`; no request is sent yet.
 * AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true must be in the environment by now, or Node 20 prints a warning.
 * @throws ReportError `usage` for a bad name, a missing region, or clear text HTTP to another machine.
 */
export async function openS3(where: string, { token, signal, s3: options }: Options): Promise<Destination> {
  const { bucket, prefix } = parse(where);
  if (options.partSize < SMALLEST_PART || options.partSize > LARGEST_PART) {
    throw new ReportError('usage', `S3 has no parts of ${options.partSize} bytes`, {
      hint: 'REPORTCTL_S3_PART_SIZE must be from 5 MiB to 5 GiB.',
    });
  }
  const store = await openStore(bucket, options);
  const keyOf = (key: string) => {
    checkKey(key);
    const full = `${prefix}${key}`;
    checkKey(full);
    return full;
  };
  return {
    label: prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix.slice(0, -1)}`,
    stage: async (key, how) => stageObject(store, keyOf(key), { ...how, token, signal, alreadyExists }),
    read: async (key) => read(store, keyOf(key), signal),
    check: () => probe(store, prefix, token),
    close: async () => store.client.destroy(),
  };
}

/** S3's limits on a part, in bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const SMALLEST_PART = 5 * 1024 ** 2;
const LARGEST_PART = 5 * 1024 ** 3;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

function parse(where: string): { bucket: string; prefix: string } {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(where) ?? [];
  if (!BUCKET.test(bucket)) {
    throw new ReportError(
      'usage',
      `${JSON.stringify(where)} does not name a bucket: "${bucket}" cannot be one`,
      {
        hint: 'Write s3://bucket or s3://bucket/prefix; a bucket has 3 to 63 lower-case letters, digits, dots and hyphens.',
      },
    );
  }
  const prefix = path.replace(/\/$/, '');
  if (prefix === '') return { bucket, prefix };
  checkKey(prefix);
  return { bucket, prefix: `${prefix}/` };
}

async function read(
  { sdk, client, bucket }: Store,
  key: string,
  abortSignal: AbortSignal,
): Promise<Buffer | undefined> {
  abortSignal.throwIfAborted();
  try {
    const answer = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
    if (!answer.Body) throw new Error('the answer has no body');
    return Buffer.from(await answer.Body.transformToByteArray());
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    abortSignal.throwIfAborted();
    throw explain(`read s3://${bucket}/${key}`, error);
  }
}
