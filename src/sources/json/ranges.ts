// A file in ranges of bytes that end where lines end, so that each can be read by another thread.
import { readSync } from 'node:fs';

/** Bytes. Some milliseconds of work, beside which it is little to hand it over. */
const LENGTH = 1024 * 1024;
/** Behind them a line has to end, or the range is one that cannot be read alone. */
const LONGEST_REST = 64 * 1024;
const FEED = 0x0a;

/** From one byte to before another, counted from the beginning of the file. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** Does it begin and end where lines do? */
  readonly isLines: boolean;
}

/** All of an open file. @param size its bytes @throws what Node throws */
export function* lineRanges(descriptor: number, size: number): Generator<Range> {
  const rest = Buffer.allocUnsafeSlow(LONGEST_REST);
  let beginsLine = true;
  for (let from = 0; from < size; ) {
    const middle = Math.min(from + LENGTH, size);
    // The byte before may be the end of its line.
    const length = readSync(descriptor, rest, 0, rest.length, middle - 1);
    const feed = rest.subarray(0, length).indexOf(FEED);
    const endsLine = feed !== -1 || middle === size;
    const to = feed === -1 ? middle : middle + feed;
    yield { from, to, isLines: beginsLine && endsLine };
    [from, beginsLine] = [to, endsLine];
  }
}

/** Reads ranges into memory that it uses again. */
export class RangeReader {
  #bytes = Buffer.alloc(0);

  /** @returns the bytes, until the next are read @throws Error when the file has become shorter, and what Node throws */
  read(descriptor: number, { from, to }: Range): Buffer {
    const length = to - from;
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(length + LONGEST_REST);
    for (let read = 0; read < length; ) {
      const more = readSync(descriptor, this.#bytes, read, length - read, from + read);
      if (more === 0) throw new Error('it has become shorter while it was read');
      read += more;
    }
    return this.#bytes.subarray(0, length);
  }
}
