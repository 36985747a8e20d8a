// The lease of one report and period: it keeps two runs from doing the same work, and a run that stood still from publishing after another.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { isChanged } from '../core/existing-file.js';
import { LeaseHeld, readLease, type TakenFile, takeFile, type Version, writeFile } from './lease/files.js';
import { forget, lifeOf, remember, type Tenure } from './lease/holder.js';
import { type HostLock, lockOnHost } from './lease/host-lock.js';

const RENEWAL_INTERVAL_MS = 15_000;
/** Without a renewal for so long, another host may be about to take the lease. */
const MAX_RENEWAL_AGE_MS = 45_000;
/** The longest wait for a lease's removal; one that stays is free after LEASE_LIFE_MS. */
const RELEASE_TIMEOUT_MS = 2_500;

/** A lease that this run holds. It is renewed until it is released. */
export class Lease {
  /** Whether a former holder may still run: its lease was too old, and nothing is known of its process. */
  readonly mayWake: boolean;
  readonly #destination: Destination;
  readonly #key: string;
  readonly #lock: HostLock | undefined;
  readonly #timer: NodeJS.Timeout;
  #tenure: Tenure;
  #version: Version;
  #renewedAt = performance.now();
  #renewal = Promise.resolve();
  /** Why the lease is lost. */
  #lostBecause: string | undefined;
  /** The question that is under way, and the one that begins after it. */
  #asking: Promise<void> = Promise.resolve();
  #nextAsking: Promise<void> | undefined;

  private constructor(destination: Destination, key: string, lock: HostLock | undefined, taken: TakenFile) {
    this.#destination = destination;
    this.#key = key;
    this.#lock = lock;
    this.#tenure = taken.tenure;
    this.#version = taken.version;
    this.mayWake = taken.mayWake;
    this.#timer = setInterval(() => this.#renewNext(), RENEWAL_INTERVAL_MS).unref();
  }

  /**
   * Takes the lease. One whose holder has ended is taken over: at once when the holder ran on this host, else after
   * LEASE_LIFE_MS without a renewal.
   * @param destination must go on working when the run is interrupted
   * @param token of this run
   * @throws LeaseHeld, ReportError `destination`
   */
  static async take(destination: Destination, key: string, token: string): Promise<Lease> {
    const { hostLockName } = destination;
    const lock = hostLockName === undefined ? undefined : await lockOnHost(`${hostLockName}\n${key}`);
    if (lock === 'busy') {
      const holder = (await readLease(destination, key))?.holder;
      const isOfLock = holder !== undefined && lifeOf(holder) === 'alive';
      throw new LeaseHeld(`${key} at ${destination.label}`, isOfLock ? holder : undefined, 'lock');
    }
    remember(token);
    try {
      return new Lease(destination, key, lock, await takeFile(destination, key, token));
    } catch (error) {
      if (!(error instanceof LeaseHeld)) await removeOwn(destination, key, token);
      forget(token);
      await lock?.release();
      throw error;
    }
  }

  /** The fencing number: larger than that of every earlier holder, and than `after`. */
  epochAfter(after: number): number {
    if (this.#tenure.epoch <= after) this.#tenure = { ...this.#tenure, epoch: after + 1 };
    return this.#tenure.epoch;
  }

  /** Tokens of former holders: nothing that they have staged may become visible any more. */
  get fenced(): readonly string[] {
    return this.#tenure.fenced;
  }

  get isLost(): boolean {
    return this.#lostBecause !== undefined;
  }

  /**
   * Asks the destination whether this run still holds the lease. Calls that come while a question is under way share the next
   * one.
   * @throws ReportError `already-running` when another run may hold it by now, `destination`
   */
  confirm(): Promise<void> {
    this.#nextAsking ??= this.#asking
      .catch(() => undefined)
      .then(() => {
        this.#nextAsking = undefined;
        this.#asking = this.#ask();
        return this.#asking;
      });
    return this.#nextAsking;
  }

  /** Gives the lease back. Never throws: a lease that stays is free after LEASE_LIFE_MS, and at once for this process. */
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
    forget(this.#tenure.token);
    await this.#lock?.release();
  }

  async #ask(): Promise<void> {
    this.#assertNotLost();
    // After a stop of this process, the renewal comes first: it finds out whether another run took the lease meanwhile.
    if (this.#isStale()) await this.#renewNext();
    if (this.#isStale()) this.#lostBecause ??= 'it could not be renewed in time';
    this.#assertNotLost();
    const found = await readLease(this.#destination, this.#key);
    if (found !== undefined && found.holder === undefined) throw this.#unreadable();
    if (found?.holder?.token !== this.#tenure.token) this.#lostBecause = 'another run took it';
    this.#assertNotLost();
  }

  #isStale(): boolean {
    return performance.now() - this.#renewedAt > MAX_RENEWAL_AGE_MS;
  }

  #assertNotLost(): void {
    if (this.#lostBecause === undefined) return;
    throw new ReportError(
      'already-running',
      `the lease ${this.#key} at ${this.#destination.label} was lost: ${this.#lostBecause}`,
      { hint: 'Run the same command again.' },
    );
  }

  /** Whether another run has the lease is not known, so that it is not lost. */
  #unreadable(): ReportError {
    return new ReportError(
      'destination',
      `could not read the lease ${this.#key} at ${this.#destination.label}: the file holds something else`,
      { hint: 'See who else writes there, then run the same command again.', retryable: true },
    );
  }

  /** Renewals follow one another. Never rejects. */
  #renewNext(): Promise<void> {
    this.#renewal = this.#renewal.then(() => this.#renew());
    return this.#renewal;
  }

  async #renew(): Promise<void> {
    try {
      this.#version = await writeFile(this.#destination, this.#key, this.#tenure, this.#version);
      this.#renewedAt = performance.now();
    } catch (error) {
      if (isChanged(error)) await this.#readAgain();
    }
  }

  /** A renewal that was refused may be one of this run's own, whose answer was lost. */
  async #readAgain(): Promise<void> {
    const found = await readLease(this.#destination, this.#key).catch(() => 'unreadable' as const);
    // What cannot be read now becomes too old by itself.
    if (found === 'unreadable' || (found !== undefined && found.holder === undefined)) return;
    if (found === undefined || found.holder?.token !== this.#tenure.token) {
      this.#lostBecause = 'another run took it';
      return;
    }
    this.#version = found;
    this.#renewedAt = performance.now() - found.age;
  }
}

/** Removes a lease that was written all the same, though its writing failed. A failure is left to the next run. */
async function removeOwn(destination: Destination, key: string, token: string): Promise<void> {
  try {
    const found = await readLease(destination, key);
    if (found?.holder?.token === token) await destination.remove(found);
  } catch {
    // It is free as soon as this process has ended.
  }
}
