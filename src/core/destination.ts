// The contract of a destination: bytes are staged under a key, then published in one step or discarded.
import type { Store, Stored } from './store.js';

/** A published file, as the destination describes it. */
export interface Published {
  /** Where it can be fetched: an absolute path or an s3:// URL. */
  readonly location: string;
  readonly bytes: number;
  /** As `Stored.version`. */
  readonly version: string;
  readonly etag?: string;
  /** The encryption at rest that the store confirmed, e.g. `AES256`. */
  readonly encryption?: string;
  /** The number of parts of its upload; absent when it was uploaded in one request. */
  readonly parts?: number;
  /** The store's checksums, by algorithm: `{ CRC32: 'q7Hm2Q==' }`. */
  readonly checksum?: Readonly<Record<string, string>>;
}

/** A staged file. The caller calls exactly one of publish and discard, once. */
export interface Staged {
  /** Adds bytes; when it has resolved there is room for more and the chunk may be used again. @throws ReportError `destination` */
  write(chunk: Buffer): Promise<void>;
  /**
   * Makes the whole file visible in one step.
   * @throws ReportError `destination`; then nothing new is visible and nothing is left behind, unless visibleFileOf() finds a file in the error
   */
  publish(): Promise<Published>;
  /** Removes the staged bytes and confirms that. @throws ReportError `destination` naming what is left */
  discard(): Promise<void>;
}

/**
 * What publish does about an existing file. `never`: it fails when the key is taken, even if only since a moment ago.
 * `replace`: it replaces the file whole. A version: it replaces the file if it has that version, and fails otherwise.
 */
export type Existing = 'never' | 'replace' | { readonly version: string };

export interface StageOptions {
  readonly contentType: string;
  readonly existing: Existing;
  /** `gzip`… when the bytes are compressed. */
  readonly contentEncoding?: string;
  /**
   * Called when every byte has arrived, right before the request that makes the file visible. What it throws is what publish()
   * throws; then nothing becomes visible.
   */
  readonly confirm?: (() => Promise<void>) | undefined;
}

/** Left behind by a run that was killed: an unfinished upload, or a temporary file. */
export interface Leftover {
  readonly key: string;
  /** Milliseconds since it was started. */
  readonly age: number;
  /** Of the run that left it, where that is known. */
  readonly token?: string | undefined;
  /** Removes it and confirms that. @throws ReportError `destination` */
  remove(): Promise<void>;
}

/** One result of a check. */
export interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  /** Nothing failed, but somebody should look at it. */
  readonly isWarning?: true;
  /** With `ok: false`: a run would work, but this cannot be promised. */
  readonly isUnsafe?: true;
  readonly detail: string;
}

/** A store that takes bytes: a bucket with a prefix, a folder, stdout. All methods but `close` throw ReportError `destination`. */
export interface Destination extends Store {
  /** The most bytes of one file, and the setting, with its present value in bytes, that raises it; absent where there is no limit. */
  readonly capacity?: { readonly bytes: number; readonly setting: string; readonly current: number };
  /** The same for every process of this host that writes to the same place; absent where only this process has the place. */
  readonly hostLockName?: string;
  /**
   * Milliseconds that the store's clock is ahead of the one by which the age of this file was computed; absent where ages are by
   * the store's own clock.
   */
  clockSkew?(key: string): Promise<number>;
  stage(key: string, options: StageOptions): Promise<Staged>;
  /** Copies the file, if it has that version, to another key, and replaces a file there. */
  copy(from: Pick<Stored, 'key' | 'version'>, to: string): Promise<void>;
  /** Removes the file if it has that version; otherwise does nothing. */
  remove(file: Pick<Stored, 'key' | 'version'>): Promise<void>;
  /** What killed runs of this program have left here. */
  leftovers(): AsyncIterable<Leftover>;
  /**
   * One sentence for each promise that this destination cannot keep, such as a store that ignores conditions. Found out
   * once, with a small probe. Absent where all promises are kept.
   */
  promises?(): Promise<readonly string[]>;
  /** Checks writing, encryption and conditional publishing with one small probe, and removes it. */
  check(): Promise<Finding[]>;
}
