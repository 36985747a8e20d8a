// Stores for tests of sources: folders, and buckets of a server that takes path-style requests.
import type { OpenStore } from '../../src/core/store.js';
import { openStore } from '../../src/destinations/index.js';
import type { S3Options } from '../../src/destinations/s3/options.js';

/** Endpoint and credentials of S3 come out of `process.env`. */
export function storeOpener(more: Partial<S3Options> = {}): OpenStore {
  const s3: S3Options = {
    pathStyle: true,
    partSize: 16 * 1024 ** 2,
    encryption: 'AES256',
    allowHttp: false,
    ...more,
  };
  return (where, options) => openStore(where, { ...options, s3 });
}
