// sslmode by libpq's rules, with a server that signed its own certificate and with one without TLS.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ReportError } from '../../src/core/errors.js';
import {
  eventually,
  openUrl,
  readRows,
  requestOf,
  sessions,
  startPostgres,
  type TestPostgres,
} from '../support/postgres.js';

const run = promisify(execFile);
const missing = await run('openssl', ['version']).then(
  () => false,
  () => 'openssl is not installed',
);

describe('sslmode', { skip: missing, timeout: 600_000 }, () => {
  let folder: string;
  let server: TestPostgres;

  /** A self-signed certificate for that name. */
  async function certify(name: string): Promise<string> {
    const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
    const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-days', '2'];
    await run('openssl', [...kind, ...subject, '-keyout', key, '-out', certificate]);
    return certificate;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reportctl-tls-'));
    await Promise.all([certify('localhost'), certify('elsewhere')]);
    server = await startPostgres({
      password: 'segredo',
      files: {
        'postgresql.auto.conf': 'ssl = on',
        'server.crt': await readFile(join(folder, 'localhost.crt'), 'utf8'),
        'server.key': await readFile(join(folder, 'localhost.key'), 'utf8'),
      },
    });
  });

  after(async () => {
    await server?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  const at = (parameters: string, host = 'localhost') =>
    `postgres://postgres:segredo@${host}:${server.port}/postgres?${parameters}`;
  const known = () => `&sslrootcert=${encodeURIComponent(join(folder, 'localhost.crt'))}`;
  const other = () => `&sslrootcert=${encodeURIComponent(join(folder, 'elsewhere.crt'))}`;

  /** Whether the session is encrypted. */
  async function encrypted(url: string, variables: Record<string, string> = {}): Promise<boolean> {
    const source = await openUrl(url, { variables });
    try {
      const query = 'SELECT ssl AS v FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
      return (await readRows(source, requestOf(query, { v: 'boolean' })))[0]?.[0] === 'true';
    } finally {
      await source.close();
    }
  }

  const refused = (work: Promise<unknown>, message: RegExp) =>
    assert.rejects(work, (error) => {
      assert.ok(error instanceof ReportError, String(error));
      assert.deepEqual([error.code, error.retryable], ['source', false]);
      assert.match(error.message, message);
      assert.match(error.hint ?? '', /sslrootcert|sslmode/);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /segredo/);
      return true;
    });

  test('disable does not encrypt; no mode, prefer and require encrypt and accept an unknown certificate', async () => {
    assert.equal(await encrypted(at('sslmode=disable')), false);
    for (const parameters of ['', 'sslmode=prefer', 'sslmode=require'])
      assert.equal(await encrypted(at(parameters)), true, parameters);
  });

  test('require verifies when it has a root certificate', async () => {
    assert.equal(await encrypted(at(`sslmode=require${known()}`)), true);
    await refused(encrypted(at(`sslmode=require${other()}`)), /certificate/);
  });

  test('verify-ca requires a known authority, and accepts any name', async () => {
    await refused(encrypted(at('sslmode=verify-ca')), /self-signed certificate/);
    await refused(encrypted(at(`sslmode=verify-ca${other()}`)), /certificate/);
    assert.equal(await encrypted(at(`sslmode=verify-ca${known()}`, '127.0.0.1')), true);
  });

  test('verify-full requires a known authority and the right name', async () => {
    await refused(encrypted(at('sslmode=verify-full')), /self-signed certificate/);
    await refused(encrypted(at(`sslmode=verify-full${known()}`, '127.0.0.1')), /127\.0\.0\.1/);
    assert.equal(await encrypted(at(`sslmode=verify-full${known()}`)), true);
  });

  test('channel_binding=require sends no password to a server that does not offer it', async () => {
    assert.equal(await encrypted(at('sslmode=require&channel_binding=require')), true);
    const clear = encrypted(at('sslmode=disable&channel_binding=require'));
    await assert.rejects(clear, /channel_binding is "require", and the server does not offer it/);
  });

  test('the variables mean the same as the parameters, and the parameters win', async () => {
    const variables = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: join(folder, 'localhost.crt') };
    assert.equal(await encrypted(at(''), variables), true);
    await refused(encrypted(at('', '127.0.0.1'), variables), /127\.0\.0\.1/);
    assert.equal(await encrypted(at('sslmode=disable'), variables), false);
  });

  test('an encrypted read is complete, and can be cancelled', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const source = await openUrl(at('sslmode=require'), { signal: controller.signal });
    const query = 'SELECT n AS v FROM generate_series(1, 100000) AS n';
    const rows = await readRows(source, requestOf(query, { v: 'integer' }));
    assert.deepEqual([rows.length, rows.at(-1)], [100_000, ['100000']]);
    const client = await server.connect();
    const sleeping = requestOf('SELECT pg_sleep(600)::text AS v', { v: 'text' });
    const reading = assert.rejects(readRows(source, sleeping), reason);
    await eventually(async () => (await sessions(client, '%pg_sleep%')) === 1, 'the server sleeps');
    controller.abort(reason);
    await reading;
    await source.close();
    await eventually(async () => (await sessions(client)) === 0, 'the session is gone');
  });

  test('when the server has no TLS, prefer connects without it and the stricter modes fail', async () => {
    const client = await server.connect();
    await client.query('ALTER SYSTEM SET ssl = off');
    await client.query('SELECT pg_reload_conf()');
    await eventually(async () => !(await encrypted(at('sslmode=prefer'))), 'TLS is off');
    assert.equal(await encrypted(at('')), false);
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      await refused(encrypted(at(`sslmode=${mode}${known()}`)), /does not support SSL/);
  });
});
