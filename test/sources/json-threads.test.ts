// A large file is read by two threads: the same rows, notes and errors as by one.
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { lineRanges, RangeReader } from '../../src/sources/json/ranges.js';
import { type Finished, ROOT, runReportctl, temporaryFolder } from '../support/cli.js';

const REPORT = `title: documentos
source: docs
collection: documentos
on-mismatch: null
filters: { organization: organizacao.nome }
columns:
  id: integer
  valor: decimal
  momento: timestamp
  texto: text
totals: [valor]
`;
const ROWS = 50_000;
/** So that the file is one that threads read, and the rows are few. */
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
  await writeFile(join(folder, 'documentos.yaml'), REPORT);
});
after(() => rm(folder, { recursive: true }));

interface Exported extends Finished {
  /** The file; empty where there is none. */
  readonly file: string;
  /** Ranges with rows that threads have read, and threads that were ended. */
  readonly ranges: number;
  readonly ended: number;
}

async function exported(more: readonly string[], env = {}): Promise<Exported> {
  const [output, log] = [join(folder, 'saida.csv'), join(folder, 'threads')];
  await rm(output, { force: true });
  const args = ['export', join(folder, 'documentos.yaml'), '-o', output, ...more];
  const watch = `--import ${pathToFileURL(join(ROOT, 'test/support/watch-threads.mjs'))}`;
  const source = `file:${join(folder, 'documentos.ndjson')}`;
  const finished = await runReportctl(args, {
    env: { REPORTCTL_SOURCE_DOCS: source, NODE_OPTIONS: watch, THREADS_LOG: log, ...env },
  });
  const file = await readFile(output, 'utf8').catch(() => '');
  return { ...finished, file, ...JSON.parse(await readFile(log, 'utf8')) };
}

/** By threads; and by one thread alone, as whatever has a limit is read. */
async function bothWays(content: string, more: readonly string[] = []): Promise<Exported> {
  const source = join(folder, 'documentos.ndjson');
  await writeFile(source, content);
  const alone = await exported([...more, '--limit', '1000000']);
  const shared = await exported(more);
  const said = ({ stderr }: Exported) => stderr.replaceAll(/^\S+Z /gm, '');
  assert.equal(alone.ranges, 0);
  assert.ok(said(shared) === said(alone), `${shared.stderr} but alone ${alone.stderr}`);
  assert.ok(shared.file === alone.file, 'the files differ');
  assert.equal(shared.code, alone.code);
  return shared;
}

const skip = availableParallelism() === 1 ? 'there is one processor, and with it no threads' : false;

describe('a large file', { skip }, () => {
  test('has the same rows, and threads have read some of them', async () => {
    const { code, file, ranges, stderr } = await bothWays(withLines({}));
    assert.deepEqual([code, file.split('\n').length], [0, ROWS + 2]);
    assert.ok(ranges > 0);
    assert.match(stderr, /field "extra" of 50000 documents is in no column/);
  });

  test('with few rows that pass', async () => {
    const { file, ranges } = await bothWays(withLines({}), ['--organization', 'Organização 3']);
    assert.equal(file.split('\n').length, Math.ceil((ROWS - 3) / 7) + 2);
    assert.ok(ranges > 0);
  });

  test('a byte order mark, empty lines, CRLF, documents of many lines, and no line feed at the end', async () => {
    const pretty = (id: number) => JSON.stringify(JSON.parse(lineOf(id)), null, 1);
    const many = Object.fromEntries([20_000, 20_001, 49_000].map((id) => [id, pretty(id)]));
    const changes = { ...many, 30000: `\r\n \n${lineOf(30_000)}\r`, 0: `\ufeff${lineOf(0)}` };
    const { file } = await bothWays(withLines(changes).trimEnd());
    assert.equal(file.split('\n').length, ROWS + 2);
  });

  test('documents of many lines throughout', async () => {
    const many = lines.map((line) => line.replace(',', '\n,\n'));
    const { file } = await bothWays(many.join('\n'));
    assert.equal(file.split('\n').length, ROWS + 2);
  });

  test('ranges that seem to be whole and are in a document', async () => {
    const empty = '\n'.repeat(5_000_000);
    const inside = `{"texto":${empty}"dentro","itens":[${empty}{"id":1,"texto":"não"}${empty}]${empty}}`;
    const { file } = await bothWays(withLines({ 20000: inside, 30000: inside, 40000: inside }));
    assert.deepEqual(
      [file.split('\n').length, file.match(/dentro/g)?.length, /não/.test(file)],
      [ROWS + 2, 3, false],
    );
  });

  test('an array', async () => {
    const { file, ranges } = await bothWays(`[${lines.join(',\n')}]`);
    assert.deepEqual([file.split('\n').length, ranges], [ROWS + 2, 0]);
  });

  test('a line that is longer than a range', async () => {
    const long = JSON.stringify({ id: 25_000, texto: 'x'.repeat(3_000_000) });
    const { file } = await bothWays(withLines({ 25000: long }));
    assert.ok(file.includes('x'.repeat(3_000_000)));
  });

  test('tells the first value that does not fit, with its line, and how many there were', async () => {
    const changes = Object.fromEntries(
      [25_000, 25_001, 40_000, 45_000].map((id) => [id, `{"id":"n${id}","valor":[]}`]),
    );
    const { stderr } = await bothWays(withLines(changes));
    assert.match(
      stderr,
      /4 values became null, the first: documentos\.ndjson line 25001 \(byte offset \d+\): column "id"/,
    );
    assert.match(stderr, /4 values became null, the first: documentos\.ndjson line 25001 .*column "valor"/);
  });

  const wrong: Readonly<Record<string, readonly [content: () => string, message: RegExp]>> = {
    'broken JSON': [
      () => withLines({ 44321: '{"id":1,}' }),
      /line 44322 \(byte offset \d+\): a comma before "}"/,
    ],
    'two documents on a line': [
      () => withLines({ 39999: `${lineOf(1)} ${lineOf(2)}` }),
      /line 40000 .*two documents on one line/,
    ],
    'a field that stands twice': [
      () => withLines({ 28888: '{"id":1,"id":2}' }),
      /line 28889 .*"id" stands twice/,
    ],
    'an end in the middle': [
      () => withLines({}).slice(0, -20),
      /line 50000 .*the file ends in the middle of a document/,
    ],
  };
  for (const [what, [content, message]] of Object.entries(wrong)) {
    test(`${what}: the same error, and no file`, async () => {
      const { code, file, stderr } = await bothWays(content());
      assert.deepEqual([code, file], [4, '']);
      assert.match(stderr, message);
    });
  }

  test('a thread that ends is not missed', async () => {
    const { file: whole } = await bothWays(withLines({}));
    const { code, file, ended } = await exported([], { THREADS_END: '2' });
    assert.deepEqual([code, file === whole], [0, true]);
    assert.ok(ended > 0);
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
