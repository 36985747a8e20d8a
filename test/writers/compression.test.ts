// Compression on the way: the same bytes come out again, and an error in them is not swallowed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { compression, transformed } from '../../src/writers/compression.js';

const { zstdDecompressSync } = zlib as typeof zlib & { zstdDecompressSync?: (bytes: Buffer) => Buffer };
const CONTENT = Buffer.concat([randomBytes(300_000), Buffer.alloc(700_000, 'relatório;')]);

async function* cut(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function pack(name: string, bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of transformed(bytes, compression(name).create())) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const CASES = [
  { name: 'gzip', unpack: zlib.gunzipSync, there: true },
  { name: 'zstd', unpack: zstdDecompressSync, there: zstdDecompressSync !== undefined },
] as const;

for (const { name, unpack, there } of CASES) {
  describe(name, { skip: there ? false : `Node ${process.versions.node} has none` }, () => {
    test('comes out again, and the same way each time', async () => {
      const packed = await pack(name, cut(CONTENT, 65_536));
      assert.deepEqual(unpack?.(packed), CONTENT);
      assert.ok(packed.length < CONTENT.length);
      assert.deepEqual(await pack(name, cut(CONTENT, 65_536)), packed);
    });

    test('nothing at all is a whole file too', async () => {
      assert.equal(unpack?.(await pack(name, cut(Buffer.alloc(0), 1))).length, 0);
    });

    test('an error in the bytes comes through, and no end of the file before it', async () => {
      const failure = new Error('the query failed');
      for (const good of [0, 1, 20]) {
        async function* failing() {
          for (let chunk = 0; chunk < good; chunk++) yield randomBytes(100_000);
          throw failure;
        }
        await assert.rejects(pack(name, failing()), failure);
      }
    });

    test('who stops reading stops the source', async () => {
      let released = false;
      async function* endless() {
        try {
          for (;;) yield randomBytes(50_000);
        } finally {
          released = true;
        }
      }
      for await (const _ of transformed(endless(), compression(name).create())) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(released);
    });
  });
}

test('gzip has no time in its header', async () => {
  const packed = await pack('gzip', cut(Buffer.from('x'), 1));
  assert.deepEqual([...packed.subarray(4, 8)], [0, 0, 0, 0]);
});

test('zstd without it in Node: what to do instead', {
  skip: zstdDecompressSync ? 'this Node has zstd' : false,
}, () => {
  assert.throws(() => compression('zstd'), {
    code: 'usage',
    message: /zstd is not to be had with Node/,
    hint: /Node 22\.15 or newer, or gzip/,
  });
});

test('a compression that there is not', () => {
  for (const name of ['lz4', '', 'constructor'])
    assert.throws(() => compression(name), { code: 'usage', hint: /Allowed: gzip, zstd/ });
});
