// Where a connection goes by libpq's rules: the URL, its parameters, the service file, and the variables.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import { connectionPlan } from '../../src/sources/postgres/client-config.js';
import { readUrl } from '../../src/sources/postgres/connection-url.js';

const plan = (url: string, variables: Record<string, string> = {}) =>
  connectionPlan({ url, label: 'source "x"', variables });

/** Host, port, user and database of the first host. */
function target(url: string, variables?: Record<string, string>) {
  const [{ host, port, user, database } = {}] = plan(url, variables).configs;
  return { host, port, user, database };
}

function refused(url: string, said: RegExp, variables?: Record<string, string>): void {
  assert.throws(
    () => plan(url, variables),
    (error) => {
      assert.ok(error instanceof ReportError, String(error));
      assert.equal(error.code, 'definition');
      assert.match(`${error.message} ${error.hint}`, said, url);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /s3nha/);
      return true;
    },
  );
}

test('a user that nobody gives is the user of the process, since cron sets no USER', () => {
  const former = process.env.USER;
  process.env.USER = 'outra pessoa';
  try {
    assert.equal(target('postgres://h/d').user, userInfo().username);
  } finally {
    if (former === undefined) delete process.env.USER;
    else process.env.USER = former;
  }
  assert.equal(target('postgres://h/d', { PGUSER: 'analista' }).user, 'analista');
});

describe('the URLs of providers', () => {
  test('what they add is understood, or named as ignored', () => {
    const neon = plan('postgres://u:s3nha@ep-x.neon.tech/db?sslmode=require&channel_binding=require');
    assert.deepEqual([neon.mode, neon.channelBinding], ['require', 'require']);
    assert.equal(plan('postgres://u@h/db?ssl=true').mode, 'require');
    assert.equal(plan('postgres://u@h/db?gssencmode=disable').mode, 'prefer');
    assert.equal(plan('postgres://u@h/db?target_session_attrs=read-only').attributes, 'read-only');
    const supabase = readUrl('postgres://u:s3nha@h:6543/db?pgbouncer=true&connection_limit=1', 'x');
    assert.deepEqual(supabase.ignored, ['pgbouncer=true', 'connection_limit=1']);
    assert.equal(plan('postgres://u:s3nha@h:6543/db?pgbouncer=true').configs.length, 1);
  });

  test('what means something else here is refused', () => {
    refused('postgres://u:s3nha@h/db?schema=vendas', /unknown parameter "schema".*options=-csearch_path/);
    refused('postgres://u@h/db?constructor=x', /unknown parameter "constructor"[^{]*$/);
    refused('postgres://u@h/db?ssl=false', /unknown parameter "ssl".*sslmode/);
    refused('postgres://u@h/db?gssencmode=require', /gssencmode is "require"/);
    refused('postgres://u@h/db?channel_binding=yes', /channel_binding is "yes"/);
    refused('postgres://u@h/db?target_session_attrs=readwrite', /"readwrite".*read-write/);
  });
});

describe('several hosts', () => {
  const hosts = (url: string, variables?: Record<string, string>) =>
    plan(url, variables).configs.map(({ host, port }) => `${host}:${port}`);

  test('in their order, with a port each or one for all', () => {
    assert.deepEqual(hosts('postgres://u@a:1,b:2/d'), ['a:1', 'b:2']);
    assert.deepEqual(hosts('postgres://u@a,b/d?port=7'), ['a:7', 'b:7']);
    assert.deepEqual(hosts('postgres://u@[::1]:5,b:6/d'), ['::1:5', 'b:6']);
    assert.deepEqual(hosts('postgres:///d?host=a,/run/pg', { PGPORT: '9' }), ['a:9', '/run/pg:9']);
  });

  test('mistakes', () => {
    refused('postgres://u@a,b/d?port=1,2,3', /2 hosts and 3 ports/);
    refused('postgres://u:s3nha@a:x/d', /cannot be read/);
    refused('postgres://u@a/d?port=70000', /port is "70000"/);
    refused(`postgres://u@${'a,'.repeat(30)}a/d`, /31 hosts/);
  });
});

test('parameters win over the parts of the URL, and passwords may hold anything that is escaped', () => {
  const url = 'postgres://u:a%40b%3Ac%25@h/d?user=v&dbname=e&password=p%2B%20q';
  assert.deepEqual(target(url), { host: 'h', port: undefined, user: 'v', database: 'e' });
  assert.equal(plan(url).configs[0]?.password, 'p+ q');
  assert.equal(plan('postgres://u:a%40b%3Ac%25@h/d').configs[0]?.password, 'a@b:c%');
  assert.equal(plan('postgres://u:a:b@h/d').configs[0]?.password, 'a:b');
});

describe('services', () => {
  let folder: string;
  const variables = () => ({ PGSERVICEFILE: join(folder, 'services.conf') });
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reportctl-service-'));
    await writeFile(
      join(folder, 'services.conf'),
      '\ufeff# comment\r\n[vendas]\r\nhost=db.example\r\nport=5433\r\nuser=leitor\r\npassword=s3nha=\r\ndbname=vendas\r\n\n[torta]\nhots=s3nha\n',
    );
    await writeFile(join(folder, 'pg_service.conf'), '[sistema]\nhost=outro\n');
  });
  after(() => rm(folder, { recursive: true }));

  test('PGSERVICE fills what the URL leaves out, before the variables', () => {
    const all = { ...variables(), PGSERVICE: 'vendas', PGHOST: 'x', PGUSER: 'x' };
    const expected = { host: 'db.example', port: 5433, user: 'leitor', database: 'vendas' };
    assert.deepEqual(target('postgres://', all), expected);
    assert.equal(plan('postgres://', all).configs[0]?.password, 's3nha=');
    assert.deepEqual(target('postgres://h/d', all), { ...expected, host: 'h', database: 'd' });
    assert.deepEqual(target('postgres://?service=vendas', variables()), expected);
    const system = { ...variables(), PGSYSCONFDIR: folder };
    assert.equal(target('postgres://u@/d?service=sistema', system).host, 'outro');
  });

  test('a service that is not there, a parameter that is unknown, and a file that is missing', () => {
    refused('postgres://?service=venda', /no service "venda" in .*did you mean.*vendas/, variables());
    refused('postgres://?service=torta', /"torta" .*unknown parameter "hots"/, variables());
    refused('postgres://?service=a', /PGSERVICEFILE.*ENOENT/, { PGSERVICEFILE: '/nowhere/x' });
  });
});
