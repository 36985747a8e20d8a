// The contract of a destination: bytes are staged under a key, then published in one step or discarded.
import type { Store, Stored } from './store.js';

/** What a published file is, as the destination knows it. */
export interface Published {
  /** Where it can be fetched: an absolute path or an s3:// URL. */
  readonly location: string;
  readonly bytes: number;
  /** As `Stored.version`. */
  readonly version: string;
  readonly etag?: string;
  /** The encryption at rest that the store confirmed, e.g. `AES256`. */
  readonly encryption?: string;
  /** How many parts it went up in; without it, in one. */
  readonly parts?: number;
  /** What the store computed over the bytes, by the name of the algorithm: `{ CRC32: 'q7Hm2Q==' }`. */
  readonly checksum?: Readonly<Record<string, string>>;
}

/** Bytes on their way to a key. Exactly one of publish and discard is called, once. */
export interface Staged {
  /** Takes the next bytes; resolves when there is room for more, and the chunk may be used again. @throws ReportError `destination` */
  write(chunk: Buffer): Promise<void>;
  /**
   * Makes the file visible, whole, in one step.
   * @throws ReportError `destination`; then nothing new is visible and nothing is left behind.
   */
  publish(): Promise<Published>;
  /** Removes what was staged and confirms it. @throws ReportError `destination` naming what is left. */
  discard(): Promise<void>;
}

/**
 * What becomes of a file that has the key already. `never`: it is an error at publish, however late it appeared.
 * `replace`: it is replaced whole. A version: it is replaced while it is that version, and an error when it is another or gone.
 */
export type Existing = 'never' | 'replace' | { readonly version: string };

export interface StageOptions {
  readonly contentType: string;
  readonly existing: Existing;
  /** `gzip`… when the bytes are compressed. */
  readonly contentEncoding?: string;
}

/** What a run that was killed has left behind: parts of an upload, or a temporary file. */
export interface Leftover {
  readonly key: string;
  /** Milliseconds since it was begun. */
  readonly age: number;
  /** Removes it and confirms it. @throws ReportError `destination` */
  remove(): Promise<void>;
}

/** One thing that a check found out. */
export interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** A store that takes bytes: a bucket with a prefix, a folder, stdout. All methods but `close` throw ReportError `destination`. */
export interface Destination extends Store {
  /** The most bytes that one file can have here, and the setting (now so many bytes) that it grows with; without it there is no such limit. */
  readonly capacity?: { readonly bytes: number; readonly setting: string; readonly current: number };
  stage(key: string, options: StageOptions): Promise<Staged>;
  /** The file that has the key now, of that version, also under another key, where it replaces what is there. */
  copy(from: Pick<Stored, 'key' | 'version'>, to: string): Promise<void>;
  /** Removes a file while it is that version; one that is gone or another is left alone. */
  remove(file: Pick<Stored, 'key' | 'version'>): Promise<void>;
  /** What killed runs have left here, of this program only. */
  leftovers(): AsyncIterable<Leftover>;
  /**
   * One sentence for each promise that this place cannot keep, such as a store that ignores conditions; asked for with a
   * small probe, once. Without it there is nothing to ask: all are kept.
   */
  promises?(): Promise<readonly string[]>;
  /** Can it write, encrypt and publish conditionally? Writes and removes one small probe. */
  check(): Promise<Finding[]>;
}
