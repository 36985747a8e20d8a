// A throw-away PostgreSQL cluster: made, started, and stopped when its pipe closes.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { Installation } from './install.js';

/** Ends the server and removes its folder. May be called more than once. */
export type Stop = () => Promise<void>;

/**
 * Runs PostgreSQL under a shell that holds our end of a pipe: when this process ends, however it ends, the pipe closes,
 * and the shell stops the server and removes the folder. In a session of its own, so that Ctrl-C reaches only us.
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

/** Makes the cluster in UTF-8 and code point order. @param options more options of initdb */
export async function initialise(
  { bin, folder, identity }: Installation,
  options: readonly string[],
): Promise<void> {
  const cluster = ['-D', `${folder}/data`, '-U', 'postgres', '-E', 'UTF8', '--no-sync', '--no-instructions'];
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  await promisify(execFile)(`${bin}/initdb`, [...cluster, ...locale, ...options], {
    ...identity,
    cwd: folder,
  });
}

/**
 * Starts the cluster on a Unix socket in its folder and resolves when it is ready.
 * @param settings more settings, as `name=value`
 */
export async function start(
  { bin, folder, identity }: Installation,
  settings: readonly string[],
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
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.stdin?.end();
    await exited;
  };
  try {
    await ready(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Resolves at the server's own word. */
async function ready(child: ChildProcess): Promise<void> {
  const words = child.stderr?.setEncoding('utf8');
  if (!words) throw new Error('the server has no log');
  let log = '';
  await new Promise<void>((resolve, reject) => {
    words.on('data', (text: string) => {
      if (log.length < 100_000) log += text;
      if (log.includes('ready to accept connections')) resolve();
      else if (log.includes('FATAL:  ')) reject(new Error(log.trim().split('\n').at(-1)));
    });
    child.once('error', reject);
    words.once('close', () => reject(new Error(log.trim().split('\n').at(-1) || 'it ended at once')));
  });
}
