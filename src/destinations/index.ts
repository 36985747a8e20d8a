// Where bytes can go: the scheme of a destination picks the file that serves it.
import { setMaxListeners } from 'node:events';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import type { S3Options } from './s3/options.js';

export interface DestinationOptions {
  /** Unique id of this run, of letters, digits, `-` and `_`: in the metadata of objects and the names of temporary files. */
  readonly token: string;
  /** Cancels staging, reading and copying, which then reject with its reason; what gives back or cleans up goes on. */
  readonly signal: AbortSignal;
  readonly s3: S3Options;
  /** The folder that relative paths start at; the process's own without it. */
  readonly cwd?: string | undefined;
  /** The stream that `-` is; the process's own without it. */
  readonly stdout?: Writable | undefined;
}

type Open = (where: string, options: DestinationOptions) => Promise<Destination>;

// Imported on demand: the AWS SDK alone takes longer to load than everything else together.
const DESTINATIONS: Readonly<Record<string, Open>> = {
  's3:': async (where, options) => (await import('./s3.js')).openS3(where, options),
  'stdout:': async (_, { signal, stdout }) =>
    (await import('./stdout.js')).openStdout({ signal, ...(stdout && { stream: stdout }) }),
  'file:': async (where, options) => (await import('./file.js')).openFolder(where, options),
};

/**
 * Opens a destination: `-` for stdout, `s3://bucket/prefix`, or a folder as a path or a `file:` URL.
 * @throws ReportError `usage`
 */
export async function openDestination(where: string, options: DestinationOptions): Promise<Destination> {
  const scheme =
    where === '-' ? 'stdout:' : (/^([a-z][a-z0-9+.-]+:)/i.exec(where)?.[1] ?? 'file:').toLowerCase();
  const open = DESTINATIONS[scheme];
  // Every file that is being staged listens, and Node would warn of the eleventh.
  setMaxListeners(0, options.signal);
  if (open && where !== '') return open(scheme === 'file:' ? folderOf(where) : where, options);
  throw new ReportError('usage', `${JSON.stringify(where)} is not a destination`, {
    hint: 'Name a folder, s3://bucket/prefix, or - for standard output.',
  });
}

/** `file:///absolute`, `file:relative`, or a plain path. */
function folderOf(where: string): string {
  if (!/^file:/i.test(where)) return where;
  try {
    return where.toLowerCase().startsWith('file://') ? fileURLToPath(where) : where.slice('file:'.length);
  } catch (cause) {
    throw new ReportError('usage', `${JSON.stringify(where)} is not a folder`, {
      hint: 'Write file:///absolute/folder, or just the path.',
      cause,
    });
  }
}
