// How long the first row takes from the server's socket to where a reader sees it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARY } from '../test/support/cli.js';
import { startTcpProxy } from '../test/support/tcp-proxy.js';

/** In no other message than the first row's. */
const MARK = 'PRIMEIRA-LINHA';
/** More bytes than PostgreSQL keeps before it sends (8 KiB). */
const ROW = 20_000;

/** A report file whose second row comes three seconds after the first. */
export const SLOW_REPORT = `/*---
source: bench
columns: { id: integer, texto: text }
---*/
SELECT 1 AS id, 'PRIMEIRA-' || 'LINHA' || repeat('x', ${ROW}) AS texto UNION ALL SELECT 2, '' FROM pg_sleep(3)`;

/** @param file where it is exported to; without one it is stdout that is watched. @returns milliseconds */
export async function firstByte(report: string, socket: string, file?: string): Promise<number> {
  let sent: number | undefined;
  const proxy = await startTcpProxy({
    socket,
    watch: (chunk) => {
      if (chunk.includes(MARK)) sent ??= performance.now();
    },
  });
  const child = spawn(process.execPath, [BINARY, 'export', report, '-q', '-o', file ?? '-', '--overwrite'], {
    env: {
      ...process.env,
      REPORTCTL_SOURCE_BENCH: `postgres://postgres@127.0.0.1:${proxy.port}/postgres?sslmode=disable`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let seen: number | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes(MARK)) seen ??= performance.now();
  });
  while (file !== undefined && seen === undefined && child.exitCode === null) {
    await sleep(1);
    if (await isStarted(dirname(file))) seen = performance.now();
  }
  await closed;
  await proxy.stop();
  if (sent === undefined || seen === undefined) throw new Error('the first row was not seen');
  return seen - sent;
}

/** The unfinished file has the row, and not the header alone. */
async function isStarted(folder: string): Promise<boolean> {
  const unfinished = (await readdir(folder)).find((name) => name.endsWith('.tmp'));
  if (unfinished === undefined) return false;
  const { size } = await stat(join(folder, unfinished)).catch(() => ({ size: 0 }));
  return size > ROW;
}
