// Partitions keys by their hash into one temporary file, so that each partition can be read on its own.
import type { Extent, TemporaryFile } from '../temporary-file.js';
import { eachKey } from './key-lines.js';

const PARTS = 64;
/** In bytes: a smaller write costs more than it moves. */
const MIN_BUFFER = 1024;
/** Full buffers that may wait to be written. */
const MAX_WAITING = 16;

interface Part {
  buffer: Buffer;
  length: number;
  readonly extents: Extent[];
}

/** Takes lines and gives partitions: equal lines are in the same one. */
export class KeyPartitions {
  readonly #file: TemporaryFile;
  readonly #seed: number;
  readonly #room: number;
  readonly #parts: Part[];
  #full: { readonly part: Part; readonly lines: Buffer }[] = [];

  /** @param memory bytes of all write buffers together */
  constructor(file: TemporaryFile, seed: number, memory: number) {
    this.#file = file;
    this.#seed = seed;
    this.#room = Math.max(MIN_BUFFER, Math.floor(memory / PARTS));
    this.#parts = Array.from({ length: PARTS }, () => ({ buffer: Buffer.alloc(0), length: 0, extents: [] }));
  }

  /** @throws ReportError `source` when there is no room in the folder */
  async add(lines: Buffer, from: number): Promise<void> {
    const take = (start: number, end: number, hash: number) => {
      if (this.#full.length >= MAX_WAITING) return false;
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

  /** After the last line: the partitions. Each can be read once, in pieces of whole lines. */
  parts(): AsyncGenerator<Buffer>[] {
    return this.#parts.map((part) => this.#read(part));
  }

  /** Queues the part's buffer for writing, and gives it a new one of at least so many bytes. */
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
    // The last buffer was never written.
    const rest = part.buffer.subarray(0, part.length);
    part.buffer = Buffer.alloc(0);
    if (rest.length > 0) yield rest;
  }
}
