// One upload to a store that fails, and what must hold afterwards.
import type { Published } from '../../../src/core/destination.js';
import { openDestination } from '../../../src/destinations/index.js';
import type { S3Options } from '../../../src/destinations/s3/options.js';
import { type S3Server, type S3ServerOptions, startS3Server } from '../s3-server.js';
import { options, PART } from './faults.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
process.env.AWS_ACCESS_KEY_ID = 'test-access-key';
process.env.AWS_SECRET_ACCESS_KEY = 'test-secret-key';

/** Bytes; an odd number, so that chunks and parts do not end together. */
const CHUNK = 13_003;

export const OLD = Buffer.from('the old report');
export const KEY = 'reports/a.csv';

interface Attempt {
  readonly body: Buffer;
  /** `version` is that of what is there when the upload begins. */
  readonly existing?: 'never' | 'replace' | 'version';
  readonly server?: Partial<S3ServerOptions>;
  readonly s3?: Partial<S3Options>;
  readonly signal?: AbortSignal;
  readonly prepare?: (server: S3Server) => void;
  /** What must hold afterwards, while the server still runs. */
  readonly expect: (
    outcome: { published?: Published; error?: unknown },
    server: S3Server,
  ) => void | Promise<void>;
}

/** Stages, writes, and publishes, or discards when writing failed: as an export does. */
export async function attempt({
  body,
  existing = 'never',
  s3,
  signal,
  prepare,
  expect,
  ...more
}: Attempt): Promise<void> {
  const server = await startS3Server({ bucket: 'bucket', minimumPartSize: PART, ...more.server });
  const destination = await openDestination('s3://bucket', {
    token: 'run-1',
    signal: signal ?? new AbortController().signal,
    s3: { ...options, endpoint: server.url, ...s3 },
  });
  try {
    prepare?.(server);
    const version = server.get(KEY)?.etag ?? 'none';
    const staged = await destination.stage(KEY, {
      contentType: 'text/csv',
      existing: existing === 'version' ? { version } : existing,
    });
    const write = async () => {
      for (let at = 0; at < body.length; at += CHUNK) await staged.write(body.subarray(at, at + CHUNK));
    };
    const outcome = await write().then(
      () =>
        staged.publish().then(
          (published) => ({ published }),
          (error: unknown) => ({ error }),
        ),
      (error: unknown) =>
        staged.discard().then(
          () => ({ error }),
          (left: unknown) => ({ error: left }),
        ),
    );
    await expect(outcome, server);
  } finally {
    await destination.close();
    await server.close();
  }
}
