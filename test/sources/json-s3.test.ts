// JSON documents in S3: an object, or many below a prefix, over HTTP.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ReportError } from '../../src/core/errors.js';
import type { Cell } from '../../src/core/table.js';
import { openJson } from '../../src/sources/json.js';
import { documentRequest, readDocuments } from '../support/json.js';
import { openUrl } from '../support/postgres.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';
import { storeOpener } from '../support/store.js';

let server: S3Server;
const outside = { ...process.env };
before(async () => {
  server = await startS3Server({ bucket: 'documentos', accessKeyId: 'the-key' });
  Object.assign(process.env, server.environment, {
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '2',
  });
});
afterEach(() => server.reset());
after(async () => {
  process.env = outside;
  await server.close();
});

const open = (path: string, signal = new AbortController().signal) =>
  openJson({
    name: 'nuvem',
    url: `s3://documentos/${path}`,
    shown: `s3://documentos/${path}`,
    signal,
    openStore: storeOpener(),
  });

async function idsOf(path: string, more: Parameters<typeof documentRequest>[1] = {}): Promise<number[]> {
  const source = await open(path);
  try {
    const { rows } = await readDocuments(source, documentRequest({ id: 'integer' }, more));
    return rows.map(([id]: readonly Cell[]) => Number(id));
  } finally {
    await source.close();
  }
}

const key = (index: number, prefix = 'dados') => `${prefix}/docs/${String(index).padStart(6, '0')}.json`;
function putMany(count: number, prefix?: string): void {
  for (let index = 1; index <= count; index += 1)
    server.put(key(index, prefix), `{"id":${index},"x":"${'x'.repeat(index % 500)}"}`);
}

const gets = (prefix = 'dados') =>
  server.requests.filter(({ operation, path }) => operation === 'GetObject' && path.includes(prefix)).length;

describe('S3', () => {
  test('one object that the URL names, plain or gzip', async () => {
    server.put('a/docs.ndjson', '{"id":1}\n{"id":2}\n');
    server.put('docs.json.gz', gzipSync('[{"id":3}]'));
    assert.deepEqual(await idsOf('a/docs.ndjson'), [1, 2]);
    assert.deepEqual(await idsOf('docs.json.gz'), [3]);
  });

  test("a collection's object below the prefix, with or without a slash at its end, or at the top", async () => {
    server.put('dados/vendas.ndjson', '{"id":1}\n');
    server.put('dados/vendas2.ndjson', '{"id":2}\n');
    server.put('vendas.jsonl', '{"id":3}\n');
    assert.deepEqual(await idsOf('dados/', { collection: 'vendas' }), [1]);
    assert.deepEqual(await idsOf('dados', { collection: 'vendas' }), [1]);
    assert.deepEqual(await idsOf('', { collection: 'vendas' }), [3]);
  });

  test('many small objects on several pages, in the order of their keys, up to eight fetched at once', async () => {
    putMany(1100);
    server.put('dados/docs/', '');
    server.put('dados/docs2/1.json', '{"id":0}');
    assert.deepEqual(
      await idsOf('dados/'),
      Array.from({ length: 1100 }, (_, index) => index + 1),
    );
    assert.equal(gets(), 1100);
  });

  test('hidden names below the collection are left out and counted; equal objects are all read', async () => {
    for (const name of [
      'a.json',
      'b.json',
      '_temporary/0.json',
      '_temporary/1.json',
      '.c.json',
      'x/_delta_log/0.json',
    ])
      server.put(`lago/docs/${name}`, '{"id":1}');
    server.put('lago/docs/_SUCCESS', '');
    const source = await open('lago/');
    const { rows, notes } = await readDocuments(source, documentRequest({ id: 'integer' }));
    assert.equal(rows.length, 2);
    assert.deepEqual(notes, [
      '3 names that begin with . or _ were left out: docs/.c.json, docs/_temporary/, docs/x/_delta_log/',
    ]);
    await source.close();
    assert.deepEqual(await idsOf('lago/docs/', { collection: '_temporary' }), [1, 1]);
    assert.deepEqual(await idsOf('lago/docs/_temporary/0.json'), [1]);
  });

  test('small and large objects in turn', async () => {
    const large = Array.from({ length: 60_000 }, (_, index) => `{"id":${index + 2},"x":"some text"}\n`).join(
      '',
    );
    server.put('dados/docs/1.json', '{"id":1}');
    server.put('dados/docs/2.ndjson', large);
    server.put('dados/docs/3.ndjson.gz', gzipSync('{"id":60002}\n{"id":60003}'));
    assert.deepEqual(
      await idsOf('dados/'),
      Array.from({ length: 60_003 }, (_, index) => index + 1),
    );
  });

  test('a limit ends the fetching', async () => {
    putMany(1000);
    assert.deepEqual(await idsOf('dados/', { limit: 3 }), [1, 2, 3]);
    assert.ok(gets() <= 100, `${gets()}`);
  });

  test('the estimate counts all objects and reads few', async () => {
    putMany(1000, 'poucos');
    const source = await open('poucos/');
    const { rows } = await (await source.prepare(documentRequest({ id: 'integer' }))).estimate();
    assert.equal(rows, 1000);
    assert.equal(gets('poucos'), 16);
    await source.close();
  });

  const refusals: Readonly<
    Record<string, { path: string; set?: () => void; message: RegExp; hint?: RegExp; retryable: boolean }>
  > = {
    'a prefix with nothing in it': {
      path: 'nada/',
      message: /looking for the documents of "producao" in source "nuvem" .*: there is no collection "docs"/,
      hint: /Looked for docs\.json/,
      retryable: false,
    },
    'another collection': {
      path: 'dados/',
      set: () => server.put('dados/vendas.json', '{}'),
      message: /there is no collection "docs"/,
      hint: /vendas/,
      retryable: false,
    },
    'an object that is not there': {
      path: 'nada.ndjson',
      message: /opening source "nuvem" \(s3:\/\/documentos\/nada\.ndjson\): it is not there/,
      retryable: false,
    },
    'a broken document': {
      path: 'dados/',
      set: () => {
        putMany(100);
        server.put(key(57), '{"id":57');
      },
      message: /docs\/000057\.json line 1 \(byte offset 0\): the file ends in the middle/,
      retryable: false,
    },
    'gzip that was cut': {
      path: 'docs.json.gz',
      set: () => server.put('docs.json.gz', gzipSync('[{"id":3}]').subarray(0, 20)),
      message: /docs\.json\.gz: the gzip ends in the middle/,
      retryable: false,
    },
    'a listing that is denied': {
      path: 'dados/',
      set: () => server.fail({ operation: 'ListObjectsV2' }, 403),
      message: /access is denied \(AccessDenied\)/,
      hint: /s3:ListBucket/,
      retryable: false,
    },
    'an object that is denied': {
      path: 'dados/',
      set: () => {
        putMany(20);
        server.fail(({ path }) => path.includes('000007'), 403);
      },
      message: /reading "producao" .*: docs\/000007\.json: access is denied/,
      retryable: false,
    },
    'a store that is busy': {
      path: 'dados/',
      set: () => {
        putMany(20);
        server.fail({ operation: 'GetObject' }, 503);
      },
      message: /docs\/000001\.json: the store is busy or broken \(SlowDown\)/,
      retryable: true,
    },
    'a connection that breaks': {
      path: 'dados/',
      set: () => {
        putMany(20);
        server.fail(({ path }) => path.includes('000007'), 'reset');
      },
      message: /docs\/000007\.json: .*ECONNRESET|socket hang up/,
      retryable: true,
    },
  };
  for (const [what, { path, set, message, hint, retryable }] of Object.entries(refusals)) {
    test(`${what} is an error that says so`, async () => {
      set?.();
      await assert.rejects(idsOf(path), (error) => {
        assert.ok(error instanceof ReportError, String(error));
        assert.equal(error.code, 'source');
        assert.match(error.message, message);
        assert.match(error.hint ?? '', hint ?? /./);
        assert.equal(error.retryable, retryable);
        return true;
      });
    });
  }

  test('a failure that passes is tried again', async () => {
    putMany(20);
    server.fail(({ path }) => path.includes('000007'), 503, 1);
    assert.deepEqual(
      await idsOf('dados/'),
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  for (const [where, endpoint] of [
    ['an object', 'http://store.example:9000'],
    ['a prefix', 'http://10.0.0.1:9000'],
  ] as const) {
    test(`clear text to another machine is refused before anything is sent, unless that is allowed: ${where}`, async () => {
      const { signal } = new AbortController();
      const name = where === 'an object' ? 'docs.ndjson' : 'dados/';
      const open = (allowHttp: boolean) =>
        openUrl(`s3://documentos/${name}`, {
          shown: 's3://documentos',
          openStore: storeOpener({ allowHttp }),
          signal,
        });
      const { AWS_ENDPOINT_URL_S3: local = '' } = process.env;
      process.env.AWS_ENDPOINT_URL_S3 = endpoint;
      try {
        await assert.rejects(open(false), (error) => {
          assert.ok(error instanceof ReportError);
          assert.equal(error.code, 'usage');
          assert.equal(
            error.message,
            `the S3 endpoint http://${new URL(endpoint).hostname} is not encrypted`,
          );
          assert.match(error.hint ?? '', /REPORTCTL_S3_ALLOW_HTTP=true/);
          return true;
        });
        if (where === 'a prefix') await (await open(true)).close();
      } finally {
        process.env.AWS_ENDPOINT_URL_S3 = local;
      }
    });
  }

  test('another bucket and another key are refused in words', async () => {
    const { signal } = new AbortController();
    const other = await openJson({
      name: 'n',
      url: 's3://outro/dados/',
      shown: 's3://outro/dados/',
      signal,
      openStore: storeOpener(),
    });
    await assert.rejects(other.prepare(documentRequest({ id: 'integer' })), /the bucket does not exist/);
    await other.close();
    process.env.AWS_ACCESS_KEY_ID = 'unknown';
    try {
      await assert.rejects(idsOf('dados/'), /the store does not know the access key/);
    } finally {
      process.env.AWS_ACCESS_KEY_ID = 'the-key';
    }
  });

  test('cancelled while the store is silent throws the reason at once', async () => {
    putMany(20);
    server.fail(({ path }) => path.includes('000007'), 'stall');
    const controller = new AbortController();
    const source = await open('dados/', controller.signal);
    const reading = readDocuments(source, documentRequest({ id: 'integer' }));
    setTimeout(() => controller.abort(new Error('enough')), 300);
    const started = performance.now();
    await assert.rejects(reading, /^Error: enough$/);
    assert.ok(performance.now() - started < 30_000);
    await source.close();
  });
});
