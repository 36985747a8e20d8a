// What check warns of: connections in clear text to other machines, and users who may do more than read.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { isLoopback } from '../../src/core/loopback.js';
import { checkSettings } from '../../src/publish/check/settings.js';
import { cautions as ofMongodb } from '../../src/sources/mongodb/cautions.js';
import { cautions as ofPostgres } from '../../src/sources/postgres/cautions.js';
import { NEVER_IDLE } from '../support/never-idle.js';
import { openUrl, type TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

test('which hosts are this machine', () => {
  for (const host of ['localhost', 'LOCALHOST', 'a.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]'])
    assert.ok(isLoopback(host), host);
  for (const host of ['db', '10.0.0.1', '128.0.0.1', 'localhost.example', '::2', '127.0.0.1.example', ''])
    assert.ok(!isLoopback(host), host);
});

describe('PostgreSQL', () => {
  let server: TestPostgres;
  let client: pg.Client;
  const ROLE = `leitor_${process.pid}`;
  before(async () => {
    server = await createDatabase();
    client = await server.connect();
    await client.query(
      `CREATE TABLE vendas (id integer); CREATE ROLE ${ROLE} LOGIN; GRANT SELECT ON vendas TO ${ROLE}`,
    );
  });
  after(async () => {
    await client.query(`DROP OWNED BY ${ROLE}; DROP ROLE ${ROLE}`);
    await client.end();
    await server.stop();
  });

  async function found(user: string): Promise<readonly string[]> {
    const source = await openUrl(server.url.replace('//postgres@', `//${user}@`));
    try {
      return (await source.cautions?.()) ?? [];
    } finally {
      await source.close();
    }
  }

  test('a superuser', async () => {
    const [text, ...others] = await found('postgres');
    assert.match(text ?? '', /role "postgres" is a superuser .*: use a role that may only SELECT$/);
    assert.deepEqual(others, []);
  });

  test('a role that may only read, and one that may change a table', async () => {
    assert.deepEqual(await found(ROLE), []);
    await client.query(`GRANT UPDATE ON vendas TO ${ROLE}`);
    const [text] = await found(ROLE);
    assert.match(text ?? '', /may change tables, such as vendas: use a role that may only SELECT$/);
  });

  test('time limits of the role, and parameters of other programs', async () => {
    await client.query(
      `REVOKE UPDATE ON vendas FROM ${ROLE}; ALTER ROLE ${ROLE} SET statement_timeout = '8s'`,
    );
    const source = await openUrl(`${server.url.replace('//postgres@', `//${ROLE}@`)}&pgbouncer=true`);
    const [limits, ignored, ...others] = await (source.cautions?.() ?? Promise.resolve([])).finally(() =>
      source.close(),
    );
    assert.match(limits ?? '', /: statement_timeout = 8000ms does not count while a report is read/);
    assert.match(ignored ?? '', /: pgbouncer=true in the URL is ignored$/);
    assert.deepEqual(others, []);
  });

  const inClearText = (host: string, encrypted: boolean) =>
    ofPostgres({
      client: { host, connection: { stream: { encrypted } }, query: async () => ({ rows: [] }) },
      idle: NEVER_IDLE,
      label: 'source "x"',
      signal: new AbortController().signal,
    } as never);

  test('clear text to another machine', async () => {
    const [text] = await inClearText('db.example', false);
    assert.match(text ?? '', /connection to db\.example is not encrypted.*sslmode=verify-full/);
    for (const [host, encrypted] of [
      ['db.example', true],
      ['localhost', false],
      ['/run/postgresql', false],
    ] as const)
      assert.deepEqual(await inClearText(host, encrypted), [], host);
  });
});

describe('MongoDB', () => {
  const asked = (hosts: readonly string[], tls: boolean, roles: readonly string[]) =>
    ofMongodb(
      {
        client: { options: { tls, hosts: hosts.map((host) => ({ host })) } },
        database: {
          command: async () => ({
            authInfo: { authenticatedUserRoles: roles.map((role) => ({ role, db: 'x' })) },
          }),
        },
      } as never,
      'source "x"',
    );

  test('clear text to another machine, and a user who may write', async () => {
    assert.deepEqual(await asked(['localhost', 'b.example'], true, ['read']), []);
    assert.deepEqual(await asked(['localhost', '127.0.0.1'], false, ['readAnyDatabase']), []);
    const [text, role] = await asked(['localhost', 'b.example'], false, ['read', 'readWrite']);
    assert.match(text ?? '', /connection to b\.example is not encrypted/);
    assert.match(role ?? '', /has the role "readWrite" and may write/);
  });
});

test('settings in clear text show the host alone', () => {
  const variables: Record<string, string> = {
    AWS_ENDPOINT_URL_S3: 'http://ana:S3nha@store.example:9000/S3nha',
    REPORTCTL_WEBHOOK_URL: 'http://hooks.example/S3nha',
    REPORTCTL_HEARTBEAT_URL: 'https://hc.example/S3nha',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
  };
  const environment = { get: (name: string) => variables[name], names: () => Object.keys(variables) };
  const findings = checkSettings({ config: { environment } } as never);
  assert.deepEqual(
    findings.map(({ subject, detail, isWarning }) => [subject, detail, isWarning]),
    [
      [
        'setting AWS_ENDPOINT_URL_S3',
        'requests to http://store.example are not encrypted; use https://',
        true,
      ],
      [
        'setting REPORTCTL_WEBHOOK_URL',
        'requests to http://hooks.example are not encrypted; use https://',
        true,
      ],
    ],
  );
});
