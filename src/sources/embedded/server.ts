// A throw-away PostgreSQL cluster: created, started, and stopped when a pipe closes.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { childEnvironment } from '../../core/child-environment.js';
import type { Installation } from './install.js';

/** Stops the server and removes its folder. May be called more than once. */
export type Stop = () => Promise<void>;

/**
 * A shell that runs PostgreSQL and reads from a pipe whose other end this process holds. When this process ends, even by
 * kill -9, the pipe closes, and the shell stops the server and removes the folder.
 */
const SUPERVISOR = `
folder=$1; shift
"$@" &
server=$!
cat > /dev/null
kill -QUIT $server
wait $server
rm -rf "$folder"
`;

/** The server stops at once when it is told to; one that hangs is killed. */
const STOP_TIMEOUT_MS = 5_000;

/** Creates the cluster: UTF-8, sorted by code point. @param options more options of initdb. @param signal kills initdb */
export async function createCluster(
  { bin, folder, identity }: Installation,
  options: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const cluster = ['-D', `${folder}/data`, '-U', 'postgres', '-E', 'UTF8', '--no-sync', '--no-instructions'];
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  await promisify(execFile)(`${bin}/initdb`, [...cluster, ...locale, ...options], {
    ...identity,
    env: childEnvironment(),
    cwd: folder,
    ...(signal && { signal }),
  });
}

/**
 * Starts the cluster on a Unix socket in its folder and resolves when it is ready.
 * @param settings more settings, as `name=value`
 * @param signal ends the wait
 */
export async function startServer(
  { bin, folder, identity }: Installation,
  settings: readonly string[],
  signal?: AbortSignal,
): Promise<Stop> {
  const all = ['fsync=off', 'full_page_writes=off', 'max_wal_size=4GB', 'TimeZone=UTC', ...settings];
  const server = [
    `${bin}/postgres`,
    '-D',
    `${folder}/data`,
    '-k',
    folder,
    ...all.flatMap((setting) => ['-c', setting]),
  ];
  const child = spawn('sh', ['-c', SUPERVISOR, 'reportctl-embedded', folder, ...server], {
    ...identity,
    env: childEnvironment(),
    cwd: '/',
    // A session of its own, so that Ctrl-C does not reach the server.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.stdin?.end();
    // With the shell's group goes the server.
    const timer = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
    // The shell runs as another user than root, who may empty the folder but not remove it where only root may write.
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(child, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Resolves when the server's log says that it is ready. */
async function waitUntilReady(child: ChildProcess, signal: AbortSignal | undefined): Promise<void> {
  const stderr = child.stderr?.setEncoding('utf8');
  if (!stderr) throw new Error('the server has no log');
  let log = '';
  await new Promise<void>((resolve, reject) => {
    stderr.on('data', (text: string) => {
      if (log.length < 100_000) log += text;
      if (log.includes('ready to accept connections')) resolve();
      else if (log.includes('FATAL:  ')) reject(new Error(log.trim().split('\n').at(-1)));
    });
    child.once('error', reject);
    const onAbort = () => reject(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    stderr.once('close', () =>
      reject(new Error(log.trim().split('\n').at(-1) || 'the server ended without a message')),
    );
  });
}
