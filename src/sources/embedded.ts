// A PostgreSQL of our own for one run: npm's binaries, a socket in a private folder, one script loaded.
import { readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, ReportError } from '../core/errors.js';
import { install } from './embedded/install.js';
import { initialise, type Stop, start } from './embedded/server.js';
import { importPg } from './postgres/driver.js';

export interface EmbeddedServer {
  /** `postgres://…` over a Unix socket; no password, nothing listens on TCP. */
  readonly url: string;
  readonly stop: Stop;
}

export interface StartEmbedded {
  /** The path of an SQL script, loaded as one simple query: no psql commands, no COPY … FROM stdin. */
  readonly script: string;
  /** Where a relative path starts; the process's own folder without it. */
  readonly cwd?: string | undefined;
  readonly signal: AbortSignal;
}

/** @throws ReportError `source` when the binaries are not there, the server does not start, or the script fails */
export async function startEmbedded({ script, cwd = '.', signal }: StartEmbedded): Promise<EmbeddedServer> {
  const sql = await readScript(script, cwd);
  const installed = await install();
  let stop: Stop = () => rm(installed.folder, { recursive: true, force: true });
  try {
    signal.throwIfAborted();
    await initialise(installed, ['-A', 'trust']);
    signal.throwIfAborted();
    // PGPORT would be the port of a server elsewhere.
    stop = await start(installed, ['listen_addresses=', 'port=5432']);
    const url = `postgres://postgres@localhost:5432/postgres?host=${encodeURIComponent(installed.folder)}`;
    await load(url, sql, signal);
    return { url, stop };
  } catch (error) {
    await stop();
    signal.throwIfAborted();
    const copies = /^COPY .+ FROM stdin/im.test(sql);
    throw new ReportError('source', `starting embedded:${script}: ${messageOf(error)}`, {
      ...(copies ? { hint: 'The script holds COPY … FROM stdin: dump it with pg_dump --inserts.' } : {}),
      cause: error,
      retryable: false,
    });
  }
}

async function readScript(path: string, cwd: string): Promise<string> {
  const text = await readFile(resolve(cwd, path), 'utf8').catch((error: unknown) => {
    throw new ReportError('source', `reading the script of embedded:${path}: ${messageOf(error)}`, {
      hint: 'The path is relative to the working directory.',
      cause: error,
      retryable: false,
    });
  });
  // What old and new pg_dump write for psql or for servers that no longer know it.
  return text.replace(/^(SET default_with_oids = .*;|\\(un)?restrict .*)$/gm, '');
}

async function load(url: string, sql: string, signal: AbortSignal): Promise<void> {
  const pg = await importPg();
  // PGSSLMODE is about servers elsewhere; this is a socket.
  const client = new pg.Client({ connectionString: url, ssl: false });
  client.on('error', () => undefined);
  await client.connect();
  const leave = () => void client.end();
  signal.addEventListener('abort', leave, { once: true });
  try {
    signal.throwIfAborted();
    await client.query(sql);
    // Without statistics the estimates of explain and of the bar would be guesses.
    await client.query('ANALYZE');
  } finally {
    signal.removeEventListener('abort', leave);
    await client.end();
  }
}
