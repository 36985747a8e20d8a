// Writes a zip archive as a stream (PKWARE APPNOTE.TXT), in the form that Excel accepts also beyond 4 GiB.
import { promisify } from 'node:util';
import zlib from 'node:zlib';

const deflateRaw = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

interface Entry {
  readonly name: Buffer;
  readonly version: number;
  readonly flags: number;
  readonly offset: number;
  crc: number;
  compressed: number;
  size: number;
}

const LOCAL_HEADER = 0x04034b50;
const DATA_DESCRIPTOR = 0x08074b50;
const DIRECTORY_HEADER = 0x02014b50;
const DIRECTORY_END = 0x06054b50;
const ZIP64_END = 0x06064b50;
const ZIP64_LOCATOR = 0x07064b50;
const VERSION = 20;
/**
 * The version of an entry that may be larger than 4 GiB. Excel offers to repair a workbook whose local header has version 20 for
 * such an entry (rzymek.github.io/post/excel-zip64). yazl 3 always writes 20, hence our own writer.
 */
const ZIP64_VERSION = 45;
const NAME_IS_UTF8 = 1 << 11;
const SIZES_FOLLOW = 1 << 3;
const DEFLATED = 8;
/** 1980-01-01 00:00, as Excel itself writes it: the same content makes the same bytes. */
const DATE = 0x21;
const MOST = 0xffffffff;
const ZIP64_EXTRA = 1;

/** Each method returns the next bytes of the archive. */
export class Zip {
  readonly #entries: Entry[] = [];
  #offset = 0;

  /** An entry whose content is in memory. */
  async whole(name: string, content: Buffer): Promise<Buffer> {
    const bytes = await deflateRaw(content, {});
    const entry = this.#entry(name, this.#offset >= MOST ? ZIP64_VERSION : VERSION, 0);
    entry.crc = zlib.crc32(content);
    entry.size = content.length;
    entry.compressed = bytes.length;
    return this.#passed(Buffer.concat([localHeader(entry), bytes]));
  }

  /** An entry whose content, a raw deflate stream, follows; it ends with `finish`. */
  begin(name: string): { readonly header: Buffer; readonly entry: StreamedEntry } {
    const entry = this.#entry(name, ZIP64_VERSION, SIZES_FOLLOW);
    return {
      header: this.#passed(localHeader(entry)),
      entry: {
        plain(bytes) {
          entry.crc = zlib.crc32(bytes, entry.crc);
          entry.size += bytes.length;
        },
        before(bytes) {
          entry.crc = joinedCrc(zlib.crc32(bytes), entry.crc, entry.size);
          entry.size += bytes.length;
        },
        packed: (bytes) => {
          entry.compressed += bytes.length;
          return this.#passed(bytes);
        },
        finish: () => this.#passed(dataDescriptor(entry)),
      },
    };
  }

  /** The directory, with which the archive ends. */
  end(): Buffer {
    const directory = Buffer.concat(this.#entries.map(directoryHeader));
    return Buffer.concat([directory, directoryEnd(this.#entries.length, directory.length, this.#offset)]);
  }

  #entry(name: string, version: number, flags: number): Entry {
    const entry: Entry = {
      name: Buffer.from(name),
      version,
      flags: flags | NAME_IS_UTF8,
      offset: this.#offset,
      crc: 0,
      compressed: 0,
      size: 0,
    };
    this.#entries.push(entry);
    return entry;
  }

  #passed(bytes: Buffer): Buffer {
    this.#offset += bytes.length;
    return bytes;
  }
}

export interface StreamedEntry {
  /** Counts content before it is compressed. */
  plain(bytes: Buffer): void;
  /** Counts content that stands before all that was counted so far. */
  before(bytes: Buffer): void;
  packed(bytes: Buffer): Buffer;
  finish(): Buffer;
}

const ZEROS = Buffer.alloc(64 * 1024);

/**
 * The CRC-32 of A followed by B. The register of a CRC is linear in its start value and its input: what A leaves in it goes
 * through as many zeros as B has bytes, and is added to what B alone makes.
 * @param length of B, in bytes
 */
function joinedCrc(a: number, b: number, length: number): number {
  let register = ~a >>> 0;
  for (let left = length; left > 0; left -= ZEROS.length) {
    register = zlib.crc32(ZEROS.subarray(0, Math.min(left, ZEROS.length)), register);
  }
  return (b ^ ~register) >>> 0;
}

function localHeader({ name, version, flags, crc, compressed, size }: Entry): Buffer {
  const fields = [
    ...u16(version, flags, DEFLATED, 0, DATE),
    ...u32(crc, compressed, size),
    ...u16(name.length, 0),
  ];
  return Buffer.concat([Buffer.from([...u32(LOCAL_HEADER), ...fields]), name]);
}

function dataDescriptor({ crc, compressed, size }: Entry): Buffer {
  const isLarge = size >= MOST || compressed >= MOST;
  return Buffer.from([...u32(DATA_DESCRIPTOR, crc), ...(isLarge ? u64 : u32)(compressed, size)]);
}

function directoryHeader(entry: Entry): Buffer {
  const { name, version, flags, crc, compressed, size, offset } = entry;
  const isLarge = [compressed, size, offset].some((value) => value >= MOST);
  const extra = isLarge ? [...u16(ZIP64_EXTRA, 24), ...u64(size, compressed, offset)] : [];
  return Buffer.concat([
    Buffer.from([
      ...u32(DIRECTORY_HEADER),
      ...u16(ZIP64_VERSION, version, flags, DEFLATED, 0, DATE),
      ...(isLarge ? u32(crc, MOST, MOST) : u32(crc, compressed, size)),
      ...u16(name.length, extra.length, 0, 0, 0),
      ...u32(0, isLarge ? MOST : offset),
    ]),
    name,
    Buffer.from(extra),
  ]);
}

function directoryEnd(count: number, length: number, offset: number): Buffer {
  const isLarge = offset >= MOST;
  const zip64 = [
    ...u32(ZIP64_END),
    ...u64(44),
    ...u16(ZIP64_VERSION, ZIP64_VERSION),
    ...u32(0, 0),
    ...u64(count, count, length, offset),
    ...u32(ZIP64_LOCATOR, 0),
    ...u64(offset + length),
    ...u32(1),
  ];
  return Buffer.from([
    ...(isLarge ? zip64 : []),
    ...u32(DIRECTORY_END),
    ...u16(0, 0, count, count),
    ...u32(length, Math.min(offset, MOST)),
    ...u16(0),
  ]);
}

/** Little-endian bytes. */
function u16(...values: number[]): number[] {
  return values.flatMap((value) => [value & 0xff, value >>> 8]);
}

function u32(...values: number[]): number[] {
  return values.flatMap((value) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]);
}

function u64(...values: number[]): number[] {
  return values.flatMap((value) => u32(value % 2 ** 32, Math.floor(value / 2 ** 32)));
}
