// Reads the logo of a PDF file when the report is read: a PNG (ISO/IEC 15948) that is whole, and small enough to decode.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { crc32, inflateSync } from 'node:zlib';
import { messageOf, ReportError } from '../../core/errors.js';
import { MEBIBYTE, readSmallFileSync } from '../../core/small-file.js';
import type { Logo } from './options.js';

const MAX_MEBIBYTES = 2;
const MAX_MEGAPIXELS = 4;
const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
/** What people give instead, by how it begins. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^\xff\xd8\xff/, 'a JPEG'],
  [/^GIF8/, 'a GIF'],
  [/^RIFF....WEBP/s, 'a WebP'],
  [/^(\xef\xbb\xbf)?\s*<(\?xml|svg|!DOCTYPE svg)/, 'an SVG'],
];
/** By type of colour: the numbers of a pixel; a palette's index is one. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * @param path absolute
 * @param most bytes, as far as it is less than 2 MiB
 * @throws ReportError `definition` for what cannot be read, is no PNG, is damaged, or has more than 2 MiB or 4 megapixels
 */
export function readLogo(path: string, most: number = Number.POSITIVE_INFINITY): Logo {
  try {
    const bytes = readSmallFileSync(path, Math.min(most, MAX_MEBIBYTES * MEBIBYTE));
    assertPng(bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { file: basename(path), sha256, path: () => path, bytes: () => bytes };
  } catch (cause) {
    throw new ReportError('definition', `reading the logo ${path}: ${messageOf(cause)}`, {
      hint: `Give the path of a PNG with at most ${MAX_MEBIBYTES} MiB and ${MAX_MEGAPIXELS} megapixels; one in a report starts at the folder of the report.`,
      cause,
    });
  }
}

/** @throws Error unless a decoder gets all of its pixels, in memory that is known before */
function assertPng(bytes: Buffer): void {
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) {
    const start = bytes.toString('latin1', 0, 100);
    const other = OTHERS.find(([pattern]) => pattern.test(start))?.[1];
    throw new Error(other === undefined ? 'it is no PNG' : `it is ${other}, not a PNG`);
  }
  const [head, ...others] = chunksOf(bytes);
  if (head?.type !== 'IHDR' || head.content.length !== 13) throw damaged();
  const [width, height] = [head.content.readUInt32BE(0), head.content.readUInt32BE(4)];
  const [depth = 0, colour = 0, , , interlace = 0] = head.content.subarray(8);
  const bits = depth * (CHANNELS[colour] ?? 0);
  if (width === 0 || height === 0 || bits === 0) throw damaged();
  if (width * height > MAX_MEGAPIXELS * 1_000_000) {
    throw new Error(`it has ${width} × ${height} pixels, more than ${MAX_MEGAPIXELS} megapixels`);
  }
  const data = others.filter(({ type }) => type === 'IDAT').map(({ content }) => content);
  const size = height * (1 + Math.ceil((width * bits) / 8));
  // Interlaced rows are more, and shorter.
  const least = interlace === 0 ? size : (width * height * bits) / 8;
  if (others.at(-1)?.type !== 'IEND' || sizeOf(Buffer.concat(data), 3 * size) < least) throw damaged();
}

/** @throws Error for a chunk that is cut off or has another checksum */
function chunksOf(bytes: Buffer): { readonly type: string; readonly content: Buffer }[] {
  const chunks: { type: string; content: Buffer }[] = [];
  for (let at = SIGNATURE.length; at < bytes.length && chunks.at(-1)?.type !== 'IEND'; ) {
    const end = at + 12 + (at + 12 > bytes.length ? 0 : bytes.readUInt32BE(at));
    if (end > bytes.length || crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4))
      throw damaged();
    chunks.push({ type: bytes.toString('latin1', at + 4, at + 8), content: bytes.subarray(at + 8, end - 4) });
    at = end;
  }
  return chunks;
}

/** Bytes of the inflated rows. @throws Error for more than `most` */
function sizeOf(data: Buffer, most: number): number {
  try {
    return inflateSync(data, { maxOutputLength: most }).length;
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): Error {
  return new Error('it is damaged', { cause });
}
