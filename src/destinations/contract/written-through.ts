// Writes to streams that keep nothing, so that what was written cannot be taken back.
import type { Writable } from 'node:stream';

/**
 * Resolves when the operating system has taken the chunk, so that back-pressure works and errors belong to their write.
 * @throws the stream's error, or the reason of the signal
 */
export function writeThrough(stream: Writable, chunk: Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const cancelled = () => reject(signal.reason);
    signal.addEventListener('abort', cancelled, { once: true });
    stream.write(chunk, (error) => {
      signal.removeEventListener('abort', cancelled);
      if (error) reject(error);
      else resolve();
    });
  });
}

/**
 * For a terminal: replaces control characters except tab and line ends by `?`, so that no value controls the terminal
 * (ECMA-48; in UTF-8 U+0080 to U+009F are 0xC2 and a byte of that range).
 */
export function withoutControls(chunk: Buffer): Buffer {
  const text = chunk.toString('latin1');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to take out
  return Buffer.from(text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]/g, '?'), 'latin1');
}
