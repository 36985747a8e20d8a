// --deadline of the commands that are no run: what hangs ends with 7, and nothing unfinished stays.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertRefused, filesBelow, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

let server: TestPostgres;
let store: TcpProxy;
let folder: string;
let env: Readonly<Record<string, string>>;
before(async () => {
  // The store accepts connections and never answers.
  [server, store, folder] = await Promise.all([createDatabase(), startTcpProxy(), temporaryFolder()]);
  const outputs = 'outputs: [{ format: csv, key: "{report}.csv" }]';
  const slow = "SELECT 'x' AS x UNION ALL SELECT pg_sleep(600)::text";
  await writeReport(folder, 'lenta', `source: base\ncolumns: { x: text }\n${outputs}`, slow);
  const daily = `source: base\ncolumns: { d: date }\nfilters: { date: d }\n${outputs}`;
  await writeReport(
    folder,
    'diaria',
    daily.replace('{report}', '{report}_{YYYYMMDD}'),
    'SELECT current_date AS d',
  );
  env = {
    REPORTCTL_SOURCE_BASE: server.url,
    REPORTCTL_QUERIES: folder,
    REPORTCTL_DESTINATION: 's3://bucket',
    REPORTCTL_S3_PATH_STYLE: 'true',
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${store.port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
});
after(async () => {
  await Promise.all([server.stop(), store.stop()]);
  await rm(folder, { recursive: true });
});

describe('a deadline', { concurrency: 3 }, () => {
  for (const [said, ...args] of [
    ['verify: not everything was compared', 'verify', 's3://bucket/lenta.csv'],
    ['diff: the files were not compared', 'diff', 's3://bucket/a.csv', 's3://bucket/b.csv'],
    ['status: not every period was looked at', 'status'],
    ['check: not everything was checked', 'check'],
    ['run: no report was started', 'run', 'diaria', '--catch-up', '3'],
  ] as const) {
    test(`of ${args.join(' ')}`, async () => {
      const result = await reportctl([...args, '--deadline', '1s'], { env });
      const message = new RegExp(
        `^reportctl: ${said}: the deadline 1s \\(\\S+Z\\) was reached\\. Run the same`,
      );
      assertRefused(result, 7, message);
    });
  }

  test('of an export into a file: the former one stays, and nothing else', async () => {
    const file = join(folder, 'out', 'x.csv');
    await writeReport(join(folder, 'out'), 'nothing', '', '');
    await writeFile(file, 'former');
    const before = await filesBelow(join(folder, 'out'));
    const result = await reportctl(['export', 'lenta', '-o', file, '--overwrite', '--deadline', '1s'], {
      env,
    });
    assertRefused(result, 7, /^reportctl: export: "lenta" was not exported: the deadline 1s/);
    assert.deepEqual(await filesBelow(join(folder, 'out')), before);
    assert.equal(await readFile(file, 'utf8'), 'former');
  });

  test('of an export to stdout', async () => {
    const { code, stderr } = await reportctl(['export', 'lenta', '--deadline', '1s'], { env });
    assert.equal(code, 7, stderr);
    assert.match(stderr, /^reportctl: export: "lenta" was not exported: the deadline 1s[^\n]*\n$/);
  });

  test('that says no time is refused, and none never comes', async () => {
    const result = await reportctl(['status', '--deadline', 'soon'], { env });
    assertRefused(result, 2, /^reportctl: --deadline "soon" is no time\. Give a duration such as 2h30m/);
    const local = { ...env, REPORTCTL_DESTINATION: join(folder, 'empty') };
    const { code } = await reportctl(['status', '--deadline', 'none'], { env: local });
    assert.equal(code, 3);
    const wrong = await reportctl(['run', 'lenta'], { env: { ...env, REPORTCTL_DEADLINE: 'soon' } });
    assertRefused(wrong, 2, /^reportctl: REPORTCTL_DEADLINE "soon" is no time/);
  });
});
