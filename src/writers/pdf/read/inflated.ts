// The bytes of a stream, which is compressed in one way only (ISO 32000-1, 7.4.4).
import { inflateSync } from 'node:zlib';
import { messageOf } from '../../../core/errors.js';
import { damaged } from './damaged.js';
import type { Dictionary } from './dictionary.js';

/** Bytes that are inflated at a time: more than most pages have. */
const PIECE = 64 * 1024;

/**
 * @param most inflated bytes
 * @param where for messages
 * @throws ReportError `contract` when it is not deflated, or larger, or goes on behind its end
 */
export function inflated(packed: Buffer, dictionary: Dictionary, most: number, where: string): Buffer {
  if (dictionary.get('Filter') !== '/FlateDecode' || dictionary.has('DecodeParms')) {
    throw damaged(`${where} is not deflated`);
  }
  try {
    const options = { maxOutputLength: Math.max(1, most), chunkSize: PIECE, info: true };
    const { buffer, engine } = inflateSync(packed, options) as unknown as Inflated;
    if (engine.bytesWritten === packed.length) return buffer;
  } catch (error) {
    const isLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const fault = isLarge ? `is larger than ${most} bytes` : `cannot be inflated: ${messageOf(error)}`;
    throw damaged(`${where} ${fault}`, error);
  }
  throw damaged(`${where} goes on behind its end`);
}

/** What zlib returns with the option `info`, which its types leave out. */
interface Inflated {
  readonly buffer: Buffer;
  /** `bytesWritten` is the number of bytes that were read. */
  readonly engine: { readonly bytesWritten: number };
}
