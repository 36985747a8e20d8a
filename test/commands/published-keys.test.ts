// The key of a published file and what is not published: an ad-hoc export never takes it, verify tells what stands there, --restate repairs it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertRefused, filesBelow, reportctl, temporaryFolder } from '../support/cli.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';

const yaml = (key: string, filters: string) => `source: docs
collection: docs
timezone: UTC
filters: ${filters}
columns: { id: { kind: text, path: _id }, em: text }
order-by: [id]
outputs: [{ format: csv, key: "${key}" }]
`;
const DAY_FILTER = '{ date: { path: em, stored: text } }';
const ROWS = 'id,em\na,2024-10-05T10:00:00Z\nb,2024-10-05T11:00:00Z\n';
const RESTATE = 'reportctl run dia --date 2024-10-05 --restate "reason"';

/** A place for one test, with a published period. */
interface Place {
  readonly env: Readonly<Record<string, string>>;
  /** The address of the destination. */
  readonly root: string;
  readonly keys: () => Promise<readonly string[]>;
  readonly get: (key: string) => Promise<string | undefined>;
  readonly put: (key: string, content: string) => Promise<void>;
  readonly remove: (key: string) => Promise<void>;
}

let folder: string;
let s3: S3Server;
let env: Record<string, string>;
let count = 0;
before(async () => {
  [folder, s3] = await Promise.all([temporaryFolder(), startS3Server({ bucket: 'bucket' })]);
  await mkdir(join(folder, 'queries'));
  const write = (name: string, text: string) => writeFile(join(folder, 'queries', `${name}.yaml`), text);
  await Promise.all([
    write('dia', yaml('r/{YYYYMMDD}/dia.csv', DAY_FILTER)),
    write('mes', yaml('{YYYY}/{MM}/mes.csv', DAY_FILTER).replace('timezone', 'period: month\ntimezone')),
    write('foto', yaml('foto.csv', '{}')),
    writeFile(
      join(folder, 'docs.ndjson'),
      '{"_id":"a","em":"2024-10-05T10:00:00Z"}\n{"_id":"b","em":"2024-10-05T11:00:00Z"}\n',
    ),
  ]);
  env = {
    ...s3.environment,
    REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
    REPORTCTL_QUERIES: join(folder, 'queries'),
  };
});
after(() => Promise.all([rm(folder, { recursive: true }), s3.close()]));

function folderPlace(): Place {
  const root = join(folder, `out-${++count}`);
  return {
    env: { ...env, REPORTCTL_DESTINATION: root },
    root,
    keys: () => filesBelow(root),
    get: (key) => readFile(join(root, key), 'utf8').catch(() => undefined),
    async put(key, content) {
      await mkdir(dirname(join(root, key)), { recursive: true });
      await writeFile(join(root, key), content);
    },
    remove: (key) => rm(join(root, key)),
  };
}

function bucketPlace(): Place {
  const prefix = `p${++count}`;
  const root = `s3://bucket/${prefix}`;
  return {
    env: { ...env, REPORTCTL_DESTINATION: root },
    root,
    keys: async () =>
      s3.keys().flatMap((key) => (key.startsWith(`${prefix}/`) ? key.slice(prefix.length + 1) : [])),
    get: async (key) => s3.get(`${prefix}/${key}`)?.body.toString(),
    put: async (key, content) => s3.put(`${prefix}/${key}`, content),
    remove: async (key) => {
      s3.remove(`${prefix}/${key}`);
    },
  };
}

/** A place with the period published, and the program at work there. */
async function published(place: Place, report = 'dia') {
  const run = (...args: string[]) => reportctl(args, { env: place.env, cwd: folder });
  const { code, stderr } = await run('run', report, ...(report === 'foto' ? [] : ['--date', '2024-10-05']));
  assert.equal(code, 0, stderr);
  return { ...place, run };
}

const KEY = 'r/20241005/dia.csv';
const EXPORT = ['export', 'dia', '--limit', '1', '-o'];

for (const [what, placeOf] of [
  ['a folder', folderPlace],
  ['a bucket', bucketPlace],
] as const) {
  describe(what, { concurrency: 3 }, () => {
    test('an export to a published key is refused, with --overwrite too, and when the file is gone', async () => {
      const place = await published(placeOf());
      const refused =
        /export: .*\/r\/20241005\/dia\.csv is the published file of report "dia" for 2024-10-05 \(_reportctl\/dia\/20241005\.json\)\. Choose another name\. To publish the period again: reportctl run dia --date 2024-10-05 --restate "reason"\./;
      const attempts = async (...more: string[]) => {
        const former = await place.keys();
        assertRefused(await place.run(...EXPORT, `${place.root}/${KEY}`, ...more), 5, refused);
        assert.deepEqual(await place.keys(), former);
      };
      await attempts('--overwrite');
      assert.equal(await place.get(KEY), ROWS);
      // Neither what the file holds, nor what its manifest says, nor whether they are there makes the key free.
      await place.put(KEY, 'foreign');
      await place.remove(`${KEY}.manifest.json`);
      await attempts('--overwrite');
      await place.remove(KEY);
      await attempts();
    });

    test('verify by path, key and prefix tells an ad-hoc export in the place of a published file', async () => {
      const place = await published(placeOf());
      assert.equal((await place.run(...EXPORT, `${place.root}/mine.csv`)).code, 0);
      for (const ending of ['', '.manifest.json'])
        await place.put(`${KEY}${ending}`, (await place.get(`mine.csv${ending}`)) ?? '');
      for (const named of [`${place.root}/${KEY}`, KEY, `${place.root}/`]) {
        const { code, stdout, stderr } = await place.run('verify', named);
        assert.equal(code, 3);
        assert.match(
          stdout,
          /^FAILED .*dia\.csv: not published: expected the file of _reportctl\/dia\/20241005\.json, found an ad-hoc export$/m,
        );
        assert.match(stdout, /^FAILED .*: sha256 of the run record: /m);
        assert.ok(stderr.includes(`publish the period again: ${RESTATE}.`), stderr);
      }
      const again = await place.run('run', 'dia', '--date', '2024-10-05');
      assertRefused(
        again,
        3,
        /r\/20241005\/dia\.csv has 29 bytes instead of 52\. .* publish it again: reportctl run dia --date/,
      );
      const restated = await place.run('run', 'dia', '--date', '2024-10-05', '--restate', 'mended');
      assert.deepEqual([restated.code, await place.get(KEY)], [0, ROWS]);
      assert.equal(await place.get(`_reportctl/dia/history/20241005/r1/foreign/${KEY}`), ROWS.slice(0, 29));
      assert.equal((await place.run('verify', 'dia', '--date', '2024-10-05')).code, 0);
    });
  });
}

describe('in a folder', { concurrency: 3 }, () => {
  test('so is one to the key of a month, of a snapshot, and of a run that broke off', async () => {
    const place = await published(folderPlace(), 'mes');
    await place.run('run', 'foto');
    for (const key of ['2024/10/mes.csv', 'foto.csv', KEY]) await place.remove(key).catch(() => undefined);
    const out = (key: string) => place.run(...EXPORT, `${place.root}/${key}`, '--overwrite');
    assertRefused(await out('2024/10/mes.csv'), 5, /published file of report "mes" for 2024-10-31/);
    await place.remove('foto.csv.manifest.json');
    const [, command] = /again: (.*)\. Trying/.exec((await out('foto.csv')).stderr) ?? [];
    assert.equal(command, 'reportctl run foto --restate "reason"');
    const output = { key: KEY, token: 't', bytes: 1, sha256: '0'.repeat(64) };
    const pending = { pending: 1, report: 'dia', token: 't', revision: 1, outputs: [output] };
    await place.put('_reportctl/dia/20241005.pending.json', JSON.stringify(pending));
    assertRefused(
      await out(KEY),
      5,
      /dia\.csv is a file that a run publishes, of report "dia" for 2024-10-05/,
    );
  });

  test('other keys beside published files are free, once', async () => {
    const place = await published(folderPlace());
    const where = `${place.root}/r/20241005/mine.csv`;
    assert.equal((await place.run(...EXPORT, where)).code, 0);
    assertRefused(
      await place.run(...EXPORT, where),
      5,
      /mine\.csv already exists\. Nothing was overwritten\. Choose another name, or replace the file with --overwrite\./,
    );
    await place.put('r/20241005/mine.csv.schema.json', '{"fields":[{"name":"former"}]}');
    const { code } = await place.run('export', 'dia', '-o', where, '--overwrite');
    assert.deepEqual([code, await place.get('r/20241005/mine.csv')], [0, ROWS]);
    const schema = JSON.parse((await place.get('r/20241005/mine.csv.schema.json')) ?? '');
    assert.deepEqual(
      schema.fields.map(({ name }: { name: string }) => name),
      ['id', 'em'],
    );
    const { stdout } = await place.run('verify', where);
    assert.match(stdout, /^ok .* \(an ad-hoc export\)\n$/);
  });

  test('every failure of a published file names the command that repairs it, and it does', async () => {
    const place = await published(folderPlace());
    const failures: Readonly<Record<string, () => Promise<void>>> = {
      foreign: () => place.put(KEY, 'foreign'),
      gone: () => place.remove(KEY),
      'without a manifest': () => place.remove(`${KEY}.manifest.json`),
      'with a wrong manifest': () => place.put(`${KEY}.manifest.json`, '{}'),
      'gone with its manifest': async () => {
        await place.remove(KEY);
        await place.remove(`${KEY}.manifest.json`);
      },
    };
    for (const [state, damage] of Object.entries(failures)) {
      await damage();
      for (const named of [`${place.root}/${KEY}`, 'r/2024']) {
        const { code, stdout, stderr } = await place.run('verify', named);
        assert.equal(code, 3, state);
        assert.match(stdout, /^FAILED .*\/r\/20241005\/dia\.csv: /);
        assert.doesNotMatch(stdout, /out-\d+\/.*out-\d+\//);
        assert.ok(stderr.includes(`publish the period again: ${RESTATE}.`), stderr);
      }
      if (state === 'foreign') {
        const status = await reportctl(['status', 'dia'], { env: place.env, now: '2024-10-06T12:00:00Z' });
        assert.ok(status.stderr.includes(`publish the period again: ${RESTATE}.`), status.stderr);
      }
      const { stdout } = await place.run('run', 'dia', '--date', '2024-10-05', '--restate', state);
      assert.match(stdout, /^restated dia /);
      assert.equal((await place.run('verify', 'dia', '--date', '2024-10-05')).code, 0, state);
    }
    const { stdout } = await place.run('run', 'dia', '--date', '2024-10-05', '--restate', 'nothing is wrong');
    assert.match(stdout, /^unchanged dia /);
  });
});

test('a link to a published file, and a published key under another path, are refused', async () => {
  const place = await published(folderPlace());
  await symlink(join(place.root, KEY), join(folder, 'link.csv'));
  await symlink(place.root, join(folder, 'other'));
  for (const output of ['link.csv', `other/${KEY}`]) {
    assertRefused(
      await place.run(...EXPORT, output, '--overwrite'),
      5,
      /is the published file of report "dia"/,
    );
  }
  assert.equal(await place.get(KEY), ROWS);
});

test('a run that publishes the key while an export reads keeps its file', async () => {
  const place = folderPlace();
  const pipe = join(folder, 'pipe.ndjson');
  execFileSync('mkfifo', [pipe]);
  await place.put(KEY, 'former');
  const exported = reportctl([...EXPORT, join(place.root, KEY), '--overwrite'], {
    env: { ...place.env, REPORTCTL_SOURCE_DOCS: `file:${pipe}` },
    cwd: folder,
  });
  // Resolves when the export has begun to read.
  const writer = await open(pipe, 'w');
  await place.remove(KEY);
  const { run } = await published(place);
  await writer.writeFile('{"_id":"x"}\n');
  await writer.close();
  assertRefused(await exported, 5, /dia\.csv is the published file of report "dia" for 2024-10-05/);
  assert.equal(await place.get(KEY), ROWS);
  assert.equal((await run('verify', 'dia', '--date', '2024-10-05')).code, 0);
});

test('diff -o is no way to a published key either', async () => {
  const place = await published(folderPlace());
  for (const name of ['a.csv', 'b.csv']) await place.run('export', 'dia', '-o', join(place.root, name));
  const args = ['diff', 'a.csv', 'b.csv', '--key', 'id', '--overwrite', '-o'];
  assertRefused(
    await place.run(...args, join(place.root, KEY)),
    5,
    /^reportctl: diff: .*dia\.csv is the published file of report "dia"/,
  );
  assertRefused(await place.run(...args, 'x.manifest.json.csv/_reportctl/x.csv'), 2, /has a reserved name/);
  assert.equal(await place.get(KEY), ROWS);
});

test('who may only write is not told what is there, and exports to a free key', async () => {
  const own = await startS3Server({ bucket: 'bucket' });
  try {
    own.fail(({ operation }) => /^(List|Head|Get)/.test(operation), 403);
    const args = [...EXPORT, 's3://bucket/elsewhere/x.csv'];
    const exported = () => reportctl(args, { env: { ...env, ...own.environment }, cwd: folder });
    const { code, stderr } = await exported();
    assert.deepEqual([code, stderr], [0, '']);
    assertRefused(await exported(), 5, /x\.csv already exists\. .*--overwrite/);
  } finally {
    await own.close();
  }
});

test('a run that meets an ad-hoc export says so', async () => {
  const place = folderPlace();
  const run = (...args: string[]) => reportctl(args, { env: place.env, cwd: folder });
  await run('export', 'dia', '-o', join(place.root, KEY));
  assertRefused(
    await run('run', 'dia', '--date', '2024-10-05'),
    5,
    /already exists: it is an ad-hoc export of report "dia"\. Nothing was overwritten\. Move it away with its manifest/,
  );
});
