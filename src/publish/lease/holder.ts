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
  /** Makes every renewal another version. */
  readonly renewal: string;
}

/** This process as the holder. */
export function ownHolder(token: string): Holder {
  return {
    lease: 1,
    token,
    host: hostname(),
    identity: hostIdentity(),
    pid: process.pid,
    began: processStart(process.pid) ?? '',
    renewal: randomUUID(),
  };
}

/** Undefined for content that is no lease. */
export function parseHolder(content: Buffer): Holder | undefined {
  try {
    return JSON.parse(content.toString('utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** Whether the holder was a process of this host that has ended. Of other hosts nothing is known. */
export function hasEnded(holder: Holder): boolean {
  if (holder.identity === '' || holder.identity !== hostIdentity()) return false;
  return processStart(holder.pid) !== holder.began;
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
