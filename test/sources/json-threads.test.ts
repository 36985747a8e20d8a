// A large file is read by two threads: the same rows, notes and errors as by one.
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import threads, { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { messageOf } from '../../src/core/errors.js';
import type { Request } from '../../src/core/source.js';
import type { Cell } from '../../src/core/table.js';
import { parseFilter } from '../../src/filters/index.js';
import { placeOf } from '../../src/sources/json/files.js';
import { lineRanges, RangeReader } from '../../src/sources/json/ranges.js';
import { readDocuments } from '../../src/sources/json/read.js';
import { ROOT, runReportctl, temporaryFolder } from '../support/cli.js';
import { documentRequest } from '../support/json.js';
import { storeOpener } from '../support/store.js';

const ROWS = 10_000;
/** Bytes. The source reads a file with two threads from this size on; here a file only claims to have it. */
const CLAIMED_SIZE = 1024 ** 3;
const EXTRA = 'x'.repeat(2000);

function lineOf(id: number): string {
  const organizacao = { nome: `Organização ${id % 7}` };
  const momento = { $date: new Date(Date.UTC(2024, 0, 1) + id * 7919).toISOString() };
  const texto = id % 5 === 0 ? null : `linha "${id}"\t\\ é `.repeat(1 + (id % 4));
  return JSON.stringify({ id, organizacao, valor: id / 100, momento, texto, extra: EXTRA });
}

const lines = Array.from({ length: ROWS }, (_, id) => lineOf(id));

/** With some lines in place of others. */
function withLines(changes: Readonly<Record<number, string>>): string {
  return `${lines.map((line, index) => changes[index] ?? line).join('\n')}\n`;
}

let folder: string;
before(async () => {
  folder = await temporaryFolder();
});
after(() => rm(folder, { recursive: true }));

/** What the threads of this process did: ranges with rows that they read, and threads that were ended. */
const seen = { ranges: 0, ended: 0 };
/** Ranges after which a thread is ended. */
let endAfter = Number.POSITIVE_INFINITY;
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
async function bothWays(
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

const skip = availableParallelism() === 1 ? 'there is one processor, and with it no threads' : false;

describe('a large file', { skip }, () => {
  test('has the same rows, and threads have read some of them', async () => {
    const { rows, ranges, notes } = await bothWays(withLines({}));
    assert.equal(rows.length, ROWS);
    assert.ok(ranges > 0);
    assert.ok(notes.includes('field "extra" of 10000 documents is in no column'), notes.join('\n'));
  });

  test('with few rows that pass', async () => {
    const { rows, ranges } = await bothWays(withLines({}), 'Organização 3');
    assert.equal(rows.length, Math.ceil((ROWS - 3) / 7));
    assert.ok(ranges > 0);
  });

  test('a byte order mark, empty lines, CRLF, documents of many lines, and no line feed at the end', async () => {
    const pretty = (id: number) => JSON.stringify(JSON.parse(lineOf(id)), null, 1);
    const many = Object.fromEntries([4000, 4001, 9800].map((id) => [id, pretty(id)]));
    const changes = { ...many, 6000: `\r\n \n${lineOf(6000)}\r`, 0: `\ufeff${lineOf(0)}` };
    const { rows } = await bothWays(withLines(changes).trimEnd());
    assert.equal(rows.length, ROWS);
  });

  test('documents of many lines throughout', async () => {
    const many = lines.map((line) => line.replace(',', '\n,\n'));
    const { rows } = await bothWays(many.join('\n'));
    assert.equal(rows.length, ROWS);
  });

  test('ranges that seem to be whole and are in a document', async () => {
    const empty = '\n'.repeat(2_500_000);
    const inside = `{"texto":${empty}"dentro","itens":[${empty}{"id":1,"texto":"não"}${empty}]${empty}}`;
    const { rows } = await bothWays(withLines({ 4000: inside, 6000: inside, 8000: inside }));
    const texts = rows.map((row) => row[3]);
    assert.deepEqual(
      [rows.length, texts.filter((text) => text === 'dentro').length, texts.includes('não')],
      [ROWS, 3, false],
    );
  });

  test('an array', async () => {
    const { rows, ranges } = await bothWays(`[${lines.join(',\n')}]`);
    assert.deepEqual([rows.length, ranges], [ROWS, 0]);
  });

  test('a line that is longer than a range', async () => {
    const long = JSON.stringify({ id: 5000, texto: 'x'.repeat(3_000_000) });
    const { rows } = await bothWays(withLines({ 5000: long }));
    assert.ok(rows[5000]?.[3] === 'x'.repeat(3_000_000));
  });

  test('tells the first value that does not fit, with its line, and how many there were', async () => {
    const ids = [5000, 5001, 8000, 9000];
    const changes = Object.fromEntries(ids.map((id) => [id, `{"id":"n${id}","valor":[]}`]));
    const { notes } = await bothWays(withLines(changes));
    const told = notes.join('\n');
    assert.match(
      told,
      /4 values became null, the first: documentos\.ndjson line 5001 \(byte offset \d+\): column "id"/,
    );
    assert.match(told, /4 values became null, the first: documentos\.ndjson line 5001 .*column "valor"/);
  });

  const wrong: Readonly<Record<string, readonly [content: () => string, message: RegExp]>> = {
    'broken JSON': [
      () => withLines({ 8321: '{"id":1,}' }),
      /line 8322 \(byte offset \d+\): a comma before "}"/,
    ],
    'two documents on a line': [
      () => withLines({ 7999: `${lineOf(1)} ${lineOf(2)}` }),
      /line 8000 .*two documents on one line/,
    ],
    'a field that stands twice': [
      () => withLines({ 5888: '{"id":1,"id":2}' }),
      /line 5889 .*"id" stands twice/,
    ],
    'an end in the middle': [
      () => withLines({}).slice(0, -20),
      /line 10000 .*the file ends in the middle of a document/,
    ],
  };
  for (const [what, [content, message]] of Object.entries(wrong)) {
    test(`${what}: the same error`, async () => {
      const { error } = await bothWays(content());
      assert.match(error ?? '', message);
    });
  }

  test('a thread that ends is not missed', async () => {
    const { rows: whole } = await bothWays(withLines({}));
    endAfter = 2;
    const { rows } = await outcomeOf(true).finally(() => {
      endAfter = Number.POSITIVE_INFINITY;
    });
    assert.ok(JSON.stringify(rows) === JSON.stringify(whole), 'the rows differ');
    assert.equal(seen.ended, 1);
  });

  test('the program reads a file of 100 MB with threads, and writes the same file as without', async () => {
    const source = join(folder, 'documentos.ndjson');
    await writeFile(source, Array.from({ length: 5 }, () => withLines({})).join(''));
    const report =
      'title: documentos\nsource: docs\ncollection: documentos\ncolumns: { id: integer, texto: text }\n';
    await writeFile(join(folder, 'documentos.yaml'), report);
    const watch = `--import ${pathToFileURL(join(ROOT, 'test/support/watch-threads.mjs'))}`;
    const exported = async (...more: string[]) => {
      const [output, log] = [join(folder, 'saida.csv'), join(folder, 'threads')];
      const args = ['export', join(folder, 'documentos.yaml'), '-o', output, ...more];
      const env = { REPORTCTL_SOURCE_DOCS: `file:${source}`, NODE_OPTIONS: watch, THREADS_LOG: log };
      const { code } = await runReportctl(args, { env });
      return { code, file: await readFile(output, 'utf8'), ranges: Number(await readFile(log, 'utf8')) };
    };
    // Whatever has a limit is read by one thread.
    const alone = await exported('--limit', '1000000');
    const shared = await exported();
    assert.deepEqual([alone.code, shared.code, alone.ranges], [0, 0, 0]);
    assert.ok(shared.ranges > 0);
    assert.ok(shared.file === alone.file, 'the files differ');
  });
});

describe('the ranges of a file', () => {
  test('are all of it, and those that say so begin and end where lines do', async () => {
    const length = fc.oneof(fc.nat(3000), fc.nat(100_000), fc.constant(2_500_000));
    const path = join(folder, 'linhas');
    await fc.assert(
      fc.asyncProperty(fc.array(length, { maxLength: 60 }), fc.boolean(), async (lengths, isClosed) => {
        const text = lengths.map((count) => 'é'.repeat(count / 2)).join('\n') + (isClosed ? '\n' : '');
        const content = Buffer.from(text);
        await writeFile(path, content);
        const descriptor = openSync(path, 'r');
        try {
          const reader = new RangeReader();
          let at = 0;
          for (const range of lineRanges(descriptor, content.length)) {
            assert.equal(range.from, at);
            at = range.to;
            assert.ok(reader.read(descriptor, range).equals(content.subarray(range.from, range.to)));
            if (!range.isLines) continue;
            assert.ok(range.from === 0 || content[range.from - 1] === 0x0a);
            assert.ok(range.to === content.length || content[range.to - 1] === 0x0a);
          }
          assert.equal(at, content.length);
        } finally {
          closeSync(descriptor);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('a file that becomes shorter is an error', async () => {
    const path = join(folder, 'curto');
    await writeFile(path, 'a\n');
    const descriptor = openSync(path, 'r');
    const read = () => new RangeReader().read(descriptor, { from: 0, to: 9, isLines: true });
    assert.throws(read, /it has become shorter/);
    closeSync(descriptor);
  });
});
