// An S3 server over HTTP, in memory, that checks what it is sent as S3 does and fails when and how a test asks for it.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, decoded, elementOf, md5, S3Error, send, xml } from './s3-server/wire.js';

export interface S3ServerOptions {
  readonly bucket: string;
  /** Which answers confirm the encryption that was asked for: all unless told; `parts` as MinIO, not that to creating an upload. */
  readonly encryptionEchoed?: boolean | 'parts';
  /** Accepts `If-None-Match` and `If-Match` and does nothing about them, as some stores do. */
  readonly conditionsIgnored?: boolean;
  /** Bytes of any part but the last; 5 MiB unless told. */
  readonly minimumPartSize?: number;
  /** Refuses parts of different sizes (but for the last), as Cloudflare R2 does. */
  readonly equalParts?: boolean;
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
}

export interface S3Upload {
  readonly uploadId: string;
  readonly key: string;
  /** Milliseconds since the epoch; a test may make an upload old. */
  initiated: number;
  readonly parts: Map<number, { readonly body: Buffer; readonly etag: string; readonly crc32: string }>;
  readonly template: Omit<S3Object, 'body' | 'etag' | 'modified'>;
}

export interface S3Request {
  readonly method: string;
  readonly path: string;
  /** Named as the SDK names it: PutObject, UploadPart, … */
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * reset: the connection breaks before anything is done · lost: it is done, then the connection breaks ·
 * stall: no answer ever · 200-error: status 200 with an error in the body · a number: that status, nothing done.
 */
export type Manner = 'reset' | 'lost' | 'stall' | '200-error' | 403 | 409 | 500 | 503;

/** The index counts all requests, from 1; `nth` counts those of the operation since the fault was set, from 1. */
export type Match = ((request: S3Request, index: number) => boolean) | { operation: string; nth?: number };

export type S3Server = Awaited<ReturnType<typeof startS3Server>>;

const ERROR_CODES: Record<number, string> = {
  403: 'AccessDenied',
  409: 'ConditionalRequestConflict',
  500: 'InternalError',
  503: 'SlowDown',
};

interface Call {
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly crc32: string;
}

/** Starts a server on a free port of 127.0.0.1, for path-style requests. */
export async function startS3Server(options: S3ServerOptions) {
  const { bucket, encryptionEchoed = true, minimumPartSize = 5 * 1024 * 1024 } = options;
  const objects = new Map<string, S3Object>();
  const uploads = new Map<string, S3Upload>();
  const requests: S3Request[] = [];
  let faults: { applies: (request: S3Request, index: number) => boolean; manner: Manner; times: number }[] =
    [];
  let count = 0;

  const operations: Record<string, (call: Call) => Answer> = {
    HeadBucket: () => ({ status: 200 }),
    PutObject: ({ key, headers, body, crc32: checksum }) => {
      checkConditions(key, headers);
      const object = { ...templateOf(headers), body, etag: md5(body), modified: new Date() };
      objects.set(key, object);
      return {
        status: 200,
        headers: { etag: object.etag, 'x-amz-checksum-crc32': checksum, ...encryptionHeaders(object) },
      };
    },
    GetObject: ({ key }) => ({ status: 200, headers: objectHeaders(found(key)), body: found(key).body }),
    HeadObject: ({ key }) => ({
      status: 200,
      headers: { ...objectHeaders(found(key)), 'content-length': String(found(key).body.length) },
    }),
    DeleteObject: ({ key, headers }) => {
      if (headers['if-match'] !== undefined) checkConditions(key, headers);
      objects.delete(key);
      return { status: 204 };
    },
    CreateMultipartUpload: ({ key, headers }) => {
      const template = templateOf(headers);
      const uploadId = randomUUID();
      uploads.set(uploadId, { uploadId, key, initiated: Date.now(), parts: new Map(), template });
      return xml(
        'InitiateMultipartUploadResult',
        { Bucket: bucket, Key: key, UploadId: uploadId },
        encryptionEchoed === 'parts' ? {} : encryptionHeaders(template),
      );
    },
    UploadPart: ({ key, query, body, crc32: checksum }) => {
      const upload = open(key, query);
      const number = Number(query.get('partNumber'));
      if (!(number >= 1 && number <= 10_000)) throw new S3Error(400, 'InvalidArgument');
      upload.parts.set(number, { body, etag: md5(body), crc32: checksum });
      const headers = { etag: md5(body), 'x-amz-checksum-crc32': checksum };
      return { status: 200, headers: { ...headers, ...encryptionHeaders(upload.template) } };
    },
    CompleteMultipartUpload: ({ key, query, headers, body }) => {
      const upload = open(key, query);
      const parts = completedParts(upload, body.toString());
      checkConditions(key, headers);
      const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag.slice(1, -1), 'hex')));
      const etag = `"${md5(digests).slice(1, -1)}-${parts.length}"`;
      const whole = Buffer.concat(parts.map((part) => part.body));
      objects.set(key, { ...upload.template, body: whole, etag, modified: new Date() });
      uploads.delete(upload.uploadId);
      return xml(
        'CompleteMultipartUploadResult',
        { Bucket: bucket, Key: key, ETag: etag },
        encryptionHeaders(upload.template),
      );
    },
    AbortMultipartUpload: ({ key, query }) => {
      uploads.delete(open(key, query).uploadId);
      return { status: 204 };
    },
    ListParts: ({ key, query }) => {
      const { uploadId, parts } = open(key, query);
      const page = [...parts].sort(([a], [b]) => a - b).slice(0, Number(query.get('max-parts') ?? 1000));
      const Part = page.map(([PartNumber, { body, etag }]) => ({
        PartNumber,
        ETag: etag,
        Size: body.length,
      }));
      const IsTruncated = page.length < parts.size;
      return xml('ListPartsResult', { Bucket: bucket, Key: key, UploadId: uploadId, IsTruncated, Part });
    },
    ListMultipartUploads: ({ query }) => {
      const after = `${query.get('key-marker') ?? ''}\0${query.get('upload-id-marker') ?? ''}`;
      const place = ({ key, uploadId }: S3Upload) => `${key}\0${uploadId}`;
      const all = [...uploads.values()]
        .filter(({ key }) => key.startsWith(query.get('prefix') ?? ''))
        .filter((upload) => after === '\0' || place(upload) > after)
        .sort((a, b) => (place(a) < place(b) ? -1 : 1));
      const page = all.slice(0, Number(query.get('max-uploads') ?? 1000));
      const IsTruncated = page.length < all.length;
      return xml('ListMultipartUploadsResult', {
        Bucket: bucket,
        IsTruncated,
        NextKeyMarker: IsTruncated ? page.at(-1)?.key : undefined,
        NextUploadIdMarker: IsTruncated ? page.at(-1)?.uploadId : undefined,
        Upload: page.map(({ key, uploadId, initiated }) => ({
          Key: key,
          UploadId: uploadId,
          Initiated: new Date(initiated).toISOString(),
        })),
      });
    },
    ListObjectsV2: ({ query }) => {
      const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
      const all = [...objects.keys()]
        .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
        .sort();
      const page = all.slice(0, Number(query.get('max-keys') ?? 1000));
      const IsTruncated = page.length < all.length;
      return xml('ListBucketResult', {
        Name: bucket,
        KeyCount: page.length,
        IsTruncated,
        NextContinuationToken: IsTruncated ? page.at(-1) : undefined,
        Contents: page.map((key) => {
          const { etag, body, modified } = found(key);
          return { Key: key, LastModified: modified.toISOString(), ETag: etag, Size: body.length };
        }),
      });
    },
  };

  function found(key: string): S3Object {
    const object = objects.get(key);
    if (!object) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
    return object;
  }

  function open(key: string, query: URLSearchParams): S3Upload {
    const upload = uploads.get(query.get('uploadId') ?? '');
    if (upload?.key !== key) throw new S3Error(404, 'NoSuchUpload', 'The specified upload does not exist.');
    return upload;
  }

  function checkConditions(key: string, headers: IncomingHttpHeaders): void {
    if (options.conditionsIgnored) return;
    if (headers['if-none-match'] === '*' && objects.has(key)) throw new S3Error(412, 'PreconditionFailed');
    const expected = headers['if-match'];
    if (expected !== undefined && found(key).etag !== expected) throw new S3Error(412, 'PreconditionFailed');
  }

  function completedParts(upload: S3Upload, body: string) {
    const listed = [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
      number: Number(elementOf(part, 'PartNumber')),
      etag: elementOf(part, 'ETag'),
      checksum: elementOf(part, 'ChecksumCRC32'),
    }));
    if (listed.length === 0) throw new S3Error(400, 'MalformedXML');
    if (listed.some(({ number }, index) => number <= (listed[index - 1]?.number ?? 0))) {
      throw new S3Error(400, 'InvalidPartOrder');
    }
    const parts = listed.map(({ number, etag, checksum }) => {
      const part = upload.parts.get(number);
      const same = part?.etag === `"${etag?.replaceAll('"', '')}"`;
      if (!part || !same || (checksum !== undefined && checksum !== part.crc32)) {
        throw new S3Error(400, 'InvalidPart');
      }
      return part;
    });
    for (const { body: bytes } of parts.slice(0, -1)) {
      if (bytes.length < minimumPartSize) throw new S3Error(400, 'EntityTooSmall');
      if (options.equalParts && bytes.length !== parts[0]?.body.length) throw new S3Error(400, 'InvalidPart');
    }
    return parts;
  }

  function encryptionHeaders({ encryption }: Pick<S3Object, 'encryption'>): Record<string, string> {
    if (!encryptionEchoed || !encryption) return {};
    return {
      'x-amz-server-side-encryption': encryption.algorithm,
      ...(encryption.keyId && { 'x-amz-server-side-encryption-aws-kms-key-id': encryption.keyId }),
    };
  }

  function objectHeaders(object: S3Object): Record<string, string> {
    const metadata = Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
    return {
      ...object.headers,
      ...Object.fromEntries(metadata),
      ...encryptionHeaders(object),
      etag: object.etag,
      'last-modified': object.modified.toUTCString(),
    };
  }

  function authorize(request: IncomingMessage, name: string): void {
    const accessKeyId = /Credential=([^/]+)\//.exec(request.headers.authorization ?? '')?.[1];
    if (accessKeyId === undefined || name === options.forbiddenBucket) throw new S3Error(403, 'AccessDenied');
    if (options.accessKeyId !== undefined && accessKeyId !== options.accessKeyId) {
      throw new S3Error(403, 'InvalidAccessKeyId');
    }
    if (name !== bucket) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, name = '', rest = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
    const key = decodeURIComponent(rest);
    const operation = operationOf(request.method ?? '', key, url.searchParams);
    const entry = {
      method: request.method ?? '',
      path: request.url ?? '',
      operation,
      headers: request.headers,
    };
    requests.push(entry);
    count += 1;
    const fault = faults.filter(({ applies }) => applies(entry, count)).find(({ times }) => times > 0);
    if (fault) fault.times -= 1;
    if (fault?.manner === 'reset') {
      request.socket.destroy();
      return;
    }
    const respond = (body: Buffer) => {
      if (fault?.manner === 'stall') return;
      let answer: Answer;
      try {
        if (typeof fault?.manner === 'number') {
          throw new S3Error(fault.manner, ERROR_CODES[fault.manner] ?? 'InternalError', 'made to fail');
        }
        if (fault?.manner === '200-error') throw new S3Error(200, 'InternalError', 'made to fail');
        authorize(request, name);
        const act = operations[operation];
        if (!act) throw new S3Error(501, 'NotImplemented', `${operation} is not implemented`);
        answer = act({
          key,
          query: url.searchParams,
          headers: request.headers,
          ...decoded(request.headers, body),
        });
      } catch (error) {
        if (!(error instanceof S3Error)) throw error;
        answer = xml('Error', { Code: error.code, Message: error.message }, {}, error.status);
      }
      if (fault?.manner === 'lost') request.socket.destroy();
      else send(response, answer, request.method === 'HEAD');
    };
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => respond(Buffer.concat(chunks)));
    // A client that gives up in the middle has sent nothing.
    request.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    /** What a process needs to use this server and nothing else. */
    environment: {
      AWS_ENDPOINT_URL_S3: url,
      AWS_ACCESS_KEY_ID: options.accessKeyId ?? 'test-access-key',
      AWS_SECRET_ACCESS_KEY: 'test-secret-key',
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      REPORTCTL_S3_PATH_STYLE: 'true',
    },
    get: (key: string): S3Object | undefined => objects.get(key),
    keys: (): string[] => [...objects.keys()].sort(),
    /** Puts an object behind everybody's back. */
    put(key: string, body: Buffer | string, headers: Record<string, string> = {}): void {
      const bytes = Buffer.from(body);
      objects.set(key, { ...templateOf(headers), body: bytes, etag: md5(bytes), modified: new Date() });
    },
    /** The multipart uploads that are neither completed nor aborted. */
    uploads: (): S3Upload[] => [...uploads.values()],
    /** Begins an upload behind everybody's back. */
    begin(upload: S3Upload): void {
      uploads.set(upload.uploadId, upload);
    },
    requests,
    /** Makes matching requests fail, the first `times` of them; all unless told. `nth` alone means that one only. */
    fail(match: Match, manner: Manner, times = Number.POSITIVE_INFINITY): void {
      if (typeof match === 'function') {
        faults.push({ applies: match, manner, times });
        return;
      }
      let seen = 0;
      const applies = ({ operation }: S3Request) => {
        if (operation !== match.operation) return false;
        seen += 1;
        return match.nth === undefined || seen === match.nth;
      };
      faults.push({ applies, manner, times });
    },
    /** Forgets objects, uploads, requests, their count, and faults. */
    reset(): void {
      objects.clear();
      uploads.clear();
      requests.length = 0;
      faults = [];
      count = 0;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function operationOf(method: string, key: string, query: URLSearchParams): string {
  if (key === '') {
    if (method === 'HEAD') return 'HeadBucket';
    if (method === 'GET' && query.has('uploads')) return 'ListMultipartUploads';
    if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
    return `${method} on the bucket`;
  }
  const inUpload = query.has('uploadId');
  const names: Record<string, string> = {
    PUT: inUpload ? 'UploadPart' : 'PutObject',
    GET: inUpload ? 'ListParts' : 'GetObject',
    HEAD: 'HeadObject',
    DELETE: inUpload ? 'AbortMultipartUpload' : 'DeleteObject',
    POST: inUpload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload',
  };
  return names[method] ?? method;
}

function templateOf(headers: IncomingHttpHeaders): S3Upload['template'] {
  const algorithm = headers['x-amz-server-side-encryption'];
  const keyId = headers['x-amz-server-side-encryption-aws-kms-key-id'];
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
    encryption:
      algorithm === undefined
        ? undefined
        : { algorithm: String(algorithm), ...(keyId !== undefined && { keyId: String(keyId) }) },
  };
}
