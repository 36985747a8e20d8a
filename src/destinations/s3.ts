// A bucket, with an optional prefix, as a destination.

import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { alreadyExists, changed } from '../core/existing-file.js';
import type { S3Address } from './address.js';
import { checkKey, checkPrefix } from './contract/key.js';
import { capacityOf, LARGEST_PART, PART_SIZE_SETTING, SMALLEST_PART } from './s3/capacity.js';
import { copyObject } from './s3/copying.js';
import { leftoversOf } from './s3/notes.js';
import type { S3Options } from './s3/options.js';
import { brokenPromises, probe } from './s3/probe.js';
import { downloadObject, listObjects, readObject, statObject } from './s3/reading.js';
import { removeObject } from './s3/removing.js';
import { stageObject } from './s3/staged.js';
import { openStore } from './s3/store.js';

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
export async function openS3(
  address: S3Address,
  { token, signal, s3: options }: Options,
): Promise<Destination> {
  const { bucket } = address;
  const prefix = checkedPrefix(address);
  if (options.partSize < SMALLEST_PART || options.partSize > LARGEST_PART) {
    throw new ReportError('usage', `S3 has no parts of ${options.partSize} bytes`, {
      hint: `${PART_SIZE_SETTING} must be from 5 MiB to 5 GiB.`,
    });
  }
  const store = await openStore(bucket, prefix, options);
  const keyOf = (key: string) => {
    checkKey(key);
    const full = `${prefix}${key}`;
    checkKey(full);
    return full;
  };
  let promises: Promise<readonly string[]> | undefined;
  return {
    label: prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix.slice(0, -1)}`,
    capacity: { bytes: capacityOf(options), setting: PART_SIZE_SETTING, current: options.partSize },
    stage: async (key, how) =>
      stageObject(store, keyOf(key), { ...how, token, signal, alreadyExists, changed }),
    read: async (key) => readObject(store, keyOf(key), signal),
    stat: async (key) => statObject(store, keyOf(key), signal),
    async *download(key) {
      yield* downloadObject(store, keyOf(key), signal);
    },
    async *list(beginning) {
      checkPrefix(beginning);
      yield* listObjects(store, beginning, signal);
    },
    copy: async ({ key, version }, to) =>
      copyObject(store, { key: keyOf(key), version }, keyOf(to), { token, signal, changed }),
    remove: async ({ key, version }) => removeObject(store, keyOf(key), version),
    leftovers: () => leftoversOf(store),
    promises() {
      promises ??= brokenPromises(store, token).catch((error: unknown) => {
        promises = undefined;
        throw error;
      });
      return promises;
    },
    check: () => probe(store, token),
    close: async () => store.client.destroy(),
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Empty, or ending in a slash. @throws ReportError `usage` for a bucket or a prefix that S3 cannot have */
function checkedPrefix({ bucket, path }: S3Address): string {
  if (!BUCKET.test(bucket)) {
    throw new ReportError('usage', `${JSON.stringify(bucket)} cannot be the name of a bucket`, {
      hint: 'Write s3://bucket or s3://bucket/prefix; a bucket has 3 to 63 lower-case letters, digits, dots and hyphens.',
    });
  }
  const prefix = path.replace(/\/$/, '');
  if (prefix === '') return prefix;
  checkKey(prefix);
  return `${prefix}/`;
}
