// Where bytes can go: the scheme of an address picks the file that serves it.
import { setMaxListeners } from 'node:events';
import type { Writable } from 'node:stream';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { withoutLogins } from '../core/secret-shapes.js';
import type { OpenedStore, StoreOptions } from '../core/store.js';
import { type Address, parseAddress } from './address.js';
import type { S3Options } from './s3/options.js';

export interface DestinationOptions {
  /** Unique id of this run, of letters, digits, `-` and `_`: in the metadata of objects and the names of temporary files. */
  readonly token: string;
  /** Cancels staging, reading and copying, which then reject with its reason; what gives back or cleans up goes on. */
  readonly signal: AbortSignal;
  readonly s3: S3Options;
  /** The folder that relative paths start at; the process's own without it. */
  readonly cwd?: string | undefined;
  /** The mode of new files in a folder, before the umask takes its bits away; 0640 without it. */
  readonly fileMode?: number | undefined;
  /** Files that a user named: links are followed, devices written through. Without it both are refused. */
  readonly isOutput?: boolean | undefined;
  /** The stream that `-` is; the process's own without it. */
  readonly stdout?: Writable | undefined;
}

interface ReadOptions extends StoreOptions, Pick<DestinationOptions, 's3' | 'cwd'> {}

type Opener<Of, Options, Opened> = (address: Of, options: Options) => Promise<Opened>;
type Openers<Scheme extends Address['scheme'], Options, Opened> = {
  readonly [Each in Scheme]: Opener<Extract<Address, { scheme: Each }>, Options, Opened>;
};

// Imported on demand: the AWS SDK alone takes longer to load than everything else together.
const OPENERS: Openers<Address['scheme'], DestinationOptions, Destination> = {
  s3: async (address, options) => (await import('./s3.js')).openS3(address, options),
  stdout: async (_, { signal, stdout }) =>
    (await import('./stdout.js')).openStdout({ signal, ...(stdout && { stream: stdout }) }),
  file: async ({ path }, options) => {
    const { openFolder, openOutputFolder } = await import('./file.js');
    return (options.isOutput ? openOutputFolder : openFolder)(path, options);
  },
};

/** Standard output cannot be read. */
const READERS: Openers<Exclude<Address['scheme'], 'stdout'>, ReadOptions, OpenedStore> = {
  s3: async (address, options) => (await import('./s3.js')).openS3ForReading(address, options),
  file: async ({ path }, options) => (await import('./file.js')).openFolderForReading(path, options),
};

/** Imports all that opening and using a folder or bucket needs; nothing for another address. */
export async function preloadStore(where: string): Promise<void> {
  const scheme = parseAddress(where)?.scheme;
  if (scheme === 'file') await import('./file.js');
  if (scheme === 's3') await (await import('./s3.js')).preloadSdk();
}

/**
 * Opens a destination: `-` for stdout, `s3://bucket/prefix`, or a folder as a path or a `file:` URL.
 * @throws ReportError `usage`
 */
export async function openDestination(where: string, options: DestinationOptions): Promise<Destination> {
  const address = parseAddress(where);
  if (address === undefined) {
    throw new ReportError('usage', `${JSON.stringify(withoutLogins(where))} is not a destination`, {
      hint: 'Name a folder, s3://bucket/prefix, or - for standard output.',
    });
  }
  // Every file that is being staged adds a listener, and Node warns of the eleventh.
  setMaxListeners(0, options.signal);
  const open = OPENERS[address.scheme] as Opener<Address, DestinationOptions, Destination>;
  return open(address, options);
}

/**
 * Opens `s3://bucket/prefix/`, `s3://bucket/key`, a folder or a file for reading; the caller closes it.
 * @returns undefined for what is no such address
 * @throws ReportError `usage` for a configuration that cannot work, `destination` when the address cannot be looked at
 */
export async function openStore(where: string, options: ReadOptions): Promise<OpenedStore | undefined> {
  const address = parseAddress(where);
  if (address === undefined || address.scheme === 'stdout') return undefined;
  const open = READERS[address.scheme] as Opener<Address, ReadOptions, OpenedStore>;
  return open(address, options);
}
