// What S3 does with whole objects.
import type { IncomingHttpHeaders } from 'node:http';
import { byKey, encryptionOf, type Operations, type S3Object, type State, templateOf } from './state.js';
import { crc32Of, etagOf, S3Error, xml } from './wire.js';

export function objectOperations(state: State): Operations {
  const { options, objects, found, encryptionHeaders } = state;
  return {
    HeadBucket: () => ({ status: 200 }),
    PutObject: ({ key, headers, body, crc32 }) => {
      if (options.conditionsIgnored !== true) state.checkConditions(key, headers);
      const object = { ...templateOf(headers), body, etag: etagOf(body), modified: state.now(), crc32 };
      objects.set(key, object);
      return {
        status: 200,
        headers: {
          etag: object.etag,
          'x-amz-checksum-crc32': crc32,
          'x-amz-checksum-type': 'FULL_OBJECT',
          ...encryptionHeaders(object),
        },
      };
    },
    GetObject: ({ key, headers }) => {
      const object = found(key);
      const answer = { status: 200, headers: objectHeaders(object, headers), body: object.body };
      const most = /^bytes=0-(\d+)$/.exec(headers.range ?? '')?.[1];
      if (most === undefined) return answer;
      if (object.body.length === 0) throw new S3Error(416, 'InvalidRange');
      const body = object.body.subarray(0, Number(most) + 1);
      // A part of an object has no checksum of its own.
      const { 'x-amz-checksum-crc32': _, 'x-amz-checksum-type': __, ...rest } = answer.headers;
      const range = {
        'content-range': `bytes 0-${body.length - 1}/${object.body.length}`,
        'content-length': String(body.length),
      };
      return { status: 206, headers: { ...rest, ...range }, body };
    },
    HeadObject: ({ key, headers }) => ({ status: 200, headers: objectHeaders(found(key), headers) }),
    DeleteObject: ({ key, headers }) => {
      if (headers['if-match'] !== undefined) {
        if (options.conditionalDeletes === 'refused') {
          throw new S3Error(501, 'NotImplemented', 'A header you provided implies functionality that is not');
        }
        const ignored = options.conditionsIgnored === true || options.conditionalDeletes === 'ignored';
        if (!ignored) state.checkConditions(key, headers);
      }
      objects.delete(key);
      return { status: 204 };
    },
    CopyObject: ({ key, headers }) => {
      const { object: source, bytes: body, key: from } = state.copySource(headers);
      const replaced = headers['x-amz-metadata-directive'] === 'REPLACE';
      if (from === key && !replaced) throw new S3Error(400, 'InvalidRequest');
      const template = replaced ? templateOf(headers) : { ...source, encryption: encryptionOf(headers) };
      const made = { body, etag: etagOf(body), modified: state.now(), crc32: crc32Of(body) };
      const object = { ...template, ...made };
      objects.set(key, object);
      return xml(
        'CopyObjectResult',
        { ETag: object.etag, LastModified: object.modified.toISOString(), ChecksumCRC32: object.crc32 },
        encryptionHeaders(object),
      );
    },
    ListObjectsV2: ({ query }) => {
      const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
      const all = [...objects.keys()]
        .filter((key) => key.startsWith(query.get('prefix') ?? '') && byKey(key, after) > 0)
        .sort(byKey);
      const page = all.slice(0, Number(query.get('max-keys') ?? options.pageSize ?? 1000));
      const IsTruncated = page.length < all.length;
      return xml('ListBucketResult', {
        Name: options.bucket,
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

  function objectHeaders(object: S3Object, asked: IncomingHttpHeaders): Record<string, string> {
    const metadata = Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
    const { crc32 } = object;
    return {
      ...object.headers,
      ...Object.fromEntries(metadata),
      ...encryptionHeaders(object),
      ...(asked['x-amz-checksum-mode'] === 'ENABLED' &&
        crc32 !== undefined && {
          'x-amz-checksum-crc32': crc32,
          'x-amz-checksum-type': crc32.includes('-') ? 'COMPOSITE' : 'FULL_OBJECT',
        }),
      etag: object.etag,
      'last-modified': object.modified.toUTCString(),
      'content-length': String(object.body.length),
    };
  }
}
