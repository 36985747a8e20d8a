// Standard output as a real pipe: a reader that has enough is no failure.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { ROOT } from '../support/cli.js';

const writer = `
  import { openDestination } from './build/src/destinations/index.js';
  const destination = await openDestination('-', { token: 't', signal: new AbortController().signal });
  const staged = await destination.stage('-', { contentType: 'text/csv', existing: 'never' });
  try {
    for (let row = 0; row < 5000; row++) await staged.write(Buffer.alloc(1000, 'x'));
    const { bytes } = await staged.publish();
    console.error('published ' + bytes);
  } catch (error) {
    await staged.discard();
    console.error(error.code + ' ' + error.exitCode);
  }
`;

function start() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
    cwd: ROOT,
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  return { child, said: () => said.trim() };
}

test('a reader that leaves early ends the writing with reader-gone, exit code 0', async () => {
  const { child, said } = start();
  child.stdout.once('data', () => child.stdout.destroy());
  const [code] = await once(child, 'close');
  assert.equal(said(), 'reader-gone 0');
  assert.equal(code, 0);
});

test('a reader that stays gets every byte', async () => {
  const { child, said } = start();
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(child, 'close');
  assert.equal(bytes, 5_000_000);
  assert.equal(said(), 'published 5000000');
});
