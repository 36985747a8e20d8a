// What the server keeps, and the rules that several operations share.
import type { IncomingHttpHeaders } from 'node:http';
import { type Answer, S3Error } from './wire.js';

export interface S3ServerOptions {
  readonly bucket: string;
  /** Which answers confirm the encryption that was asked for: all unless told; `parts` as MinIO, not that to creating an upload. */
  readonly encryptionEchoed?: boolean | 'parts';
  /** Accepts conditions and does nothing about them, as some stores do; `in-parts` only at completion. */
  readonly conditionsIgnored?: boolean | 'in-parts';
  /** Deletes without looking at `If-Match`, as MinIO does, or answers 501 to it, as S3 did before September 2025. */
  readonly conditionalDeletes?: 'ignored' | 'refused';
  /** Bytes of any part but the last; 5 MiB unless told. */
  readonly minimumPartSize?: number;
  /** Refuses parts of different sizes (but for the last), as Cloudflare R2 does. */
  readonly equalParts?: boolean;
  /** Bytes that one request copies; 5 GiB unless told. */
  readonly largestCopy?: number;
  /** Entries on a page of a list; 1,000 unless told. */
  readonly pageSize?: number;
  /** Milliseconds that its clock is ahead of ours. */
  readonly clockAhead?: number;
  /** The only access key that is known; any unless told. */
  readonly accessKeyId?: string;
  /** A bucket that exists and that nobody may use. */
  readonly forbiddenBucket?: string;
}

export interface S3Object {
  readonly body: Buffer;
  readonly etag: string;
  /** What S3 keeps of the headers: content-type, content-encoding. */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata, without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly encryption: { readonly algorithm: string; readonly keyId?: string } | undefined;
  readonly modified: Date;
  /** The CRC32 as S3 tells it: of an object in parts it is that of the parts' own, and ends in `-<parts>`. */
  readonly crc32?: string;
}

export interface S3Upload {
  readonly uploadId: string;
  readonly key: string;
  /** Milliseconds since the epoch; a test may make an upload old. */
  initiated: number;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string; readonly crc32: string }>;
  readonly template: Omit<S3Object, 'body' | 'etag' | 'modified' | 'crc32'>;
}

/** One request, decoded. */
export interface Call {
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly crc32: string;
}

export type Operations = Record<string, (call: Call) => Answer>;

export type State = ReturnType<typeof createState>;

export function createState(options: S3ServerOptions) {
  const { encryptionEchoed = true } = options;
  const objects = new Map<string, S3Object>();
  const uploads = new Map<string, S3Upload>();

  return {
    options,
    objects,
    uploads,
    now: () => new Date(Date.now() + (options.clockAhead ?? 0)),

    found(key: string): S3Object {
      const object = objects.get(key);
      if (!object) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
      return object;
    },

    /** 412 when they do not hold; 404 for If-Match where there is nothing. */
    checkConditions(key: string, headers: IncomingHttpHeaders): void {
      if (headers['if-none-match'] === '*' && objects.has(key)) throw new S3Error(412, 'PreconditionFailed');
      const expected = headers['if-match'];
      if (expected !== undefined && this.found(key).etag !== expected) {
        throw new S3Error(412, 'PreconditionFailed');
      }
    },

    /** The bytes of `x-amz-copy-source` and its range, when its own condition holds. */
    copySource(headers: IncomingHttpHeaders): { object: S3Object; bytes: Buffer; key: string } {
      const [, name, key = ''] =
        /^\/?([^/]+)\/(.+)$/.exec(decodeURIComponent(String(headers['x-amz-copy-source']))) ?? [];
      if (name !== options.bucket) throw new S3Error(404, 'NoSuchBucket');
      const object = this.found(key);
      const expected = headers['x-amz-copy-source-if-match'];
      const refused = expected !== undefined && object.etag !== expected;
      if (refused && options.conditionsIgnored !== true) throw new S3Error(412, 'PreconditionFailed');
      const range = headers['x-amz-copy-source-range'];
      const [, first = '0', last = String(object.body.length - 1)] =
        /^bytes=(\d+)-(\d+)$/.exec(String(range ?? '')) ?? [];
      if (range !== undefined && Number(last) >= object.body.length)
        throw new S3Error(400, 'InvalidArgument');
      const bytes = object.body.subarray(Number(first), Number(last) + 1);
      if (bytes.length > (options.largestCopy ?? 5 * 1024 ** 3)) {
        throw new S3Error(400, 'InvalidRequest', 'The specified copy source is larger than the maximum size');
      }
      return { object, bytes, key };
    },

    encryptionHeaders({ encryption }: Pick<S3Object, 'encryption'>): Record<string, string> {
      if (!encryptionEchoed || !encryption) return {};
      return {
        'x-amz-server-side-encryption': encryption.algorithm,
        ...(encryption.keyId && { 'x-amz-server-side-encryption-aws-kms-key-id': encryption.keyId }),
      };
    },
  };
}

export function encryptionOf(headers: IncomingHttpHeaders): S3Object['encryption'] {
  const algorithm = headers['x-amz-server-side-encryption'];
  const keyId = headers['x-amz-server-side-encryption-aws-kms-key-id'];
  return algorithm === undefined
    ? undefined
    : { algorithm: String(algorithm), ...(keyId !== undefined && { keyId: String(keyId) }) };
}

/** What the headers of a request make of an object. */
export function templateOf(headers: IncomingHttpHeaders): S3Upload['template'] {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  const encoding = String(headers['content-encoding'] ?? '').replace(/,?aws-chunked,?/, '');
  return {
    headers: {
      'content-type': String(headers['content-type'] ?? 'application/octet-stream'),
      ...(encoding !== '' && { 'content-encoding': encoding }),
    },
    metadata: Object.fromEntries(
      metadata.map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)]),
    ),
    encryption: encryptionOf(headers),
  };
}

/** S3 lists keys in the order of their bytes in UTF-8. */
export function byKey(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
