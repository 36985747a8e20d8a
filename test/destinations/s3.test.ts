// What only a bucket can do wrong: endpoints, regions, credentials, sizes, stores that ignore what they are asked.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { environmentOf } from '../../src/core/environment.js';
import { ReportError } from '../../src/core/errors.js';
import { type DestinationOptions, openDestination } from '../../src/destinations/index.js';
import { Parts } from '../../src/destinations/s3/parts.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';

const MIB = 1024 * 1024;
const csv = { contentType: 'text/csv', existing: 'never' } as const;

const credentials = { AWS_ACCESS_KEY_ID: 'known', AWS_SECRET_ACCESS_KEY: 'secret' };
const clean = {
  AWS_CONFIG_FILE: '/nowhere',
  AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
  AWS_EC2_METADATA_DISABLED: 'true',
};
const original = { ...process.env };

/** Runs with these AWS variables and no others. */
function environment(variables: Record<string, string>): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  const warning = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  Object.assign(process.env, clean, warning, variables);
}

function open(s3: Partial<DestinationOptions['s3']> = {}, where = 's3://bucket') {
  const options = {
    pathStyle: true,
    partSize: 5 * MIB,
    encryption: 'AES256' as const,
    allowHttp: false,
    environment: environmentOf(process.env),
    ...s3,
  };
  return openDestination(where, { token: 'run-1', signal: new AbortController().signal, s3: options });
}

let server: S3Server;
before(async () => {
  server = await startS3Server({ bucket: 'bucket', accessKeyId: 'known', forbiddenBucket: 'forbidden' });
});
afterEach(() => server.reset());
after(async () => {
  await server.close();
  environment({});
  Object.assign(process.env, original);
});

describe('the endpoint', () => {
  for (const [variable, url] of [
    ['AWS_ENDPOINT_URL_S3', 'http://store.example:9000'],
    ['AWS_ENDPOINT_URL', 'http://10.0.0.1:9000'],
  ] as const) {
    test(`in clear text to another machine is refused: ${variable}`, async () => {
      environment({ ...credentials, AWS_REGION: 'us-east-1', [variable]: url });
      await assert.rejects(open(), (error) => {
        assert.ok(error instanceof ReportError);
        assert.equal(error.code, 'usage');
        assert.match(error.message, new RegExp(`http://${new URL(url).hostname} is not encrypted`));
        assert.match(error.hint ?? '', /REPORTCTL_S3_ALLOW_HTTP=true/);
        return true;
      });
      await (await open({ allowHttp: true })).close();
    });
  }

  for (const endpoint of [
    'https://store.example',
    'http://localhost:1',
    'http://127.0.0.2:1',
    'http://[::1]:1',
  ]) {
    test(`${endpoint} needs no permission`, async () => {
      environment({ ...credentials, AWS_REGION: 'us-east-1' });
      await (await open({ endpoint })).close();
    });
  }

  for (const endpoint of ['http://localhost.example', 'http://127.0.0.1.example', 'http://notlocalhost']) {
    test(`${endpoint} is not loopback`, async () => {
      environment({ ...credentials, AWS_REGION: 'us-east-1' });
      await assert.rejects(open({ endpoint }), { code: 'usage' });
    });
  }

  test('alone needs no region, Amazon does', async () => {
    environment({ ...credentials, AWS_ENDPOINT_URL_S3: server.url });
    const destination = await open();
    assert.equal(await destination.read('nothing.csv'), undefined);
    assert.match(server.requests[0]?.headers.authorization ?? '', /\/us-east-1\/s3\//);
    await destination.close();
    environment(credentials);
    await assert.rejects(open(), { code: 'usage', message: 'no AWS region is set for s3://bucket' });
  });

  test('gets no request while a destination is opened', async () => {
    environment({ ...credentials, AWS_ENDPOINT_URL_S3: server.url });
    await (await open()).close();
    assert.deepEqual(server.requests, []);
  });
});

describe('what goes wrong is said in one line', () => {
  const failing = async (destination: Awaited<ReturnType<typeof open>>) => {
    const staged = await destination.stage('a.csv', csv);
    const error: unknown = await staged.publish().catch((reason: unknown) => reason);
    await destination.close();
    assert.ok(error instanceof ReportError, String(error));
    assert.equal(error.code, 'destination');
    assert.doesNotMatch(error.message, /\n|secret/);
    return error;
  };
  const cases = [
    {
      name: 'an unknown bucket',
      where: 's3://nosuch',
      message: /the bucket does not exist \(NoSuchBucket\)/,
      retryable: false,
    },
    {
      name: 'a forbidden bucket',
      where: 's3://forbidden',
      message: /access is denied/,
      hint: /s3:PutObject/,
      retryable: false,
    },
    {
      name: 'an unknown access key',
      variables: { AWS_ACCESS_KEY_ID: 'other' },
      message: /does not know the access key/,
      retryable: false,
    },
    {
      name: 'no credentials',
      variables: { AWS_ACCESS_KEY_ID: '' },
      message: /there are no AWS credentials \(.*[Cc]ould not load credentials from any providers\)/,
      hint: /AWS_PROFILE/,
      retryable: false,
    },
    {
      name: 'a profile that is not there',
      variables: { AWS_ACCESS_KEY_ID: '', AWS_PROFILE: 'relatorios' },
      message: /there are no AWS credentials \(.*relatorios.*\)/,
      hint: /AWS_PROFILE/,
      retryable: false,
    },
    {
      name: 'nothing listening',
      endpoint: 'http://127.0.0.1:9',
      message: /nothing listens there \(.*127\.0\.0\.1:9\)/,
      retryable: true,
    },
    {
      name: 'an unknown host',
      endpoint: 'https://store.invalid',
      message: /the name of the host cannot be resolved/,
      retryable: true,
    },
  ];
  for (const { name, where, variables, endpoint, message, hint = /./, retryable } of cases) {
    test(name, async () => {
      environment({ ...credentials, AWS_REGION: 'us-east-1', ...variables });
      const error = await failing(await open({ endpoint: endpoint ?? server.url }, where));
      assert.match(error.message, message);
      assert.match(error.message, /^could not write s3:\/\//);
      assert.match(error.hint ?? '', hint);
      assert.equal(error.retryable, retryable);
    });
  }

  test('reading', async () => {
    environment({ ...credentials, AWS_ENDPOINT_URL_S3: server.url });
    const destination = await open();
    server.put('a.csv', 'x');
    server.fail({ operation: 'GetObject' }, 503, 3);
    await assert.rejects(destination.read('a.csv'), {
      message: /^could not read s3:\/\/bucket\/a\.csv: the store is busy/,
    });
    await destination.close();
    const other = await open({}, 's3://nosuch');
    await assert.rejects(other.read('a.csv'), { message: /the bucket does not exist/ });
    await other.close();
  });
});

test('a part size that S3 refuses is refused before anything is sent', async () => {
  environment({ ...credentials, AWS_REGION: 'us-east-1' });
  await assert.rejects(open({ endpoint: server.url, partSize: 5 * MIB - 1 }), {
    code: 'usage',
    message: /5242879 bytes/,
  });
});

describe('writing', () => {
  before(() => environment({ ...credentials, AWS_REGION: 'us-east-1' }));

  test('more than 10,000 parts hold fails at once and names what to set', async () => {
    const destination = await open({ endpoint: server.url });
    const staged = await destination.stage('a.csv', csv);
    await staged.write(Buffer.from('some'));
    const huge = Object.defineProperty(Buffer.alloc(1), 'length', { value: 50_000 * MIB });
    await assert.rejects(staged.write(huge), (error) => {
      assert.ok(error instanceof ReportError);
      assert.match(error.message, /would be larger than 52428800000 bytes/);
      assert.equal(error.code, 'destination');
      assert.match(error.hint ?? '', /set REPORTCTL_S3_PART_SIZE to 10MiB or more/);
      return true;
    });
    await staged.discard();
    assert.deepEqual([server.keys(), server.uploads()], [[], []]);
    await destination.close();
  });

  test('more parts than an upload takes: what fits is published, a byte more is not, nor does anything stay', async () => {
    const destination = await open({ endpoint: server.url, maximumParts: 2 });
    assert.deepEqual(destination.capacity, {
      bytes: 10 * MIB,
      setting: 'REPORTCTL_S3_PART_SIZE',
      current: 5 * MIB,
    });
    const whole = randomBytes(10 * MIB);
    const fits = await destination.stage('fits.csv', csv);
    for (let at = 0; at < whole.length; at += MIB) await fits.write(whole.subarray(at, at + MIB));
    const { parts, checksum } = await fits.publish();
    assert.equal(parts, 2);
    assert.match(checksum?.CRC32 ?? '', /^.{8}-2$/);
    assert.deepEqual(server.get('fits.csv')?.body, whole);
    const over = await destination.stage('over.csv', csv);
    for (let at = 0; at < whole.length; at += MIB) await over.write(whole.subarray(at, at + MIB));
    await assert.rejects(over.write(Buffer.from('x')), {
      code: 'destination',
      message: 's3://bucket/over.csv would be larger than 10485760 bytes',
      hint: 'It holds 2 parts of 5242880 bytes: set REPORTCTL_S3_PART_SIZE to 10MiB or more.',
    });
    await over.discard();
    assert.deepEqual([server.keys(), server.uploads()], [['fits.csv'], []]);
    await destination.close();
  });

  test('rejects soon after a part was refused, instead of sending the rest', async () => {
    const destination = await open({ endpoint: server.url });
    server.fail({ operation: 'UploadPart', nth: 1 }, 403);
    const staged = await destination.stage('a.csv', csv);
    const chunk = randomBytes(MIB);
    let written = 0;
    await assert.rejects(
      async () => {
        for (; written < 100; written++) await staged.write(chunk);
      },
      { message: /access is denied/ },
    );
    assert.ok(written < 30, `${written} MiB were taken`);
    await assert.rejects(staged.write(chunk), { message: /access is denied/ });
    await staged.discard();
    assert.deepEqual(server.uploads(), []);
    await destination.close();
  });

  test('many files at once need no warning', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on('warning', warn);
    const destination = await open({ endpoint: server.url });
    const stagings = await Promise.all(
      Array.from({ length: 20 }, (_, index) => destination.stage(`${index}.csv`, csv)),
    );
    await Promise.all(stagings.map((staged) => staged.write(Buffer.from('x'))));
    await Promise.all(stagings.map((staged) => staged.publish()));
    await new Promise(setImmediate);
    process.off('warning', warn);
    assert.deepEqual(warnings, []);
    assert.equal(server.keys().length, 20);
    await destination.close();
  });

  test('keeps the encoding, type and token with the object', async () => {
    const destination = await open({ endpoint: server.url }, 's3://bucket/pre/fix/');
    assert.equal(destination.label, 's3://bucket/pre/fix');
    const staged = await destination.stage('a.csv.gz', { ...csv, contentEncoding: 'gzip' });
    await staged.write(Buffer.from('bytes'));
    const { location, etag, encryption, version, checksum, parts } = await staged.publish();
    const object = server.get('pre/fix/a.csv.gz');
    assert.deepEqual(object?.headers, { 'content-type': 'text/csv', 'content-encoding': 'gzip' });
    assert.equal(object?.metadata['reportctl-token'], 'run-1');
    assert.deepEqual([location, etag, encryption], ['s3://bucket/pre/fix/a.csv.gz', object?.etag, 'AES256']);
    assert.deepEqual([version, checksum, parts], [object?.etag, { CRC32: object?.crc32 }, undefined]);
    await destination.close();
  });
});

describe('check', () => {
  const checked = async (
    options: Partial<Parameters<typeof startS3Server>[0]>,
    prepare = (_: S3Server) => {},
  ) => {
    environment({ ...credentials, AWS_REGION: 'us-east-1' });
    const store = await startS3Server({ bucket: 'bucket', ...options });
    try {
      prepare(store);
      const destination = await open({ endpoint: store.url });
      const bad = (await destination.check()).filter(({ ok }) => !ok);
      await destination.close();
      return { bad, keys: store.keys(), uploads: store.uploads() };
    } finally {
      await store.close();
    }
  };
  const subjects = (findings: readonly { subject: string }[]) => findings.map(({ subject }) => subject);

  test('finds a store that ignores conditions, on both ways to publish', async () => {
    const { bad, keys, uploads } = await checked({ conditionsIgnored: true });
    assert.deepEqual(subjects(bad), [
      'publishing once',
      'replacing',
      'publishing once, in parts',
      'replacing, in parts',
    ]);
    assert.match(bad[0]?.detail ?? '', /conditional writes are ignored by this store/);
    assert.deepEqual([keys, uploads], [[], []]);
  });

  test('finds a store that does not encrypt', async () => {
    const { bad, keys } = await checked({ encryptionEchoed: false });
    assert.deepEqual(subjects(bad), ['encryption']);
    assert.match(bad[0]?.detail ?? '', /asked for AES256, the store confirmed none/);
    assert.deepEqual(keys, []);
  });

  test('finds a store that cannot be written', async () => {
    const { bad } = await checked({}, (store) => store.fail({ operation: 'PutObject' }, 403));
    assert.deepEqual(subjects(bad), ['write']);
  });

  test('names the probe that it could not remove', async () => {
    const { bad, keys } = await checked({}, (store) => store.fail({ operation: 'DeleteObject' }, 403));
    assert.deepEqual(subjects(bad), ['removing', 'removing the probe']);
    const [probe = ''] = keys;
    assert.match(probe, /^_reportctl\/\.unfinished\/check-run-1-[0-9a-f]{16}$/);
    assert.ok(bad[1]?.detail.includes(`s3://bucket/${probe}`), bad[1]?.detail);
    assert.equal(keys.length, 1);
  });

  test('finds uploads that were left for a day, on every page of the list', async () => {
    const { bad } = await checked({}, (store) => {
      const template = { headers: {}, metadata: {}, encryption: undefined };
      for (let index = 0; index < 1500; index++) {
        const initiated = Date.now() - (index === 1499 ? 30 : 1) * 3_600_000;
        const id = String(index).padStart(4, '0');
        store.begin({ uploadId: id, key: `r-${id}.csv`, initiated, parts: new Map(), template });
      }
    });
    assert.deepEqual(subjects(bad), ['unfinished uploads']);
    assert.match(
      bad[0]?.detail ?? '',
      /^1500, 1500 of them not known to be ours; the oldest is 30 hours old, of r-1499\.csv\. .* lifecycle rule/,
    );
  });
});

describe('the parts of an upload', () => {
  /** Parts of four bytes, and for each that was sent its text and what ends it. */
  function parts() {
    const sent: { readonly part: Buffer; readonly number: number; readonly arrive: () => void }[] = [];
    const send = (part: Buffer, number: number) =>
      new Promise<void>((arrive) => sent.push({ part, number, arrive }));
    return { sent, parts: new Parts(4, send) };
  }

  test('a file that fits into one is not sent', async () => {
    const { sent, parts: file } = parts();
    await file.write(Buffer.from('ab'));
    await file.write(Buffer.from('cd'));
    assert.equal(sent.length, 0);
    assert.equal(String(file.rest), 'abcd');
  });

  test('no more than two are on their way, and nobody writes over them', async () => {
    const { sent, parts: file } = parts();
    let isTaken = false;
    const writing = file.write(Buffer.from('aaaabbbbccccd')).then(() => {
      isTaken = true;
    });
    await new Promise(setImmediate);
    assert.deepEqual(
      sent.map(({ part }) => String(part)),
      ['aaaa', 'bbbb'],
    );
    assert.equal(isTaken, false);
    sent[1]?.arrive();
    await new Promise(setImmediate);
    assert.equal(isTaken, false);
    assert.equal(String(sent[0]?.part), 'aaaa');
    assert.equal(String(sent[2]?.part), 'cccc');
    sent[0]?.arrive();
    await writing;
    const finished = file.finish();
    for (const { arrive } of sent) arrive();
    await finished;
    assert.deepEqual(
      sent.map(({ number }) => number),
      [1, 2, 3, 4],
    );
    assert.equal(String(sent[3]?.part), 'd');
  });
});
