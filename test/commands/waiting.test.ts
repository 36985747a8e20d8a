// A run that waits for its data, and one that has to be over by some time.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import {
  assertRefused,
  filesBelow,
  finished,
  reportctl,
  spawnReportctl,
  temporaryFolder,
  writeReport,
} from '../support/cli.js';
import { eventually, type TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
let client: pg.Client;
let folder: string;
before(async () => {
  [server, folder] = await Promise.all([createDatabase(), temporaryFolder()]);
  client = await server.connect();
  await client.query('CREATE TABLE cargas (fim timestamptz); CREATE TABLE outra (fim timestamptz)');
  const write = (name: string, waitFor: string, query: string) =>
    writeReport(
      folder,
      name,
      `source: base\ncolumns: { n: integer }\n${waitFor}\noutputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]`,
      query,
    );
  const wait = (query: string, more = 'every: 1s, for: 10m') => `wait-for: { query: "${query}", ${more} }`;
  const one = 'SELECT 1 AS n';
  await write('espera', wait("SELECT max(fim) >= :'to' FROM cargas"), one);
  await write('nunca', wait("SELECT max(fim) >= :'to' FROM outra", 'every: 1s, for: 2s'), one);
  await write('jamais', wait('SELECT NULL::boolean', 'for: 1h'), one);
  await write('duas', wait('SELECT true FROM generate_series(1, 9)'), one);
  await write('texto', wait("SELECT 'sim' AS pronto"), one);
  await write('errada', wait('SELECT x FROM nada'), one);
  await write('longa', '', 'SELECT 1 AS n FROM (SELECT pg_sleep(600) OFFSET 0) AS s');
  await write('rapida', '', one);
});
after(async () => {
  await client.end();
  await server.stop();
  await rm(folder, { recursive: true });
});

let count = 0;
function place() {
  const out = join(folder, `out-${++count}`);
  return {
    out,
    env: {
      REPORTCTL_SOURCE_BASE: server.url,
      REPORTCTL_QUERIES: folder,
      REPORTCTL_DESTINATION: out,
      REPORTCTL_RETRY_FOR: '1m',
    },
  };
}

const running = async (report: string) => {
  const { rows } = await client.query(
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 AND state = 'active'",
    [`reportctl/${report}`],
  );
  return rows.length;
};

describe('a report that waits', { concurrency: 3 }, () => {
  test('is read when the load has finished, and others do not wait for it', async () => {
    const { env, out } = place();
    const child = spawnReportctl(['run', 'espera', 'rapida', '--jobs', '1'], { env });
    const end = finished(child);
    await eventually(
      async () => (await filesBelow(out)).some((file) => file.startsWith('rapida')),
      'the other one is published',
    );
    const before = await reportctl(['check', 'espera'], { env });
    assert.equal(before.code, 0, before.stderr);
    assert.match(before.stdout, /^ok {5}report espera: source "base" .* is not ready now \(null\) for \S+$/m);
    await client.query('INSERT INTO cargas VALUES (now())');
    const { code, stdout, stderr } = await end;
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^\S+ info espera \S+ is not ready, asking every 1s for 10m: source "base" \([^)]*\) answered: null\n$/,
    );
    assert.match(stdout, /^published rapida .*\npublished espera .*\n$/);
    const later = await reportctl(['check', 'espera'], { env });
    assert.match(later.stdout, /^ok {5}report espera: source "base" .* is ready for \S+$/m);
  });

  test('and what it waits for does not come: 7, with what it was, how long and the last answer', async () => {
    const { env, out } = place();
    const { code, stdout, stderr } = await reportctl(['run', 'nunca', '--retry-for', '0'], { env });
    assert.deepEqual([code, stdout, await filesBelow(out)], [7, '', []]);
    assert.match(
      stderr,
      /reportctl: nunca \S+ is not ready \(waited \d+s, asked every 1s\): source "base" \([^)]*\) answered: null; it waits for SELECT max\(fim\) >= :'to' FROM outra\. Run the same command again when the data is there\.\n$/,
    );
    assertRefused(await reportctl(['run', 'nunca', '--no-wait'], { env }), 7, /not ready \(asked once\)/);
  });

  test('a database that is away is not ready', async () => {
    const { env } = place();
    const gone = { ...env, REPORTCTL_SOURCE_BASE: 'postgres://u@127.0.0.1:1/x' };
    const { code, stderr } = await reportctl(['run', 'nunca'], { env: gone });
    assert.equal(code, 7, stderr);
    assert.match(stderr, /reportctl: nunca .*: connecting to source "base" .*ECONNREFUSED/);
  });

  for (const [name, code, said] of [
    ['duas', 3, /more than one row\. It must return one: aggregate/],
    ['texto', 3, /the query returns pronto text\. It must return one boolean column/],
    ['errada', 4, /asking source "base" .* whether "errada" can be read: relation "nada" does not exist/],
  ] as const) {
    test(`and asks what cannot be answered: ${name}`, async () =>
      assertRefused(await reportctl(['run', name], { env: place().env }), code, said));
  }

  test('a definition that says no duration is refused with its line, and waiting is no part of its hash', async () => {
    const { env, out } = place();
    const text = await readFile(join(folder, 'rapida.sql'), 'utf8');
    const queries = join(folder, 'changed');
    const write = (line: string) =>
      writeReport(queries, 'rapida', `${line}${text.slice(6).replace(/\n---.*/s, '')}`, 'SELECT 1 AS n');
    await write('wait-for: { query: SELECT false, every: often }\n');
    const changed = { ...env, REPORTCTL_QUERIES: queries };
    assertRefused(
      await reportctl(['run', 'rapida'], { env: changed }),
      2,
      /rapida\.sql:2: wait-for\.every: found "often"; a duration such as 90s, 15m or 2h30m is needed/,
    );
    assert.equal((await reportctl(['run', 'rapida'], { env })).code, 0);
    await write('wait-for: { query: SELECT false }\n');
    const { code, stdout, stderr } = await reportctl(['run', 'rapida'], { env: changed });
    assert.deepEqual([code, stderr], [0, ''], 'what is published is not waited for');
    assert.match(stdout, /^unchanged rapida /);
    assert.ok((await filesBelow(out)).length > 0);
  });

  test('documents: until one has the values', async () => {
    const { env, out } = place();
    const data = join(folder, 'documents');
    await writeReport(data, 'nothing', '', '');
    await writeFile(
      join(data, 'docs.yaml'),
      'source: docs\ncollection: docs\ncolumns: { n: integer }\noutputs: [{ format: csv, key: "d.csv" }]\n' +
        'wait-for: { collection: cargas, match: { dia: "{YYYY}-{MM}-{DD}", ok: true }, every: 1s, for: 10m }\n',
    );
    await writeFile(join(data, 'docs.ndjson'), '{"n":1}\n');
    const child = spawnReportctl(['run', join(data, 'docs.yaml')], {
      env: { ...env, REPORTCTL_SOURCE_DOCS: `file:${data}/` },
    });
    const end = finished(child);
    await new Promise((resolve) => child.stderr.once('data', resolve));
    const yesterday = new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/Sao_Paulo' }).format(
      Date.now() - 86_400_000,
    );
    await writeFile(join(data, 'cargas.ndjson'), `{"dia":"${yesterday}","ok":true}\n`);
    const { code, stderr } = await end;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /is not ready, .* answered: no such collection\n$/);
    assert.equal(await readFile(join(out, 'd.csv'), 'utf8'), 'n\n1\n');
  });
});

describe('a deadline', { concurrency: 2 }, () => {
  test('cancels the query, publishes nothing of it, begins nothing more, and keeps what is done: 7', async () => {
    const { env, out } = place();
    const started = Date.now();
    const args = ['run', 'rapida', 'longa', 'espera', '--jobs', '1', '--deadline', '15s'];
    const { code, stdout, stderr } = await reportctl(args, { env });
    assert.equal(code, 7, stderr);
    assert.ok(Date.now() - started < 75_000, 'it took too long');
    assert.match(stdout, /^published rapida [^\n]*\n$/);
    assert.match(stderr, /error longa \S+ was not published: the deadline 15s \(\S+Z\) was reached/);
    assert.match(stderr, /error espera \S+ was not published: the deadline 15s/);
    assert.match(stderr, /reportctl: 2 of 3 runs failed: the deadline was reached/);
    const files = await filesBelow(out);
    assert.ok(
      files.every((file) => file.includes('rapida')),
      files.join(),
    );
    await eventually(async () => (await running('longa')) === 0, 'the query has ended');
  });

  test('cuts waiting short', async () => {
    const { env } = place();
    const { code, stderr } = await reportctl(['run', 'jamais', '--deadline', '15s'], { env });
    assert.equal(code, 7, stderr);
    assert.match(
      stderr,
      /reportctl: jamais \S+ was not published: the deadline 15s \(\S+\) was reached; it was not ready: .*: null\./,
    );
  });
});
