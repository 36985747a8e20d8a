// A lock among the processes of one user on one host, which the kernel frees when its process ends in any way.
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';

export interface HostLock {
  release(): Promise<void>;
}

/**
 * Binds an abstract Unix socket (unix(7)): at most one process of a network namespace has it. Unlike a lease it needs no clock, and
 * two processes cannot both take it.
 * @param name of what is locked; others of this host have to use the same one
 * @returns 'busy' when another process, or another attempt of this one, has it; undefined where the system has no such lock
 */
export async function lockOnHost(name: string): Promise<HostLock | 'busy' | undefined> {
  if (process.platform !== 'linux') return undefined;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 40);
  // Only processes of the same user exclude one another, so that no other user can hold up a run.
  const path = `\0reportctl-${process.getuid?.() ?? 0}-${hash}`;
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ path, exclusive: true }, resolve);
    });
  } catch (error) {
    return (error as { readonly code?: unknown }).code === 'EADDRINUSE' ? 'busy' : undefined;
  }
  server.unref();
  return {
    release: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
