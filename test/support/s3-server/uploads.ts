// What S3 does with uploads in parts.
import { randomUUID } from 'node:crypto';
import { byKey, type Call, type Operations, type S3Upload, type State, templateOf } from './state.js';
import { crc32Of, elementOf, etagOf, S3Error, xml } from './wire.js';

export function uploadOperations(state: State): Operations {
  const { options, objects, uploads, encryptionHeaders } = state;
  const { bucket, encryptionEchoed = true, minimumPartSize = 5 * 1024 * 1024 } = options;
  return {
    CreateMultipartUpload: ({ key, headers }) => {
      const template = templateOf(headers);
      const uploadId = randomUUID();
      const initiated = state.now().getTime();
      uploads.set(uploadId, { uploadId, key, initiated, parts: new Map(), template });
      return xml(
        'InitiateMultipartUploadResult',
        { Bucket: bucket, Key: key, UploadId: uploadId },
        encryptionEchoed === 'parts' ? {} : encryptionHeaders(template),
      );
    },
    UploadPart: ({ key, query, body, crc32 }) => {
      const upload = open(key, query);
      const etag = etagOf(body);
      upload.parts.set(partNumber(query), { body, etag, crc32 });
      const headers = { etag, 'x-amz-checksum-crc32': crc32 };
      return { status: 200, headers: { ...headers, ...encryptionHeaders(upload.template) } };
    },
    UploadPartCopy: ({ key, query, headers }) => {
      const upload = open(key, query);
      const { bytes } = state.copySource(headers);
      const part = { body: Buffer.from(bytes), etag: etagOf(bytes), crc32: crc32Of(bytes) };
      upload.parts.set(partNumber(query), part);
      return xml(
        'CopyPartResult',
        { ETag: part.etag, LastModified: state.now().toISOString(), ChecksumCRC32: part.crc32 },
        encryptionHeaders(upload.template),
      );
    },
    CompleteMultipartUpload: ({ key, query, headers, body }) => {
      const upload = open(key, query);
      const parts = completedParts(upload, body.toString());
      if (!options.conditionsIgnored) state.checkConditions(key, headers);
      const digests = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag.slice(1, -1), 'hex')));
      const etag = `"${etagOf(digests).slice(1, -1)}-${parts.length}"`;
      const checksums = Buffer.concat(parts.map((part) => Buffer.from(part.crc32, 'base64')));
      const crc32 = `${crc32Of(checksums)}-${parts.length}`;
      const whole = Buffer.concat(parts.map((part) => part.body));
      // S3 dates an object in parts by the beginning of its upload.
      const modified = new Date(upload.initiated);
      objects.set(key, { ...upload.template, body: whole, etag, modified, crc32 });
      uploads.delete(upload.uploadId);
      return xml(
        'CompleteMultipartUploadResult',
        { Bucket: bucket, Key: key, ETag: etag, ChecksumCRC32: crc32, ChecksumType: 'COMPOSITE' },
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
        .filter((upload) => after === '\0' || byKey(place(upload), after) > 0)
        .sort((a, b) => byKey(place(a), place(b)));
      const page = all.slice(0, Number(query.get('max-uploads') ?? options.pageSize ?? 1000));
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
  };

  function open(key: string, query: Call['query']): S3Upload {
    const upload = uploads.get(query.get('uploadId') ?? '');
    if (upload?.key !== key) throw new S3Error(404, 'NoSuchUpload', 'The specified upload does not exist.');
    return upload;
  }

  function partNumber(query: Call['query']): number {
    const number = Number(query.get('partNumber'));
    if (!(number >= 1 && number <= 10_000)) throw new S3Error(400, 'InvalidArgument');
    return number;
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
}
