// An S3 server over HTTP, in memory, that checks what it is sent as S3 does and fails when and how a test asks for it.
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { objectOperations } from './s3-server/objects.js';
import {
  byKey,
  createState,
  type S3Object,
  type S3ServerOptions,
  type S3Upload,
  templateOf,
} from './s3-server/state.js';
import { uploadOperations } from './s3-server/uploads.js';
import { type Answer, decoded, etagOf, S3Error, send, xml } from './s3-server/wire.js';

export type { S3ServerOptions } from './s3-server/state.js';

export interface S3Request {
  readonly method: string;
  readonly path: string;
  /** Named as the SDK names it: PutObject, UploadPart, … */
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * reset: the connection breaks before anything is done · lost: it is done, then the connection breaks ·
 * cut: it is done, and the connection breaks in the middle of the answer's body · stall: no answer ever ·
 * bad-digest: the bytes arrived damaged, nothing done · 200-error: status 200 with an error in the body · a number: that status, nothing done.
 */
export type Manner = 'reset' | 'lost' | 'cut' | 'stall' | '200-error' | 'bad-digest' | 403 | 409 | 500 | 503;

/** The index counts all requests, from 1; `nth` counts those of the operation since the fault was set, from 1. */
export type Match = ((request: S3Request, index: number) => boolean) | { operation: string; nth?: number };

export type S3Server = Awaited<ReturnType<typeof startS3Server>>;

const ERROR_CODES: Record<number, string> = {
  403: 'AccessDenied',
  409: 'ConditionalRequestConflict',
  500: 'InternalError',
  503: 'SlowDown',
};

/** Starts a server on a free port of 127.0.0.1, for path-style requests. */
export async function startS3Server(options: S3ServerOptions) {
  const { bucket } = options;
  const state = createState(options);
  const { objects, uploads } = state;
  const operations = { ...objectOperations(state), ...uploadOperations(state) };
  const requests: S3Request[] = [];
  let faults: { applies: (request: S3Request, index: number) => boolean; manner: Manner; times: number }[] =
    [];
  let count = 0;

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
    const operation = operationOf(request.method ?? '', key, url.searchParams, request.headers);
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
        if (fault?.manner === 'bad-digest') {
          // What came without bytes cannot have other bytes.
          const [status, code] =
            body.length > 0 ? ([400, 'BadDigest'] as const) : ([500, 'InternalError'] as const);
          throw new S3Error(status, code, 'made to fail');
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
      else
        send(response, answer, {
          head: request.method === 'HEAD',
          cut: fault?.manner === 'cut',
          date: state.now(),
        });
    };
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => respond(Buffer.concat(chunks)));
    // A client that gives up in the middle has sent nothing.
    request.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const closed = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

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
    keys: (): string[] => [...objects.keys()].sort(byKey),
    /** Puts an object behind everybody's back. */
    put(key: string, body: Buffer | string, headers: Record<string, string> = {}): void {
      const bytes = Buffer.from(body);
      objects.set(key, { ...templateOf(headers), body: bytes, etag: etagOf(bytes), modified: state.now() });
    },
    /** Puts an object with everything that is known of it, such as when it was written. */
    set(key: string, object: S3Object): void {
      objects.set(key, object);
    },
    /** Removes one behind everybody's back. */
    remove: (key: string): boolean => objects.delete(key),
    /** The multipart uploads that are neither completed nor aborted. */
    uploads: (): S3Upload[] => [...uploads.values()],
    /** Begins an upload behind everybody's back. */
    begin(upload: S3Upload): void {
      uploads.set(upload.uploadId, upload);
    },
    /** Forgets an upload. */
    forget: (uploadId: string): boolean => uploads.delete(uploadId),
    /** Breaks all connections and refuses new ones for so many milliseconds; objects and uploads stay. */
    async restart(milliseconds: number): Promise<void> {
      const { port } = server.address() as AddressInfo;
      await closed();
      await sleep(milliseconds);
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
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
    close: closed,
  };
}

function operationOf(
  method: string,
  key: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): string {
  if (key === '') {
    if (method === 'HEAD') return 'HeadBucket';
    if (method === 'GET' && query.has('uploads')) return 'ListMultipartUploads';
    if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2';
    return `${method} on the bucket`;
  }
  const inUpload = query.has('uploadId');
  const copies = headers['x-amz-copy-source'] !== undefined;
  const names: Record<string, string> = {
    PUT: copies ? (inUpload ? 'UploadPartCopy' : 'CopyObject') : inUpload ? 'UploadPart' : 'PutObject',
    GET: inUpload ? 'ListParts' : 'GetObject',
    HEAD: 'HeadObject',
    DELETE: inUpload ? 'AbortMultipartUpload' : 'DeleteObject',
    POST: inUpload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload',
  };
  return names[method] ?? method;
}
