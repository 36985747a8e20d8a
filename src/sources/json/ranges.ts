// Cuts a file into ranges of bytes that start and end with lines, so that threads can read them independently.
import { readSync } from 'node:fs';

/** Bytes of a range: some milliseconds of work, so that handing it to a thread costs little in comparison. */
const RANGE_BYTES = 1024 * 1024;
/** How far after that a line must end; otherwise the range cannot be read independently. */
const MAX_REST_BYTES = 64 * 1024;
const FEED = 0x0a;

/** Bytes `from` up to, not including, `to`; counted from the start of the file. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** Does it start where a line starts, and end where one ends? */
  readonly isLines: boolean;
}

/** The ranges of a whole open file. @param size its bytes @throws what Node throws */
export function* lineRanges(descriptor: number, size: number): Generator<Range> {
  const rest = Buffer.allocUnsafeSlow(MAX_REST_BYTES);
  let beginsLine = true;
  for (let from = 0; from < size; ) {
    const middle = Math.min(from + RANGE_BYTES, size);
    // One byte earlier, because that may be the line feed.
    const length = readSync(descriptor, rest, 0, rest.length, middle - 1);
    const feed = rest.subarray(0, length).indexOf(FEED);
    const endsLine = feed !== -1 || middle === size;
    const to = feed === -1 ? middle : middle + feed;
    yield { from, to, isLines: beginsLine && endsLine };
    [from, beginsLine] = [to, endsLine];
  }
}

/** Reads ranges into one buffer. */
export class RangeReader {
  #bytes = Buffer.alloc(0);

  /** @returns the bytes, valid until the next call @throws Error when the file has become shorter, and what Node throws */
  read(descriptor: number, { from, to }: Range): Buffer {
    const length = to - from;
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(length + MAX_REST_BYTES);
    for (let read = 0; read < length; ) {
      const more = readSync(descriptor, this.#bytes, read, length - read, from + read);
      if (more === 0) throw new Error('it has become shorter while it was read');
      read += more;
    }
    return this.#bytes.subarray(0, length);
  }
}
