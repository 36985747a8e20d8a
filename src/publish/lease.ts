// The right to run one report for one period, so that two runs do not do the same work; what is published is safe without it.
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination, Existing, Published, Stored } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { isAlreadyExists, isChanged } from '../core/existing-file.js';

/** Milliseconds after which a lease that nobody renewed is nobody's. */
export const LEASE_LIFE = 60_000;
const RENEWED_EVERY = 15_000;
/** Without a renewal for so long another host may be about to take it. */
const DOUBTFUL_AFTER = 45_000;
/** At the end nobody waits longer for its removal: it ends by itself. */
const RELEASED_WITHIN = 5_000;

interface Content {
  readonly lease: 1;
  readonly token: string;
  readonly host: string;
  /** The boot, and the namespace in which the process id means something; see hostIdentity(). */
  readonly identity: string;
  readonly pid: number;
  /** When the process began, as its host counts, so that another process with its id is not taken for it. */
  readonly began: string;
  /** Makes every renewal another version. */
  readonly renewal: string;
}

export interface Lease {
  /** @throws ReportError `already-running` when the lease may be another's by now */
  assertHeld(): void;
  /** The token of the killed run that had it before. */
  readonly tookOver?: string;
  /** Gives it back; never throws, because a lease that stays ends by itself. */
  release(): Promise<void>;
}

/**
 * Takes the lease, or one whose holder was killed: at once where that was on this host, else after LEASE_LIFE.
 * It is renewed until it is released.
 * @param destination must go on working when the run is interrupted
 * @throws ReportError `already-running` naming the holder, or `destination`
 */
export async function takeLease(destination: Destination, key: string, token: string): Promise<Lease> {
  const taken = await take(destination, key, token);
  const { tookOver } = taken;
  let { held } = taken;
  let renewedAt = performance.now();
  let lostTo: string | undefined;
  const renew = async () => {
    try {
      held = await put(destination, key, token, { version: held.version });
      renewedAt = performance.now();
    } catch (error) {
      if (!isChanged(error)) return;
      // A renewal whose answer was lost is ours all the same; what cannot be read becomes doubtful by itself.
      const found = await destination.read(key).catch(() => 'unknown' as const);
      if (found === 'unknown') return;
      if (found === undefined || parsed(found.content)?.token !== token) {
        lostTo = 'another run took it';
        return;
      }
      held = found;
      renewedAt = performance.now() - found.age;
    }
  };
  const timer = setInterval(() => {
    pending = pending.then(renew);
  }, RENEWED_EVERY).unref();
  let pending = Promise.resolve();
  return {
    ...(tookOver === undefined ? {} : { tookOver }),
    assertHeld() {
      if (performance.now() - renewedAt > DOUBTFUL_AFTER) lostTo ??= 'it could not be renewed in time';
      if (lostTo === undefined) return;
      throw new ReportError(
        'already-running',
        `the lease ${key} at ${destination.label} was lost: ${lostTo}`,
        {
          hint: 'Nothing was published by this run; run the same again.',
        },
      );
    },
    async release() {
      clearInterval(timer);
      const removed = pending.then(() => destination.remove({ key, version: held.version }));
      const ended = new AbortController();
      const tooLong = sleep(RELEASED_WITHIN, undefined, { signal: ended.signal });
      await Promise.race([removed, tooLong]).catch(() => undefined);
      ended.abort();
      await tooLong.catch(() => undefined);
    },
  };
}

/** Removes the lease of a run that was killed, for who has nothing to run. @throws ReportError `destination` */
export async function removeAbandoned(destination: Destination, key: string): Promise<void> {
  const found = await destination.read(key);
  if (found !== undefined && isAbandoned(found)) await destination.remove(found);
}

interface Taken {
  readonly held: Held;
  readonly tookOver: string | undefined;
}

async function take(destination: Destination, key: string, token: string): Promise<Taken> {
  for (let attempt = 1; ; attempt++) {
    const found = await destination.read(key);
    if (found !== undefined && !isAbandoned(found)) throw running(destination, key, found.content);
    try {
      const existing = found === undefined ? 'never' : { version: found.version };
      const held = await put(destination, key, token, existing);
      return { held, tookOver: found && parsed(found.content)?.token };
    } catch (error) {
      // Another was faster; whether it still runs is what the next look says.
      if ((!isAlreadyExists(error) && !isChanged(error)) || attempt === 3) throw error;
    }
  }
}

type Held = Pick<Published, 'version'>;

async function put(destination: Destination, key: string, token: string, existing: Existing): Promise<Held> {
  const content: Content = {
    lease: 1,
    token,
    host: hostname(),
    identity: hostIdentity(),
    pid: process.pid,
    began: processBegan(process.pid) ?? '',
    renewal: randomUUID(),
  };
  const staged = await destination.stage(key, { contentType: 'application/json', existing });
  try {
    await staged.write(Buffer.from(`${JSON.stringify(content)}\n`));
  } catch (error) {
    await staged.discard();
    throw error;
  }
  return staged.publish();
}

function isAbandoned({ age, content }: Stored & { readonly content: Buffer }): boolean {
  if (age > LEASE_LIFE) return true;
  const holder = parsed(content);
  if (holder === undefined || holder.identity !== hostIdentity() || holder.identity === '') return false;
  return processBegan(holder.pid) !== holder.began;
}

function parsed(content: Buffer): Content | undefined {
  try {
    return JSON.parse(content.toString('utf8')) as Content;
  } catch {
    return undefined;
  }
}

function running(destination: Destination, key: string, content: Buffer): ReportError {
  const holder = parsed(content);
  const who = holder === undefined ? 'another run' : `process ${holder.pid} on ${holder.host}`;
  return new ReportError(
    'already-running',
    `${who} is running the same; its lease is ${key} at ${destination.label}`,
    {
      hint: `A lease whose run was killed ends by itself within ${LEASE_LIFE / 1000} seconds.`,
    },
  );
}

/** What tells this host, since it was started and as far as process ids reach, from every other; empty where nothing does. */
function hostIdentity(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** When a process began, in the clock ticks of its host (proc(5), field 22 of stat), or undefined when there is none. */
function processBegan(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in brackets and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie does nothing any more.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
