// What the bytes of a content stream are outside of strings (ISO 32000-1, 7.2.2).

export const SPACE = 1;
/** A byte of a number. */
export const NUMBER = 2;
/** A byte of an operator. */
export const LETTER = 3;

export const OPEN_STRING = 40;
export const SLASH = 47;
export const LESS = 60;
export const GREATER = 62;
export const OPEN_ARRAY = 91;
export const CLOSE_ARRAY = 93;

/** By byte: 0 for brackets, slashes, and what is in no stream of ours, such as a comment. */
export const CLASSES = new Uint8Array(256);
for (const byte of Buffer.from(' \n')) CLASSES[byte] = SPACE;
for (const byte of Buffer.from('0123456789.-')) CLASSES[byte] = NUMBER;
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*_'))
  CLASSES[byte] = LETTER;

/** The position behind the bytes of this class. */
export function endOf(kind: number, bytes: Uint8Array, start: number): number {
  let at = start;
  while (CLASSES[bytes[at] as number] === kind) at += 1;
  return at;
}

/** The position behind a name. @param slash where it begins */
export function endOfName(bytes: Uint8Array, slash: number): number {
  let at = slash + 1;
  while ((CLASSES[bytes[at] as number] as number) >= NUMBER) at += 1;
  return at;
}
