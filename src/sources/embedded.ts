// A PostgreSQL server for one run: npm's binaries, a socket in a private folder, loaded with one script.
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isFull, messageOf, ReportError } from '../core/errors.js';
import { MEBIBYTE, readSmallFile } from '../core/small-file.js';
import { prepareInstallation } from './embedded/install.js';
import { createCluster, type Stop, startServer } from './embedded/server.js';
import { importPg } from './postgres/driver.js';

export interface EmbeddedServer {
  /** `postgres://…` over a Unix socket, without a password; the server does not listen on TCP. */
  readonly url: string;
  readonly stop: Stop;
}

export interface StartEmbedded {
  /** The path of an SQL script, which runs as one simple query: no psql commands, no COPY … FROM stdin. */
  readonly script: string;
  /** A relative path starts here; by default in the process's working directory. */
  readonly cwd?: string | undefined;
  readonly signal: AbortSignal;
}

/** Milliseconds for creating and starting the server: it takes half a second. */
const START_TIMEOUT_MS = 120_000;

/** @throws ReportError `source` when the binaries are missing, the server does not start, or the script fails */
export async function startEmbedded({ script, cwd = '.', signal }: StartEmbedded): Promise<EmbeddedServer> {
  const sql = await readScript(script, cwd);
  let stop: Stop = async () => undefined;
  try {
    const installed = await prepareInstallation();
    stop = () => rm(installed.folder, { recursive: true, force: true });
    signal.throwIfAborted();
    const starting = AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
    await createCluster(installed, ['-A', 'trust'], starting);
    signal.throwIfAborted();
    // The port is part of the socket's name. Without it the server would take PGPORT, which is about another server.
    stop = await startServer(installed, ['listen_addresses=', 'port=5432'], starting);
    const url = `postgres://postgres@localhost:5432/postgres?host=${encodeURIComponent(installed.folder)}`;
    await load(url, sql, signal);
    return { url, stop };
  } catch (error) {
    await stop();
    signal.throwIfAborted();
    throw failedToStart(script, sql, error);
  }
}

function failedToStart(script: string, sql: string, error: unknown): ReportError {
  if (error instanceof ReportError) return error;
  const message = messageOf(error);
  const isNoRoom = isFull(error) || /No space left on device/.test(message);
  const isDump = /^COPY .+ FROM stdin/im.test(sql) || /^role ".*" does not exist/.test(message);
  const hint = isNoRoom
    ? 'Set TMPDIR to a folder with more room: a server takes about 100 MB.'
    : isDump
      ? 'Dump it with pg_dump --inserts --no-owner --no-privileges: COPY … FROM stdin and the roles of another server do not work here.'
      : ['ENOENT', 'EACCES', 'EROFS'].includes(`${(error as NodeJS.ErrnoException).code}`)
        ? 'Set TMPDIR to a folder that this user may write to.'
        : undefined;
  return new ReportError('source', `starting embedded:${script}: ${message}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
    retryable: isNoRoom,
  });
}

/** The whole text is sent at once; larger data belong into a server. */
const MAX_SCRIPT_BYTES = 256 * MEBIBYTE;

async function readScript(path: string, cwd: string): Promise<string> {
  const bytes = await readSmallFile(resolve(cwd, path), MAX_SCRIPT_BYTES).catch((error: unknown) => {
    throw new ReportError('source', `reading the script of embedded:${path}: ${messageOf(error)}`, {
      hint: 'The path is relative to the working directory.',
      cause: error,
      retryable: false,
    });
  });
  // Old versions of pg_dump write a setting that servers no longer have; new ones write commands for psql.
  return bytes.toString().replace(/^(SET default_with_oids = .*;|\\(un)?restrict .*)$/gm, '');
}

async function load(url: string, sql: string, signal: AbortSignal): Promise<void> {
  const pg = await importPg();
  // A Unix socket has no TLS; without this the driver would follow PGSSLMODE.
  const client = new pg.Client({ connectionString: url, ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  const disconnect = () => void client.end();
  signal.addEventListener('abort', disconnect, { once: true });
  try {
    signal.throwIfAborted();
    await client.query(sql);
    // Estimates (explain, the progress bar) need the planner's statistics.
    await client.query('ANALYZE');
  } finally {
    signal.removeEventListener('abort', disconnect);
    await client.end();
  }
}
