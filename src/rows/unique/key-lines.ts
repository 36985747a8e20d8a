// Iterates over keys, which are lines of COPY text, with their hashes.

const NEWLINE = 10;

/**
 * Calls `take` for each line from `from` on, until it returns false: with the position of the line, the position of its line
 * feed, and a hash of 32 bits (FNV-1a with the finalizer of MurmurHash3).
 * @param seed keys with equal hashes under one seed have different ones under another
 * @returns the position of the line that was refused, or the length when none was
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
