// What a user or a host can cause ends with one line, whatever limit was met: no stack, no hang.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { main } from '../../src/commands/main.js';
import { errorSentence } from '../../src/core/errors.js';
import { hostFailure } from '../../src/core/host-failure.js';
import { assertRefused, BINARY, type Finished, reportctl, temporaryFolder } from '../support/cli.js';

let folder: string;
before(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'queries'));
});
after(() => rm(folder, { recursive: true }));

const YAML = 'source: v\ncolumns: { a: text }\n';
const sql = (yaml: string) => `/*---\n${yaml}\n---*/\nSELECT 1\n`;

/** Exports the report, without its data: the definition is read first. */
const exported = (name: string, env: Readonly<Record<string, string>> = {}) =>
  reportctl(['export', name], { cwd: folder, env });

describe('a report file', () => {
  const files: Readonly<Record<string, readonly [content: string | Buffer, said: RegExp]>> = {
    'utf8.sql': [Buffer.from([0xff, 0xfe, 0x2f]), /queries\/utf8\.sql: it is not UTF-8\. Save/],
    'large.sql': [sql(YAML) + ' '.repeat(4 * 1024 * 1024), /large\.sql: it has more than 4 MiB/],
    'deep.yaml': [
      `title: ${'['.repeat(20_000)}`,
      /deep\.yaml:1: the YAML is malformed: it is nested too deeply/,
    ],
    'bomb.yaml': [
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh']
        .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
        .join('\n')}\n`,
      /bomb\.yaml:1: the YAML is malformed: its aliases unfold to too much/,
    ],
    'aliases.yaml': [
      `a: &a x\nb: [${Array(20_000).fill('*a').join(',')}]\n`,
      /aliases\.yaml:1: the YAML is malformed: its aliases unfold to too much/,
    ],
    'long.yaml': [`# ${'x'.repeat(256 * 1024)}`, /long\.yaml:1: the YAML is longer than 262144 characters/],
    'number.sql': [
      sql(`${YAML}gates: { min-rows: 1e999 }`),
      /:4: gates\.min-rows: found a number that is too large/,
    ],
  };
  for (const [name, [content, said]] of Object.entries(files)) {
    test(name, async () => {
      await writeFile(join(folder, 'queries', name), content);
      assertRefused(await exported(name.replace(/\..*/, '')), 2, said);
    });
  }

  test('that is no plain file', async () => {
    await mkdir(join(folder, 'queries/folder.sql'));
    await symlink('/dev/zero', join(folder, 'queries/endless.sql'));
    execFileSync('mkfifo', [join(folder, 'queries/fifo.sql')]);
    assertRefused(await exported('folder'), 2, /folder\.sql: it is a folder/);
    assertRefused(await exported('endless'), 2, /endless\.sql: it is no plain file/);
    assertRefused(await exported('fifo'), 2, /fifo\.sql: it is no plain file/);
  });
});

/** A zip archive of one part, which may say another size than it has. */
function archiveOf(name: string, content: Buffer, said = content.length): Buffer {
  const packed = deflateRawSync(content, { level: 1 });
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(said, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\0', 'latin1'),
    common,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

describe('a template', () => {
  before(async () => {
    const blanks = Buffer.alloc(3 * 1024 ** 2, ' ');
    await writeFile(join(folder, 'queries/bomb.xlsx'), archiveOf('xl/worksheets/sheet1.xml', blanks));
    await writeFile(join(folder, 'queries/liar.xlsx'), archiveOf('xl/worksheets/sheet1.xml', blanks, 100));
    await writeFile(join(folder, 'queries/sparse.xlsx'), '');
    await truncate(join(folder, 'queries/sparse.xlsx'), 200 * 1024 ** 2);
    execFileSync('mkfifo', [join(folder, 'queries/pipe.xlsx')]);
    for (const name of ['bomb', 'liar', 'sparse', 'pipe'])
      await writeFile(
        join(folder, `queries/t${name}.sql`),
        sql(`${YAML}outputs: [{ format: xlsx, key: a.xlsx, template: ${name}.xlsx }]`),
      );
  });

  test('that inflates to more than is allowed, whatever it says of its size', async () => {
    for (const name of ['tbomb', 'tliar'])
      assertRefused(
        await exported(name, { REPORTCTL_MAX_TEMPLATE_SIZE: '2MiB' }),
        2,
        /its parts are larger than 2 MiB when they are inflated\. .*REPORTCTL_MAX_TEMPLATE_SIZE/,
      );
    // Within the limit it is looked at, and is no workbook.
    assertRefused(await exported('tbomb'), 2, /no \.xlsx workbook/);
  });

  test('that is too large, or no plain file', async () => {
    assertRefused(await exported('tsparse'), 2, /sparse\.xlsx: it has more than 128 MiB/);
    assertRefused(await exported('tpipe'), 2, /pipe\.xlsx: it is no plain file/);
  });
});

/** The binary, started by a shell that takes something away first. */
function inShell(script: string): Promise<Finished> {
  return new Promise((resolve) => {
    const command = `${script} exec "${process.execPath}" "${BINARY}" list`;
    execFile('/bin/sh', ['-c', command], { cwd: folder, env: {} }, (error, stdout, stderr) =>
      resolve({ code: (error?.code as unknown as number) ?? 0, stdout, stderr }),
    );
  });
}

// A coverage run starts the program file by file, without bin/, where the first of these errors is met.
const isApart = process.env.REPORTCTL_TEST_BINARY !== undefined;

describe('the process', { skip: isApart ? 'shown by the shipped program' : false }, () => {
  test('in a folder that was removed', async () => {
    const finished = await inShell('mkdir gone && cd gone && rmdir ../gone &&');
    assertRefused(finished, 1, /the working folder is gone\. Change to one that is there\./);
  });

  test('with many reports and few open files', async () => {
    await mkdir(join(folder, 'many'));
    for (let index = 0; index < 300; index++)
      await writeFile(
        join(folder, `many/r${index}.sql`),
        sql(`${YAML}outputs: [{ format: csv, key: a.csv }]`),
      );
    const { code, stdout, stderr } = await inShell('ulimit -n 120; export REPORTCTL_QUERIES=many;');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /\br299\b/);
  });

  test('with few open files', async () => {
    await mkdir(join(folder, 'few'));
    await writeFile(join(folder, 'few/r.sql'), sql(`${YAML}outputs: [{ format: csv, key: a.csv }]`));
    // Newer lines of Node open the modules one after the other: there fewer files are enough.
    for (const most of [22, 25, 30]) {
      const ended = await inShell(`ulimit -n ${most}; export REPORTCTL_QUERIES=few;`);
      if (ended.code === 0) assert.ok(!process.version.startsWith('v20.'), `${most} files were enough`);
      else assertRefused(ended, 1, /EMFILE: .*\. Raise the limit of open files \(ulimit -n\)\./);
    }
  });
});

test('what a callback throws ends the command as a signal does', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Throws when a request is on its way, as a socket does that gets no memory for what it received.
  const thrower = join(folder, 'thrower.mjs');
  await writeFile(
    thrower,
    `const timer = setInterval(() => {
      if (!process.getActiveResourcesInfo().includes('TCPSocketWrap')) return;
      clearInterval(timer);
      throw new RangeError('Array buffer allocation failed');
    }, 20);\n`,
  );
  const env = {
    REPORTCTL_DESTINATION: 's3://balde',
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  };
  await writeFile(join(folder, 'queries/waiting.sql'), sql(`${YAML}outputs: [{ format: csv, key: a.csv }]`));
  const finished = await new Promise<Finished>((resolve) => {
    const args = ['--import', thrower, BINARY, 'run', 'waiting'];
    execFile(
      process.execPath,
      args,
      { cwd: folder, env: { REPORTCTL_SOURCE_V: 'file:x', ...env } },
      (error, stdout, stderr) => resolve({ code: (error?.code as unknown as number) ?? 0, stdout, stderr }),
    );
  });
  server.closeAllConnections();
  server.close();
  assertRefused(finished, 1, /^reportctl: Array buffer allocation failed\. A value is too large/);
});

test('errors of the host and of sizes are told as such, bugs are not', () => {
  const error = (action: () => unknown) => {
    try {
      action();
    } catch (thrown) {
      return thrown;
    }
    return undefined;
  };
  const deep = (): unknown => [deep()];
  for (const [thrown, said] of [
    [
      Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' }),
      /^EIO: i\/o error, read\.$/,
    ],
    [error(deep), /^Maximum call stack size exceeded\. Something that was read is nested too deeply\.$/],
    [error(() => 'x'.repeat(2 ** 30)), /^Invalid string length\. A value is too large/],
    [error(() => new ArrayBuffer(2 ** 40)), /^Array buffer allocation failed\. A value is too large/],
    [error(() => new Array(-1)), /^Invalid array length\. A value is too large/],
    [
      error(() => Buffer.alloc(2 ** 29 + 24).toString()),
      /^Cannot create a string longer than 0x1fffffe8 characters\. A value/,
    ],
    [error(() => 10n ** (10n ** 12n)), /^Maximum BigInt size exceeded\. A value is too large/],
  ] as const) {
    const found = hostFailure(thrown);
    assert.match(errorSentence(found), said);
    assert.equal(found?.exitCode, 1);
  }
  for (const thrown of [
    new TypeError('x is undefined'),
    new RangeError('Invalid time value'),
    'text',
    undefined,
  ])
    assert.equal(hostFailure(thrown), undefined);
});

test('the stack of such an error is shown with the log level debug', async () => {
  const shown = async (level: string) => {
    let text = '';
    const stderr = new Writable({
      write(chunk, _, done) {
        text += chunk;
        done();
      },
    });
    const stdout = Object.assign(new Writable({ write: (_, __, done) => done() }), {
      // The program prints its help with this.
      write: () => {
        throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO', syscall: 'write' });
      },
    });
    const env = { REPORTCTL_LOG_LEVEL: level };
    const { signal } = new AbortController();
    const code = await main([], { env, cwd: folder, stdin: Readable.from([]), stdout, stderr, signal });
    return [code, text] as const;
  };
  assert.deepEqual(await shown('info'), [1, 'reportctl: EIO: i/o error, write.\n']);
  assert.match((await shown('debug'))[1], /\n {4}at /);
});
