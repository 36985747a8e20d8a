// The bytes of a COPY, cut anywhere and mixed with other messages: whole lines come out, soon, and few objects are created.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import type { Connection } from 'pg';
import { CopyOut } from '../../src/sources/postgres/copy-out.js';
import { NEVER_IDLE } from '../support/never-idle.js';

const END = [message('c', ''), message('C', 'COPY 3\0'), message('Z', 'I')];

function message(code: string, content: string): Buffer {
  const body = Buffer.from(content);
  const header = Buffer.alloc(5);
  header.write(code, 'latin1');
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

function rows(...lines: string[]): Buffer {
  return Buffer.concat([message('H', '\0\0\u0001\0\0'), ...lines.map((line) => message('d', line))]);
}

/** A connection without a server: the test sends the bytes, and calls of the driver are recorded. */
function connected() {
  const stream = Object.assign(new EventEmitter(), {
    pauses: 0,
    pause: () => {
      stream.pauses += 1;
    },
    resume: () => {},
  });
  const forDriver: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => {
    if (bytes.length > 0) forDriver.push(bytes);
  });
  const copy = new CopyOut('COPY x TO STDOUT', NEVER_IDLE);
  copy.submit({ stream, query: () => {} } as unknown as Connection);
  const arrive = (bytes: Buffer) => stream.emit('data', bytes);
  return { stream, copy, arrive, forDriver };
}

async function textOf(copy: CopyOut): Promise<string> {
  let text = '';
  for await (const lines of copy) text += String(lines);
  return text;
}

describe('the bytes of a COPY', () => {
  test('a row does not wait for others', async () => {
    const { copy, arrive } = connected();
    const reader = copy[Symbol.asyncIterator]();
    arrive(rows('a\t1\n'));
    const { value } = await reader.next();
    assert.equal(String(value), 'a\t1\n');
    await reader.return(undefined);
  });

  test('the lines are the same wherever the bytes are cut, and with a notice between rows', async () => {
    const all = Buffer.concat([
      rows('a\t1\n'),
      message('N', 'SNOTICE\0\0'),
      rows('ç\t\\N\n', 'b\t3\n'),
      ...END,
    ]);
    for (let size = 1; size <= all.length; size++) {
      const { copy, arrive, forDriver } = connected();
      const text = textOf(copy);
      for (let at = 0; at < all.length; at += size) arrive(all.subarray(at, at + size));
      copy.handleCommandComplete({ text: 'COPY 3' });
      copy.handleReadyForQuery();
      assert.equal(await text, 'a\t1\nç\t\\N\nb\t3\n');
      assert.equal(copy.rowCount, 3);
      assert.deepEqual(Buffer.concat(forDriver), Buffer.concat(END), `cut after ${size}`);
    }
  });

  test('a row of more than 64 MiB is refused before it arrives', async () => {
    const { copy, arrive, stream } = connected();
    const header = message('d', '');
    header.writeInt32BE(500 * 1024 ** 2, 1);
    const text = textOf(copy);
    arrive(Buffer.concat([rows('a\t1\n'), header]));
    await assert.rejects(text, /a row has 500 MiB; at most 64 MiB are read/);
    assert.equal(stream.pauses, 1);
  });

  test('a row larger than a block arrives whole, and the server is paused while nothing reads', async () => {
    const large = `${'x'.repeat(3_000_000)}\t\n`;
    const { copy, arrive, stream } = connected();
    const all = rows('a\t1\n', large, 'b\t2\n');
    for (let at = 0; at < all.length; at += 65_536) arrive(Buffer.from(all.subarray(at, at + 65_536)));
    assert.ok(stream.pauses > 0);
    arrive(Buffer.concat(END));
    copy.handleReadyForQuery();
    assert.equal(await textOf(copy), `a\t1\n${large}b\t2\n`);
  });

  test('an error after rows is thrown', async () => {
    const { copy, arrive, forDriver } = connected();
    const text = textOf(copy);
    const fault = message('E', 'SERROR\0C22012\0Mdivision by zero\0\0');
    arrive(Buffer.concat([rows('a\t1\n'), fault]));
    assert.deepEqual(Buffer.concat(forDriver), fault);
    copy.handleError(new Error('division by zero'));
    await assert.rejects(text, /division by zero/);
  });

  test('the objects created do not grow with the number of rows', async (t: TestContext) => {
    const allocations = t.mock.method(Buffer, 'allocUnsafeSlow');
    const views = t.mock.method(Buffer.prototype, 'subarray');
    const { copy, arrive } = connected();
    const packet = rows(...Array.from({ length: 400 }, () => `${'x'.repeat(100)}\t1\n`));
    let blocks = 0;
    const read = (async () => {
      for await (const _ of copy) blocks += 1;
    })();
    const before = views.mock.callCount();
    for (let count = 0; count < 100; count++) {
      arrive(packet);
      await new Promise(setImmediate);
    }
    arrive(Buffer.concat(END));
    copy.handleReadyForQuery();
    await read;
    assert.ok(blocks > 20 && blocks < 60, `${blocks} blocks`);
    assert.ok(allocations.mock.callCount() <= blocks + 1, `${allocations.mock.callCount()} buffers`);
    assert.ok(views.mock.callCount() - before <= 4 * blocks, `${views.mock.callCount() - before} views`);
  });
});
