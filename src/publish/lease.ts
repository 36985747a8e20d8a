// The lease of one report and period: it keeps two runs from doing the same work. Publishing is safe without it.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination, Existing, Published } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { isAlreadyExists, isChanged } from '../core/existing-file.js';
import type { Stored } from '../core/store.js';
import { hasEnded, ownHolder, parseHolder } from './lease/holder.js';
import { putJson } from './put-json.js';

/** Milliseconds after which a lease that was not renewed is free. */
export const LEASE_LIFE_MS = 60_000;
const RENEWAL_INTERVAL_MS = 15_000;
/** Without a renewal for so long, another host may be about to take the lease. */
const MAX_RENEWAL_AGE_MS = 45_000;
/** The longest wait for a lease's removal; one that stays is free after LEASE_LIFE_MS. */
const RELEASE_TIMEOUT_MS = 5_000;
/** How often another run may be faster. */
const MAX_ATTEMPTS = 3;

type Version = Pick<Published, 'version'>;

/** A lease that this run holds. It is renewed until it is released. */
export class Lease {
  /** The token of the killed run that held the lease before. */
  readonly tookOver: string | undefined;
  readonly #destination: Destination;
  readonly #key: string;
  readonly #token: string;
  readonly #timer: NodeJS.Timeout;
  #version: Version;
  #renewedAt = performance.now();
  #renewal = Promise.resolve();
  /** Why the lease is lost. */
  #lostBecause: string | undefined;

  private constructor(destination: Destination, key: string, token: string, taken: Taken) {
    this.#destination = destination;
    this.#key = key;
    this.#token = token;
    this.#version = taken.version;
    this.tookOver = taken.tookOver;
    this.#timer = setInterval(() => {
      this.#renewal = this.#renewal.then(() => this.#renew());
    }, RENEWAL_INTERVAL_MS).unref();
  }

  /**
   * Takes the lease. One whose holder was killed is taken over: at once when the holder ran on this host, else after
   * LEASE_LIFE_MS.
   * @param destination must go on working when the run is interrupted
   * @param token of this run
   * @throws ReportError `already-running` naming the holder, or `destination`
   */
  static async take(destination: Destination, key: string, token: string): Promise<Lease> {
    return new Lease(destination, key, token, await takeFile(destination, key, token));
  }

  /** @throws ReportError `already-running` when another run may hold the lease by now */
  assertHeld(): void {
    if (performance.now() - this.#renewedAt > MAX_RENEWAL_AGE_MS)
      this.#lostBecause ??= 'it could not be renewed in time';
    if (this.#lostBecause === undefined) return;
    throw new ReportError(
      'already-running',
      `the lease ${this.#key} at ${this.#destination.label} was lost: ${this.#lostBecause}`,
      { hint: 'Nothing was published by this run; run the same command again.' },
    );
  }

  /** Gives the lease back. Never throws: a lease that stays is free after LEASE_LIFE_MS. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    const removed = this.#renewal.then(() =>
      this.#destination.remove({ key: this.#key, version: this.#version.version }),
    );
    const done = new AbortController();
    const timeout = sleep(RELEASE_TIMEOUT_MS, undefined, { signal: done.signal });
    await Promise.race([removed, timeout]).catch(() => undefined);
    done.abort();
    await timeout.catch(() => undefined);
  }

  async #renew(): Promise<void> {
    try {
      this.#version = await writeLease(this.#destination, this.#key, this.#token, this.#version);
      this.#renewedAt = performance.now();
    } catch (error) {
      if (isChanged(error)) await this.#readAgain();
    }
  }

  /** A renewal that was refused may be one of this run's own, whose answer was lost. */
  async #readAgain(): Promise<void> {
    const found = await this.#destination.read(this.#key).catch(() => 'unreadable' as const);
    // What cannot be read now becomes too old by itself.
    if (found === 'unreadable') return;
    if (found === undefined || parseHolder(found.content)?.token !== this.#token) {
      this.#lostBecause = 'another run took it';
      return;
    }
    this.#version = found;
    this.#renewedAt = performance.now() - found.age;
  }
}

/** Removes the lease of a run that was killed, for a run that has nothing to do. @throws ReportError `destination` */
export async function removeAbandoned(destination: Destination, key: string): Promise<void> {
  const found = await destination.read(key);
  if (found !== undefined && isAbandoned(found)) await destination.remove(found);
}

interface Taken {
  readonly version: Version;
  readonly tookOver: string | undefined;
}

async function takeFile(destination: Destination, key: string, token: string): Promise<Taken> {
  for (let attempt = 1; ; attempt++) {
    const found = await destination.read(key);
    if (found !== undefined && !isAbandoned(found)) throw alreadyRunning(destination, key, found.content);
    try {
      const version = await writeLease(destination, key, token, found ?? 'never');
      return { version, tookOver: found && parseHolder(found.content)?.token };
    } catch (error) {
      // Another run was faster; whether it still works is what the next reading says.
      if ((!isAlreadyExists(error) && !isChanged(error)) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

function writeLease(
  destination: Destination,
  key: string,
  token: string,
  former: Version | 'never',
): Promise<Version> {
  const existing: Existing = former === 'never' ? former : { version: former.version };
  return putJson(destination, key, ownHolder(token), existing);
}

function isAbandoned({ age, content }: Stored & { readonly content: Buffer }): boolean {
  if (age > LEASE_LIFE_MS) return true;
  const holder = parseHolder(content);
  return holder !== undefined && hasEnded(holder);
}

function alreadyRunning(destination: Destination, key: string, content: Buffer): ReportError {
  const holder = parseHolder(content);
  const who = holder === undefined ? 'another run' : `process ${holder.pid} on ${holder.host}`;
  return new ReportError(
    'already-running',
    `${who} is running the same report and period; its lease is ${key} at ${destination.label}`,
    { hint: `The lease of a run that was killed is free within ${LEASE_LIFE_MS / 1000} seconds.` },
  );
}
