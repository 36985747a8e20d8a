// More keys than memory holds, by their hash in parts of one temporary file, each to be read again by itself.
import type { Extent, TemporaryFile } from '../temporary-file.js';
import { eachKey } from './key-lines.js';

const PARTS = 64;
/** In bytes: writing less at once is not worth the call. */
const LEAST_ROOM = 1024;
/** How many full buffers there may be before they are written. */
const MOST_WAITING = 16;

interface Part {
  buffer: Buffer;
  length: number;
  readonly extents: Extent[];
}

/** Lines in, parts out: lines that are equal are in the same part. */
export class KeyPartitions {
  readonly #file: TemporaryFile;
  readonly #seed: number;
  readonly #room: number;
  readonly #parts: Part[];
  #full: { readonly part: Part; readonly lines: Buffer }[] = [];

  /** @param memory for what is not yet in the file, in bytes */
  constructor(file: TemporaryFile, seed: number, memory: number) {
    this.#file = file;
    this.#seed = seed;
    this.#room = Math.max(LEAST_ROOM, Math.floor(memory / PARTS));
    this.#parts = Array.from({ length: PARTS }, () => ({ buffer: Buffer.alloc(0), length: 0, extents: [] }));
  }

  /** @throws ReportError `source` when there is no room in the folder */
  async add(lines: Buffer, from: number): Promise<void> {
    const take = (start: number, end: number, hash: number) => {
      if (this.#full.length >= MOST_WAITING) return false;
      const part = this.#parts[hash >>> 26] as Part;
      if (part.length + end + 1 - start > part.buffer.length) this.#renew(part, end + 1 - start);
      const { buffer } = part;
      const shift = part.length - start;
      for (let at = start; at <= end; at++) buffer[at + shift] = lines[at] as number;
      part.length += end + 1 - start;
      return true;
    };
    for (let at = from; at < lines.length; ) {
      at = eachKey(lines, at, this.#seed, take);
      await this.#write();
    }
  }

  /** After the last line: each part, to be read once, in pieces of whole lines. */
  parts(): AsyncGenerator<Buffer>[] {
    return this.#parts.map((part) => this.#read(part));
  }

  /** What the part has in memory waits to be written; a new buffer has room for at least so much. */
  #renew(part: Part, least: number): void {
    if (part.length > 0) this.#full.push({ part, lines: part.buffer.subarray(0, part.length) });
    part.buffer = Buffer.allocUnsafeSlow(Math.max(this.#room, least));
    part.length = 0;
  }

  async #write(): Promise<void> {
    const full = this.#full;
    this.#full = [];
    for (const { part, lines } of full) part.extents.push(await this.#file.append(lines));
  }

  async *#read(part: Part): AsyncGenerator<Buffer> {
    for (const extent of part.extents) yield await this.#file.read(extent);
    // The last of it was never written.
    const rest = part.buffer.subarray(0, part.length);
    part.buffer = Buffer.alloc(0);
    if (rest.length > 0) yield rest;
  }
}
