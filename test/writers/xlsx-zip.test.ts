// The archive beyond 4 GiB (PKWARE APPNOTE.TXT, 4.3.14 and 4.5.3), of which only the lengths are counted here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { Zip } from '../../src/writers/xlsx/zip.js';

const MEGABYTE = Buffer.alloc(2 ** 20);
const COUNT = 4097;
const LENGTH = COUNT * MEGABYTE.length;

test('an entry beyond 4 GiB, and what stands behind it, have 64-bit sizes and places', async () => {
  const zip = new Zip();
  const { header, entry } = zip.begin('xl/worksheets/sheet1.xml');
  for (let count = 0; count < COUNT; count++) entry.packed(MEGABYTE);
  const descriptor = entry.finish();
  assert.equal(descriptor.length, 24);
  assert.equal(descriptor.readBigUInt64LE(8), BigInt(LENGTH));
  const behind = await zip.whole('a.xml', Buffer.from('<a/>'));
  assert.equal(header.readUInt16LE(4), 45);
  assert.equal(behind.readUInt16LE(4), 45);

  const end = zip.end();
  const first = header.length + LENGTH + descriptor.length;
  const extras = [...directory(end)];
  assert.deepEqual(
    extras.map(({ version, sizes }) => [version, sizes]),
    [
      [45, [0n, BigInt(LENGTH), 0n]],
      [45, [4n, BigInt(behind.length - 30 - 5), BigInt(first)]],
    ],
  );
  const locator = end.length - 22 - 20;
  const zip64 = locator - 56;
  assert.equal(end.readUInt32LE(zip64), 0x06064b50);
  assert.equal(end.readUInt32LE(locator), 0x07064b50);
  assert.equal(end.readBigUInt64LE(locator + 8), BigInt(first + behind.length + zip64));
  assert.deepEqual(
    [24, 32, 40, 48].map((field) => end.readBigUInt64LE(zip64 + field)),
    [2n, 2n, BigInt(zip64), BigInt(first + behind.length)],
  );
  assert.equal(end.readUInt32LE(end.length - 6), 0xffffffff);
});

test('a small archive has nothing of it', async () => {
  const zip = new Zip();
  await zip.whole('a.xml', Buffer.from('<a/>'));
  const { entry } = zip.begin('b.xml');
  entry.packed(Buffer.from([3, 0]));
  assert.equal(entry.finish().length, 16);
  const end = zip.end();
  assert.equal(end.includes(Buffer.from('PK\x06\x06', 'latin1')), false);
  assert.deepEqual(
    [...directory(end)].map(({ version, sizes }) => [version, sizes]),
    [
      [20, []],
      [45, []],
    ],
  );
});

test('content that is counted last and stands first has its place in the checksum', () => {
  for (const length of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
    const body = Buffer.alloc(length, 'rows');
    const head = Buffer.from('<worksheet>');
    const { entry } = new Zip().begin('a.xml');
    entry.plain(body.subarray(0, 7));
    entry.plain(body.subarray(7));
    entry.before(head);
    const descriptor = entry.finish();
    assert.equal(descriptor.readUInt32LE(4), crc32(Buffer.concat([head, body])), `${length}`);
    assert.equal(descriptor.readUInt32LE(12), head.length + length);
  }
});

/** The version that an entry asks for, and the sizes and the place of its zip64 field. */
function* directory(bytes: Buffer): Generator<{ version: number; sizes: bigint[] }> {
  for (let at = 0; bytes.readUInt32LE(at) === 0x02014b50; ) {
    const [name, extra] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30)];
    const field = at + 46 + name;
    if (extra > 0) {
      assert.deepEqual([bytes.readUInt16LE(field), bytes.readUInt16LE(field + 2)], [1, 24]);
      for (const each of [20, 24, 42]) assert.equal(bytes.readUInt32LE(at + each), 0xffffffff);
    }
    const sizes = extra === 0 ? [] : [4, 12, 20].map((place) => bytes.readBigUInt64LE(field + place));
    yield { version: bytes.readUInt16LE(at + 6), sizes };
    at = field + extra;
  }
}
