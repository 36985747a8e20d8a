// A bucket, with an optional prefix, as a destination.

import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import type { OpenedStore, Store, StoreOptions } from '../core/store.js';
import type { S3Address } from './address.js';
import { checkKey, checkPrefix } from './contract/key.js';
import { openBucket } from './s3/bucket.js';
import { capacityOf, LARGEST_PART, PART_SIZE_SETTING, SMALLEST_PART } from './s3/capacity.js';
import { copyObject } from './s3/copying.js';
import { leftoversOf } from './s3/notes.js';
import type { S3Options } from './s3/options.js';
import { brokenPromises, probe } from './s3/probe.js';
import { downloadObject, listObjects, listSource, readObject, statObject } from './s3/reading.js';
import { removeObject } from './s3/removing.js';
import { stageObject } from './s3/staged.js';

export { preloadSdk } from './s3/bucket.js';

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
  const { smallestPart = SMALLEST_PART } = options;
  if (options.partSize < smallestPart || options.partSize > LARGEST_PART) {
    throw new ReportError('usage', `S3 has no parts of ${options.partSize} bytes`, {
      hint: `${PART_SIZE_SETTING} must be from 5 MiB to 5 GiB.`,
    });
  }
  const store = await openBucket(bucket, prefix, options, 'write');
  const keyOf = (key: string) => {
    checkKey(key);
    const full = `${prefix}${key}`;
    checkKey(full);
    return full;
  };
  let promises: Promise<readonly string[]> | undefined;
  return {
    label: labelOf(bucket, prefix),
    hostLockName: `${store.endpoint}/${bucket}/${prefix}`,
    capacity: { bytes: capacityOf(options), setting: PART_SIZE_SETTING, current: options.partSize },
    stage: async (key, how) => stageObject(store, keyOf(key), { ...how, token, signal }),
    read: async (key) => readObject(store, keyOf(key), signal),
    stat: async (key) => statObject(store, keyOf(key), signal),
    async *download(key, { most, signal: ownSignal = signal } = {}) {
      yield* downloadObject(store, keyOf(key), ownSignal, most);
    },
    async *list(beginning) {
      checkPrefix(beginning);
      yield* listObjects(store, beginning, signal);
    },
    copy: async ({ key, version }, to) =>
      copyObject(store, { key: keyOf(key), version }, keyOf(to), { token, signal }),
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

/**
 * Opens a bucket for reading, or the folder of an object; any key is allowed that S3 can have. No request is sent yet.
 * @throws ReportError as openS3()
 */
export async function openS3ForReading(
  { bucket, path }: S3Address,
  { signal, s3, isFileName }: StoreOptions & { readonly s3: S3Options },
): Promise<OpenedStore> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const key = isFileName(name) ? name : undefined;
  const folder = key === undefined ? path : path.slice(0, -key.length);
  const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const opened = await openBucket(bucket, prefix, s3, 'read');
  const store: Store = {
    label: labelOf(bucket, prefix),
    list: (beginning, onHidden) => listSource(opened, beginning, { signal, onHidden }),
    stat: (within) => statObject(opened, `${prefix}${within}`, signal),
    read: (within) => readObject(opened, `${prefix}${within}`, signal),
    download: (within, { most, signal: ownSignal = signal } = {}) =>
      downloadObject(opened, `${prefix}${within}`, ownSignal, most),
    close: async () => opened.client.destroy(),
  };
  return { store, key };
}

function labelOf(bucket: string, prefix: string): string {
  return prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix.slice(0, -1)}`;
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
