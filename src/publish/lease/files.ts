// The file of a lease: read, taken and renewed with conditional writes.
import type { Destination, Existing, Published } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import { isAlreadyExists, isChanged } from '../../core/existing-file.js';
import type { Stored } from '../../core/store.js';
import { putJson } from '../put-json.js';
import { type Holder, lifeOf, ownHolder, parseHolder, type Tenure } from './holder.js';

/** Milliseconds after which a lease that was not renewed is free, unless its process is known to live. */
export const LEASE_LIFE_MS = 60_000;
/** The default deadline of a run: a holder that lives for longer may stand still. */
const MAX_TENURE_MS = 6 * 3_600_000;
/** How often another run may be faster. */
const MAX_ATTEMPTS = 3;
/** How often a lease is read before it counts as one that nobody can read. */
const MAX_READS = 3;

export type Version = Pick<Published, 'version'>;

export interface TakenFile {
  readonly tenure: Tenure;
  readonly version: Version;
  /** Whether a former holder may still run: its lease was taken because of its age. */
  readonly mayWake: boolean;
}

/** Another run holds the lease. */
export class LeaseHeld extends ReportError {
  /** Whether the holder is known to live; if not, its lease may be free soon. */
  readonly isAlive: boolean;
  /** Another one as soon as the holder has renewed the lease. */
  readonly renewal: string | undefined;
  readonly #since: number;
  #isRenewed = false;

  /** @param where the lease, for messages. @param has the lock of the host, where a process of this host has it */
  constructor(where: string, holder: Holder | undefined, has?: 'lock') {
    const isAlive = has === 'lock' || (holder !== undefined && lifeOf(holder) === 'alive');
    const other = has === 'lock' ? 'another process of this host' : 'another run';
    const who = holder === undefined ? other : `process ${holder.pid} on ${holder.host}`;
    const since = holder?.since === undefined ? '' : `, held since ${holder.since}`;
    const end = holder === undefined ? '' : `: kill ${holder.pid}`;
    super('already-running', `${who} is running the same report and period; its lease is ${where}${since}`, {
      hint: isAlive
        ? `Wait for it, or end that process if it hangs${end}.`
        : `The lease of a run that was killed is free within ${LEASE_LIFE_MS / 1000} seconds.`,
    });
    this.isAlive = isAlive;
    this.renewal = holder?.renewal;
    this.#since = Date.parse(holder?.since ?? '');
  }

  /** The holder has renewed the lease since it was first met: it lives. */
  sawRenewal(): void {
    this.#isRenewed = true;
  }

  /** Whether the holder lives, and has not held the lease for longer than runs last: it reports the end of the period itself. */
  get isAtWork(): boolean {
    return (this.isAlive || this.#isRenewed) && Date.now() - this.#since < MAX_TENURE_MS;
  }
}

export interface FoundLease extends Stored {
  /** Undefined when the file holds no lease. */
  readonly holder: Holder | undefined;
}

/**
 * The lease that is there, or undefined. A file that holds none is read again: what was read may be only a part of it.
 * @throws ReportError `destination`
 */
export async function readLease(destination: Destination, key: string): Promise<FoundLease | undefined> {
  for (let reads = 1; ; reads++) {
    const found = await destination.read(key);
    if (found === undefined) return undefined;
    const holder = parseHolder(found.content);
    if (holder !== undefined || reads === MAX_READS) return { ...found, holder };
  }
}

/** @throws LeaseHeld, ReportError `destination` */
export async function takeFile(destination: Destination, key: string, token: string): Promise<TakenFile> {
  for (let attempt = 1; ; attempt++) {
    const found = await readLease(destination, key);
    const holder = found?.holder;
    if (found !== undefined && !(await isFree(destination, found)))
      throw new LeaseHeld(`${key} at ${destination.label}`, holder);
    const tenure = {
      token,
      since: new Date().toISOString(),
      epoch: (holder?.epoch ?? 0) + 1,
      fenced: holder === undefined ? [] : [...(holder.fenced ?? []), holder.token],
    };
    const mayWake = holder !== undefined && lifeOf(holder) !== 'ended';
    try {
      return { tenure, version: await writeFile(destination, key, tenure, found ?? 'never'), mayWake };
    } catch (error) {
      // Another run was faster; whether it still works is what the next reading says.
      if ((!isAlreadyExists(error) && !isChanged(error)) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** @param former the version to replace; `never` where there must be no lease. @throws ReportError `destination` */
export function writeFile(
  destination: Destination,
  key: string,
  tenure: Tenure,
  former: Version | 'never',
): Promise<Version> {
  const existing: Existing = former === 'never' ? former : { version: former.version };
  return putJson(destination, key, ownHolder(tenure), existing);
}

/** A process that is known to live beats the age of its lease: it may only have stood still. */
async function isFree(destination: Destination, { key, age, holder }: FoundLease): Promise<boolean> {
  const life = holder === undefined ? 'unknown' : lifeOf(holder);
  if (life !== 'unknown') return life === 'ended';
  // The clocks of two hosts may differ by more than the life of a lease: the store's counts.
  const skew = (await destination.clockSkew?.(key)) ?? 0;
  return age + skew > LEASE_LIFE_MS;
}

/** Removes the lease of a run that was killed, for a run that has nothing to do. @throws ReportError `destination` */
export async function removeAbandoned(destination: Destination, key: string): Promise<void> {
  const found = await readLease(destination, key);
  if (found !== undefined && (await isFree(destination, found))) await destination.remove(found);
}
