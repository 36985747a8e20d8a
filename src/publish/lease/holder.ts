// Who holds a lease: a process on a host, so that a process that died can be told from one that works.
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** The content of a lease's file. */
export interface Holder {
  readonly lease: 1;
  readonly token: string;
  readonly host: string;
  /** The boot of the host, and the namespace in which the process id has a meaning; see hostIdentity(). */
  readonly identity: string;
  readonly pid: number;
  /** When the process started, as its host counts, so that a later process with the same id is not taken for it. */
  readonly began: string;
  /** The unique id of the process; absent in leases of former versions. */
  readonly process?: string;
  /** ISO 8601, UTC: when the lease was taken. */
  readonly since?: string;
  /** The fencing number: larger than that of every earlier holder. */
  readonly epoch?: number;
  /** Tokens of former holders that may still run, and may still have something staged. */
  readonly fenced?: readonly string[];
  /** Makes every renewal another version. */
  readonly renewal: string;
}

/** What a holder keeps over its renewals. */
export type Tenure = Required<Pick<Holder, 'token' | 'since' | 'epoch' | 'fenced'>>;

/** This process. */
const PROCESS = randomUUID();
/** The tokens of the leases that attempts of this process hold now. */
const heldTokens = new Set<string>();

/** Until forget(), a lease with this token is of an attempt of this process that works. */
export function remember(token: string): void {
  heldTokens.add(token);
}

/** The attempt has ended; a lease of it that could not be removed is free. */
export function forget(token: string): void {
  heldTokens.delete(token);
}

/** This process as the holder. */
export function ownHolder(tenure: Tenure): Holder {
  return {
    lease: 1,
    token: tenure.token,
    host: hostname(),
    identity: hostIdentity(),
    pid: process.pid,
    began: processStart(process.pid) ?? '',
    process: PROCESS,
    since: tenure.since,
    epoch: tenure.epoch,
    fenced: tenure.fenced,
    renewal: randomUUID(),
  };
}

/** Undefined for content that is no lease. */
export function parseHolder(content: Buffer): Holder | undefined {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    const isLease = typeof value === 'object' && value !== null && 'token' in value;
    return isLease ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the holder works (`alive`) or has ended, as far as this host can tell; of processes of other hosts, and of other
 * users where /proc hides them, nothing is known.
 */
export function lifeOf(holder: Holder): 'alive' | 'ended' | 'unknown' {
  if (holder.process === PROCESS) return heldTokens.has(holder.token) ? 'alive' : 'ended';
  if (holder.identity === '' || holder.identity !== hostIdentity()) return 'unknown';
  const began = processStart(holder.pid);
  if (began !== undefined) return began === holder.began ? 'alive' : 'ended';
  return isHidden(holder.pid) ? 'unknown' : 'ended';
}

/** Whether there is a process of another user, which /proc does not show (proc(5), hidepid). */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as { readonly code?: unknown }).code === 'EPERM';
  }
}

/** Tells this host, since its boot and as far as its process ids reach, from every other; empty where nothing does. */
function hostIdentity(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** When a process started, in clock ticks of its host (proc(5), field 22 of stat); undefined when there is none. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The process's name stands in brackets and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
