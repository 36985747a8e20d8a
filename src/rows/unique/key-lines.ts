// Keys as lines of COPY text, one after the other, each with its hash.

const NEWLINE = 10;

/**
 * Calls `take` with where each line from `from` on begins, where its line feed is, and a hash of 32 bits (FNV-1a by
 * Fowler, Noll and Vo, finished as MurmurHash3 is), until it answers false.
 * @param seed another one tells apart what has the same hash by this one
 * @returns where the line begins that was refused; the end when none was
 */
export function eachKey(
  lines: Buffer,
  from: number,
  seed: number,
  take: (start: number, end: number, hash: number) => boolean,
): number {
  let start = from;
  let hash = seed;
  for (let at = from; at < lines.length; at++) {
    const byte = lines[at] as number;
    if (byte !== NEWLINE) {
      hash = Math.imul(hash ^ byte, 0x01000193);
      continue;
    }
    hash ^= hash >>> 16;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    if (!take(start, at, hash ^ (hash >>> 16))) return start;
    start = at + 1;
    hash = seed;
  }
  return start;
}
