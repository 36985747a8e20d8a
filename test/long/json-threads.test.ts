// A large file in odd forms is read by two threads: the same rows, notes and errors as by one.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bothWays, folder, lineOf, lines, ROWS, skip, withLines } from '../sources/json-threads-bench.js';
import { ROOT, runReportctl } from '../support/cli.js';

describe('a large file', { skip }, () => {
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

  test('the program reads a file of 100 MB with threads, and writes the same file as without', async () => {
    const source = join(folder, 'documentos.ndjson');
    await writeFile(source, Array.from({ length: 5 }, () => withLines({})).join(''));
    const report =
      'title: documentos\nsource: docs\ncollection: documentos\ncolumns: { id: integer, texto: text }\n';
    await writeFile(join(folder, 'documentos.yaml'), report);
    const watch = `--import ${pathToFileURL(join(ROOT, 'test/support/watch-threads.mjs'))}`;
    const exported = async (...more: string[]) => {
      const [output, log] = [join(folder, 'saida.csv'), join(folder, 'threads')];
      const args = ['export', join(folder, 'documentos.yaml'), '-o', output, '--overwrite', ...more];
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
