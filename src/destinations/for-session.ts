// Opens destinations and stores as a session's configuration says.
import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { Config } from '../core/config.js';
import type { Destination } from '../core/destination.js';
import type { Session } from '../core/session.js';
import type { OpenStore } from '../core/store.js';
import { openDestination, openStore } from './index.js';

export interface OpenOptions {
  /** As openDestination() takes it; the configured destination without it. */
  readonly where?: string | undefined;
  /** The unique id of the run that writes there; a new one without it. */
  readonly token?: string | undefined;
  /** In place of the session's: for work that has to go on after an interruption. */
  readonly signal?: AbortSignal | undefined;
  /** As DestinationOptions. */
  readonly isOutput?: boolean | undefined;
  /** The stream that `-` is; the process's own without it. */
  readonly stdout?: Writable | undefined;
}

type Opener = Pick<Session, 'config' | 'signal'>;

/** The caller closes it. @throws ReportError `usage` for an address that is none */
export function openFor({ config, signal }: Opener, options: OpenOptions = {}): Promise<Destination> {
  return openDestination(options.where ?? config.destination, {
    token: options.token ?? randomUUID(),
    signal: options.signal ?? signal,
    s3: config.s3,
    cwd: config.cwd,
    fileMode: config.fileMode,
    isOutput: options.isOutput,
    stdout: options.stdout,
  });
}

/** Opens stores for reading, as the configuration says. */
export function storeOpener({ s3, cwd }: Pick<Config, 's3' | 'cwd'>): OpenStore {
  return (where, options) => openStore(where, { ...options, s3, cwd });
}

/** Opens a destination for as long as the work lasts. */
export async function withDestination<T>(
  session: Opener,
  work: (destination: Destination) => Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  const destination = await openFor(session, options);
  return closingAfter(() => work(destination), [destination]);
}

/** Opens a destination by its address, once: it stays open as long as the work lasts. */
export type OpenDestination = (where: string, how?: Pick<OpenOptions, 'isOutput'>) => Promise<Destination>;

/** Destinations by their addresses, each opened once, for as long as the work lasts. */
export async function withDestinations<T>(
  session: Opener,
  work: (open: OpenDestination) => Promise<T>,
): Promise<T> {
  const opened = new Map<string, Promise<Destination>>();
  const open = (where: string, { isOutput = false } = {}) => {
    const id = `${isOutput} ${where}`;
    const destination = opened.get(id) ?? openFor(session, { where, isOutput });
    opened.set(id, destination);
    return destination;
  };
  return closingAfter(() => work(open), opened.values());
}

/**
 * Closes all, whatever happens.
 * @param opened read after the work; those that could not be opened are left out
 * @throws what the work throws; else the first failure of closing
 */
async function closingAfter<T>(
  work: () => Promise<T>,
  opened: Iterable<Destination | Promise<Destination>>,
): Promise<T> {
  const [outcome] = await Promise.allSettled([work()]);
  const destinations = await Promise.allSettled(opened);
  const closed = await Promise.allSettled(
    destinations.flatMap((each) => (each.status === 'fulfilled' ? [each.value.close()] : [])),
  );
  if (outcome.status === 'rejected') throw outcome.reason;
  const failed = closed.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
  return outcome.value;
}
