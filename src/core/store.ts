// The contract of a store: bytes under keys, which can be listed and read. A destination is a store that also takes bytes.

/** What is known of a file without reading it. */
export interface Stored {
  readonly key: string;
  readonly bytes: number;
  /** Changes with the content of the key: an ETag, or inode, size and time. */
  readonly version: string;
  /** Milliseconds since it was written, by the store's own clock. */
  readonly age: number;
  /** The token of the run that wrote it; absent in listings and for folders. */
  readonly token?: string;
}

interface DownloadOptions {
  /** Ends after so many bytes; without it, after all of them. */
  readonly most?: number | undefined;
  /** Cancels this download, in place of the signal that the store was opened with. */
  readonly signal?: AbortSignal | undefined;
}

/** A bucket with a prefix, or a folder. All methods but `close` throw ReportError `destination`, or the reason of the signal. */
export interface Store {
  /** For messages; holds no secret. */
  readonly label: string;
  /**
   * Every file whose key begins with the prefix, in the order of the keys' bytes; nothing unfinished.
   * @param onHidden of a store that is read as a source: gets each hidden name below the prefix (hidden-names.ts), a folder's with a
   * slash at its end; what is hidden is not listed then
   */
  list(prefix: string, onHidden?: (key: string) => void): AsyncIterable<Stored>;
  /** Undefined when there is no such file. */
  stat(key: string): Promise<Stored | undefined>;
  /** A small file (a manifest, a run record), or undefined when there is none. */
  read(key: string): Promise<(Stored & { readonly content: Buffer }) | undefined>;
  /** The bytes of a file of any size; throws at the end when they could not all be read. */
  download(key: string, options?: DownloadOptions): AsyncIterable<Buffer>;
  /** The absolute path of a key, where files of this store are files of this machine. */
  localPath?(key: string): string;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly signal: AbortSignal;
  /** Tells by the last part of an address whether the address is of a file, where only its name can tell that, as in a bucket. */
  isFileName(name: string): boolean;
}

/** Where a file of the store is, for messages: an absolute path or an s3:// URL. */
export function locationOf({ label }: Pick<Store, 'label'>, key: string): string {
  return `${label.replace(/\/$/, '')}/${key}`;
}

/** An address opened: the store, and the key of the file when the address is of one file, which need not exist. */
export interface OpenedStore {
  readonly store: Store;
  readonly key: string | undefined;
}

/**
 * Opens the store that an address names, for reading. The caller closes it.
 * @returns undefined for what is no address of a store
 * @throws ReportError `usage` for a configuration that cannot work, `destination` when the address cannot be looked at
 */
export type OpenStore = (where: string, options: StoreOptions) => Promise<OpenedStore | undefined>;
