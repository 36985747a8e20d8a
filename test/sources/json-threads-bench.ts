// One file read by one thread and by two, which must make no difference.
import assert from 'node:assert/strict';
import { rm, stat, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import threads, { Worker } from 'node:worker_threads';
import { messageOf } from '../../src/core/errors.js';
import type { Request } from '../../src/core/source.js';
import type { Cell } from '../../src/core/table.js';
import { parseFilter } from '../../src/filters/index.js';
import { placeOf } from '../../src/sources/json/files.js';
import { readDocuments } from '../../src/sources/json/read.js';
import { temporaryFolder } from '../support/cli.js';
import { documentRequest } from '../support/json.js';
import { storeOpener } from '../support/store.js';

export const ROWS = 10_000;
/** Bytes. The source reads a file with two threads from this size on; here a file only claims to have it. */
const CLAIMED_SIZE = 1024 ** 3;
const EXTRA = 'x'.repeat(2000);

export function lineOf(id: number): string {
  const organizacao = { nome: `Organização ${id % 7}` };
  const momento = { $date: new Date(Date.UTC(2024, 0, 1) + id * 7919).toISOString() };
  const texto = id % 5 === 0 ? null : `linha "${id}"\t\\ é `.repeat(1 + (id % 4));
  return JSON.stringify({ id, organizacao, valor: id / 100, momento, texto, extra: EXTRA });
}

export const lines = Array.from({ length: ROWS }, (_, id) => lineOf(id));

/** The file with some lines in place of others. */
export function withLines(changes: Readonly<Record<number, string>>): string {
  return `${lines.map((line, index) => changes[index] ?? line).join('\n')}\n`;
}

/** Of this process; it is there once the tests run. */
export let folder: string;
before(async () => {
  folder = await temporaryFolder();
});
after(() => rm(folder, { recursive: true }));

/** What the threads of this process did: ranges with rows that they read, and threads that were ended. */
export const seen = { ranges: 0, ended: 0 };
/** Ranges after which a thread is ended. */
let endAfter = Number.POSITIVE_INFINITY;

/** Reads the file that is there once more, ending the second thread after so many ranges. */
export function outcomeWhenEnded(ranges: number): Promise<Outcome> {
  endAfter = ranges;
  return outcomeOf(true).finally(() => {
    endAfter = Number.POSITIVE_INFINITY;
  });
}

/** Resolves when the thread that was started last can read ranges, or has ended. */
let whenReady: Promise<unknown> = Promise.resolve();
threads.Worker = class extends Worker {
  constructor(...given: ConstructorParameters<typeof Worker>) {
    super(...given);
    let answers = 0;
    whenReady = new Promise((resolve) => this.once('message', resolve).once('exit', resolve));
    this.on('message', (answer: 'ready' | { rows: unknown[] } | undefined) => {
      if (answer === 'ready') return;
      if (answer !== undefined && answer.rows.length > 0) seen.ranges += 1;
      answers += 1;
      if (answers !== endAfter) return;
      seen.ended += 1;
      void this.terminate();
    });
  }
};
syncBuiltinESMExports();

function filterOn(organization: string): Request['filters'][number] {
  const filter = parseFilter('organization', [organization], { timezone: 'UTC', today: '2026-03-10' });
  return { filter, column: 'organizacao.nome' };
}

interface Outcome {
  readonly rows: readonly (readonly Cell[])[];
  readonly notes: readonly string[];
  /** The message of what was thrown. */
  readonly error: string | undefined;
}

/** The rows of a file, as a source with or without a second thread reads them. */
async function outcomeOf(isShared: boolean, organization?: string): Promise<Outcome> {
  const path = join(folder, 'documentos.ndjson');
  const { signal } = new AbortController();
  const opened = await storeOpener()(`file:${path}`, { signal, isFileName: () => true });
  assert.ok(opened !== undefined);
  const place = await placeOf(opened, 'opening');
  const { size } = await stat(path);
  assert.ok(place.single !== undefined);
  const file = { ...place.single, name: 'documentos.ndjson', size: isShared ? CLAIMED_SIZE : size };
  const filters = organization === undefined ? [] : [filterOn(organization)];
  const query = { collection: 'docs', pipeline: [], fields: {}, orderBy: [], onMismatch: 'null' as const };
  const columns = { id: 'integer', valor: 'decimal', momento: 'timestamp', texto: 'text' } as const;
  const request = documentRequest(columns, { filters });
  const rows: (readonly Cell[])[] = [];
  let notes: readonly string[] = [];
  try {
    const reading = {
      request,
      query,
      found: { files: [file], many: false, leftOut: [] },
      doing: 'reading',
      signal,
      limit: undefined,
      note: (all: readonly string[]) => {
        notes = all;
      },
    };
    for await (const batch of readDocuments(reading)) {
      rows.push(...batch.rows());
      // Most of the file is still to be read when the first batch is there.
      if (isShared) await whenReady;
    }
    return { rows, notes, error: undefined };
  } catch (error) {
    return { rows: [], notes: [], error: messageOf(error) };
  }
}

/** By two threads, after it was found to be the same as by one. */
export async function bothWays(
  content: string,
  organization?: string,
): Promise<Outcome & { readonly ranges: number }> {
  await writeFile(join(folder, 'documentos.ndjson'), content);
  const before = seen.ranges;
  const alone = await outcomeOf(false, organization);
  assert.equal(seen.ranges, before);
  const shared = await outcomeOf(true, organization);
  assert.deepEqual([shared.error, shared.notes], [alone.error, alone.notes]);
  // Faster than deepEqual(), which would print all of them.
  assert.ok(JSON.stringify(shared.rows) === JSON.stringify(alone.rows), 'the rows differ');
  return { ...shared, ranges: seen.ranges - before };
}

export const skip = availableParallelism() === 1 ? 'there is one processor, and with it no threads' : false;
