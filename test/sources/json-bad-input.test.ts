// What is wrong with files, said with file and line: nothing of it may become a shorter report.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { type ErrorCode, ReportError } from '../../src/core/errors.js';
import type { Request } from '../../src/core/source.js';
import { openJson } from '../../src/sources/json.js';
import { type Documents, documentRequest, documentsFolder, readDocuments } from '../support/json.js';
import { storeOpener } from '../support/store.js';

let folder: Documents;
before(async () => {
  folder = await documentsFolder();
});
after(() => folder.remove());

const columns = documentRequest({ a: 'json' });

async function refused(name: string, what: RegExp, request: Request = columns, code: ErrorCode = 'source') {
  await assert.rejects(
    async () => {
      const source = await folder.open(name);
      await readDocuments(source, request);
    },
    (error) => {
      assert.ok(error instanceof ReportError, String(error));
      assert.match(error.message, what);
      assert.equal(error.code, code);
      assert.doesNotMatch(error.message, /\n/);
      assert.ok(error.hint);
      return true;
    },
  );
}

describe('a file that is not the JSON it should be', () => {
  const lines = Array.from({ length: 10_000 }, (_, index) => `{"a":${index * 7919}}\n`).join('');
  const good = '{"a":1}\n{"a":2}\n';
  const wrong: Readonly<Record<string, readonly [content: string | Uint8Array, message: RegExp]>> = {
    'is no JSON': [
      'a;b\n1;2\n',
      /x\.ndjson line 1 \(byte offset 0\): "a" where a document, which is an object, should begin/,
    ],
    'becomes no JSON': [`${good}oops\n`, /line 3 \(byte offset 16\): "o" where a document/],
    'has a number for a document': [`${good}5\n`, /line 3 .*"5" where a document/],
    'has an array in its array': ['[{"a":1},\n[]]', /line 2 .*"\[" where a document/],
    'has a trailing comma in an object': [
      `${good}{"a":1,}\n`,
      /line 3 \(byte offset 23\): a comma before "}"/,
    ],
    'has a trailing comma in an array': [`${good}{"x":[1,]}\n`, /line 3 .*a comma before "\]"/],
    'has a trailing comma in its array': ['[{"a":1},\n]', /line 2 .*a comma before "\]"/],
    'has commas between lines': ['{"a":1},\n{"a":2}', /line 1 .*"," after a document, on its line/],
    'has two documents on a line': [`${good}{"a":3} {"a":4}\n`, /line 3 .*two documents on one line/],
    'goes on behind its array': ['[{"a":1}]\n{"a":2}', /line 2 .*"\{" after the end of the array/],
    'lacks a comma in its array': ['[{"a":1}\n{"a":2}]', /line 2 .*"\{" where "," or "\]" should be/],
    'ends in a document': [
      `${good}{"a":1`,
      /line 3 \(byte offset 16\): the file ends in the middle of a document/,
    ],
    'ends in a text': [`${good}{"a":"x`, /line 3 .*the file ends in the middle of a document/],
    'ends in its array': ['[{"a":1},\n{"a":2}\n', /line 3 .*the file ends in the middle of an array/],
    'has a key without quotes': ['{a:1}', /line 1 .*"a" where a field's name in quotes should be/],
    'has single quotes': ["{'a':1}", /line 1 .*"'" where a field's name/],
    'has no colon': ['{"a" 1}', /"1" where ":" should be/],
    'has NaN': ['{"a":NaN}', /"N" where a value should be/],
    'has a number that begins with 0': ['{"a":-01}', /a number that begins with 0/],
    'has a number without digits': ['{"a":1.}', /"}" where a digit should be/],
    'has a hexadecimal number': ['{"a":0x1F}', /"x" where "," or "}" should be/],
    'has a comment': ['{"a":1 /* x */}', /"\/" where "," or "}" should be/],
    'has a word that is none': ['{"a":nul}', /a word that is not true, false or null/],
    'has a raw line break in a text': [
      '{"a":"x\ny"}',
      /line 1 .*the control character byte 0x0a in a string, not escaped/,
    ],
    'has an unknown escape': ['{"a":"\\x41"}', /"x" after a backslash/],
    'has half an escape': ['{"a":"\\u00g0"}', /"g" where \\u needs a hexadecimal digit/],
    'has half a character': [`${good}{"a":"x\\ud83d"}`, /line 3 .*half a character \(\\ud83d\) in a text/],
    'has the same key twice': [
      `${good}{"b":1,\n"\\u0062":2}`,
      /line 4 .*the field "b" stands twice in one object/,
    ],
    'has the same key twice in a json column': [
      '{"a":{"x":{"k":1,"k":1}}}',
      /the field "k" stands twice in one object/,
    ],
    'is deeper than a thousand': [`{"a":${'['.repeat(1001)}${']'.repeat(1001)}}`, /more than 1000 deep/],
    'is deeper than the stack': [`{"z":${'{"a":'.repeat(200_000)}`, /more than 1000 deep/],
    'has bytes that are not UTF-8': [
      Buffer.from(`${good}{"a":"S\xe3o � Paulo"}`, 'latin1'),
      /line 3 \(byte offset 23\): bytes that are not UTF-8/,
    ],
    'has such bytes where no column looks': [
      Buffer.from('{"z":"ç"}\n{"z":"\xff"}', 'latin1'),
      /bytes that are not UTF-8/,
    ],
    'ends in half a character': [
      Buffer.from('{"a":"ç"}').subarray(0, 7),
      /bytes that are not UTF-8|ends in the middle/,
    ],
    'has an overlong encoding': [
      Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]),
      /byte offset 2\): bytes that are not UTF-8/,
    ],
    'is UTF-16': [
      Buffer.from('\ufeff{"a":1}', 'utf16le'),
      /line 1 \(byte offset 0\): bytes that are not UTF-8/,
    ],
    'has zeros': [`${good}\0\0\0`, /line 3 .*byte 0x00 where a document/],
    'has zeros in a text': ['{"a":"x\0y"}', /the control character byte 0x00 in a string/],
    'has two marks': ['\ufeff\ufeff{"a":1}', /byte offset 3\): byte 0xef where a document/],
    'is gzip that was cut': [gzipSync(lines).subarray(0, -20), /: x\.ndjson: the gzip ends in the middle/],
    'is gzip whose checksum is wrong': [
      withByte(gzipSync(good), -8, 0x01),
      /: x\.ndjson: the gzip is broken \(incorrect data check\)/,
    ],
    'is gzip that was changed': [
      withByte(gzipSync(lines), 100, 0xff),
      /: x\.ndjson: the gzip is broken|x\.ndjson line \d+ /,
    ],
    'is another compression': [deflateSync(good), /bytes that are not UTF-8|where a document/],
    'holds bad JSON in gzip': [
      gzipSync(`${good}{`),
      /x\.ndjson line 3 .*the file ends in the middle of a document/,
    ],
  };
  for (const [what, [content, message]] of Object.entries(wrong)) {
    test(what, async () => {
      await folder.write({ 'x.ndjson': content });
      await refused('x.ndjson', message);
    });
  }

  test('far behind the beginning is found at its line', async () => {
    await folder.write({ 'far.ndjson': `${'{"a":"çççççççççççç"}\n'.repeat(100_000)}{"a":tru}\n` });
    await refused('far.ndjson', /far\.ndjson line 100001 \(byte offset 3300008\): a word/);
    await folder.write({
      'far.ndjson': Buffer.concat([Buffer.from('{"a":"ç"}\n'.repeat(100_000)), Buffer.from([0x80])]),
    });
    await refused('far.ndjson', /far\.ndjson line 100001 \(byte offset 1100000\): bytes that are not UTF-8/);
  });

  test('among many says which it is', async () => {
    await folder.write({
      'many/docs/a.json': '{"a":1}',
      'many/docs/b.json': '{"a":',
      'many/docs/c.json': '{"a":3}',
    });
    await refused('many', /: docs\/b\.json line 1 .*the file ends in the middle/);
  });

  test('an empty one among many was cut', async () => {
    await folder.write({ 'cut/docs/a.json': '{"a":1}', 'cut/docs/b.json': '', 'cut/docs/c.ndjson': '' });
    await refused('cut', /: docs\/b\.json is empty/);
  });

  test('an empty gzip was cut', async () => {
    await folder.write({ 'void.ndjson.gz': '' });
    await refused('void.ndjson.gz', /: void\.ndjson\.gz: the gzip ends in the middle/);
  });
});

/** One byte turned, counted from the end when negative. */
function withByte(bytes: Buffer, at: number, bits: number): Buffer {
  const index = at < 0 ? bytes.length + at : at;
  bytes.writeUInt8(bytes.readUInt8(index) ^ bits, index);
  return bytes;
}

describe('what is not there', () => {
  before(() =>
    folder.write({
      'folder/vendas.json': '{}',
      'folder/itens/1.json': '{}',
      'folder/readme.txt': 'x',
      'twice/docs.json': '{}',
      'twice/docs/1.json': '{}',
    }),
  );

  test('a file or folder', async () => {
    await refused('missing.ndjson', /opening source "producao" \(file:missing\.ndjson\): it is not there/);
  });

  test('a collection, with the ones that are', async () => {
    await assert.rejects(
      async () =>
        (await folder.open('folder')).prepare(documentRequest({ a: 'text' }, { collection: 'venda' })),
      (error) => {
        assert.ok(error instanceof ReportError && error.code === 'source');
        assert.match(error.message, /there is no collection "venda"$/);
        assert.match(error.hint ?? '', /did you mean "vendas"\? \(allowed: itens, vendas\)/);
        return true;
      },
    );
  });

  test('a collection outside of the source', async () => {
    for (const collection of [
      '../docs',
      '/docs',
      '.',
      'vendas/../../docs',
      'a//b',
      'vendas/',
      '%2e%2E/docs',
      '..\\docs',
      'a\0b',
    ]) {
      await assert.rejects(
        async () => (await folder.open('folder')).prepare(documentRequest({ a: 'text' }, { collection })),
        (error) => {
          assert.ok(error instanceof ReportError && error.code === 'definition', `${error}`);
          assert.match(error.message, /the collection ".*" is not inside of it$/);
          return true;
        },
      );
    }
  });

  test('a collection behind a link, which is the choice of whoever made it', async () => {
    await folder.write({ 'elsewhere/linked.ndjson': '{"a":1}' });
    await folder.link('folder/linked.ndjson', '../elsewhere/linked.ndjson');
    const source = await folder.open('folder');
    const prepared = await source.prepare(documentRequest({ a: 'text' }, { collection: 'linked' }));
    for await (const batch of prepared.read()) assert.deepEqual(batch.rows(), [['1']]);
  });

  test('one collection, but two that could be meant', async () => {
    await refused('twice', /the collection "docs" is there more than once: docs\.json, docs\//);
  });

  test('a file that went away after it was described', async () => {
    await folder.write({ 'gone.ndjson': '{"a":1}' });
    const source = await folder.open('gone.ndjson');
    const prepared = await source.prepare(columns);
    await folder.remove();
    await assert.rejects(prepared.read()[Symbol.asyncIterator]().next(), (error) => {
      assert.ok(error instanceof ReportError && error.code === 'source');
      assert.match(error.message, /: gone\.ndjson: it is not there \(ENOENT\)/);
      return true;
    });
    await folder.write({ 'folder/vendas.json': '{}' }).catch(() => undefined);
  });
});

describe('a report that files cannot answer', () => {
  before(() => folder.write({ 'docs.json': '{}' }));

  test('is SQL', async () => {
    await refused(
      'docs.json',
      /its query is SQL, but source "producao" \(file:docs\.json\) holds documents/,
      { ...columns, query: 'SELECT 1' },
      'definition',
    );
  });

  test('has a pipeline', async () => {
    await refused(
      'docs.json',
      /is files, which run no pipeline/,
      documentRequest({ a: 'text' }, { pipeline: [{ $limit: 1 }] }),
      'definition',
    );
  });

  test('or a URL that names no bucket', async () => {
    const { signal } = new AbortController();
    await assert.rejects(
      openJson({ name: 'x', url: 's3:///docs/', shown: 's3:///docs/', signal, openStore: storeOpener() }),
      /source "x" \(s3:\/\/\/docs\/\) names no folder, file or bucket/,
    );
  });
});
