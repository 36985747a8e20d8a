// What S3 looks like on the wire: checked and decoded bodies, XML, errors.
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';

/** An answer other than success, with the code that S3 gives it. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string;
}

/** The bytes that were meant, after every check that S3 makes of what arrived. */
export function decoded(headers: IncomingHttpHeaders, raw: Buffer): { body: Buffer; crc32: string } {
  const sha256 = String(headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD');
  const chunked = sha256.startsWith('STREAMING-') ? unchunk(raw) : { body: raw, trailers: {} };
  const { body } = chunked;
  const sent: IncomingHttpHeaders = { ...headers, ...chunked.trailers };
  const length = headers['x-amz-decoded-content-length'] ?? headers['content-length'] ?? '0';
  if (Number(length) !== body.length) throw new S3Error(400, 'IncompleteBody');
  if (/^[0-9a-f]{64}$/.test(sha256) && createHash('sha256').update(body).digest('hex') !== sha256) {
    throw new S3Error(400, 'XAmzContentSHA256Mismatch');
  }
  const md5Sent = headers['content-md5'];
  if (md5Sent !== undefined && md5Sent !== createHash('md5').update(body).digest('base64')) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const checksum = crc32Of(body);
  const announced = headers['x-amz-trailer'];
  if (announced !== undefined && sent[String(announced)] === undefined)
    throw new S3Error(400, 'MalformedTrailerError');
  const crcSent = sent['x-amz-checksum-crc32'];
  if (crcSent !== undefined && crcSent !== checksum) {
    throw new S3Error(400, 'BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
  }
  return { body, crc32: checksum };
}

/** Decodes `aws-chunked`: `<hex length>[;chunk-signature=…]\r\n<bytes>\r\n … 0\r\n<trailers>\r\n`. */
function unchunk(raw: Buffer): { body: Buffer; trailers: Record<string, string> } {
  const chunks: Buffer[] = [];
  let position = 0;
  for (;;) {
    const end = raw.indexOf('\r\n', position);
    const length = Number.parseInt(raw.toString('latin1', position, end), 16);
    if (end < 0 || Number.isNaN(length)) throw new S3Error(400, 'IncompleteBody');
    position = end + 2;
    if (length === 0) break;
    chunks.push(raw.subarray(position, position + length));
    position += length + 2;
  }
  const lines = raw.toString('latin1', position).split('\r\n').filter(Boolean);
  const trailers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { body: Buffer.concat(chunks), trailers: Object.fromEntries(trailers) };
}

/** `cut` sends half of the body and breaks the connection. */
export function send(
  response: ServerResponse,
  { status, headers, body = '' }: Answer,
  how: { readonly head: boolean; readonly cut: boolean; readonly date: Date },
): void {
  const length = { 'content-length': Buffer.byteLength(body), ...headers };
  response.writeHead(status, {
    'x-amz-request-id': randomUUID(),
    date: how.date.toUTCString(),
    ...(status === 204 ? headers : length),
  });
  if (how.cut) {
    response.write(Buffer.from(body).subarray(0, Buffer.byteLength(body) / 2), () => response.destroy());
  } else {
    response.end(how.head ? undefined : body);
  }
}

/** As S3 spells it. */
export function crc32Of(bytes: Buffer): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString('base64');
}

/** Of the shape of S3's, which are MD5 and take four times as long; what is in one is no promise to clients. */
export function etagOf(bytes: Buffer): string {
  return `"${createHash('sha1').update(bytes).digest('hex').slice(0, 32)}"`;
}

type Content = string | number | boolean | undefined | readonly Readonly<Record<string, Content>>[];

export function xml(
  root: string,
  content: Record<string, Content>,
  headers: Record<string, string> = {},
  status = 200,
) {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${elements(content)}</${root}>`;
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body };
}

function elements(content: Readonly<Record<string, Content>>): string {
  return Object.entries(content)
    .map(([name, value]) => {
      if (value === undefined) return '';
      if (Array.isArray(value)) return value.map((item) => `<${name}>${elements(item)}</${name}>`).join('');
      return `<${name}>${escaped(String(value))}</${name}>`;
    })
    .join('');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

export function elementOf(text: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(text)?.[1];
  return found?.replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&amp;', '&');
}
