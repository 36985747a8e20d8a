// Two runs of the same period at the same time, in a folder and in a bucket.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { filesBelow, finished, reportctl, spawnReportctl, temporaryFolder } from '../support/cli.js';
import { startS3Server } from '../support/s3-server.js';

let folder: string;
let count = 0;
before(async () => {
  folder = await temporaryFolder();
});
after(() => rm(folder, { recursive: true }));

export const RECORD = '_reportctl/vendas/20241005.json';
const LEASE = '_reportctl/vendas/20241005.lease';
export const KEY = 'r_20241005.csv';
const PUBLISHED = [RECORD, KEY, `${KEY}.manifest.json`, `${KEY}.schema.json`, 'vendas.latest.json'];

/** A report over documents that a test may change, and a destination of its own. */
export async function workplace(definition = '') {
  const home = join(folder, `${++count}`);
  const out = join(home, 'out');
  await mkdir(home);
  await writeFile(
    join(home, 'vendas.yaml'),
    `source: base
collection: vendas
filters: { date: dia }
columns: { id: integer, valor: decimal }
order-by: [id]
totals: [valor]
${definition}
outputs: [{ format: csv, key: "r_{YYYYMMDD}.csv" }]
`,
  );
  const documents = (...valores: readonly string[]) =>
    writeFile(
      join(home, 'vendas.ndjson'),
      valores.map((valor, id) => `{"id":${id},"dia":"2024-10-05T12:00:00Z","valor":${valor}}\n`).join(''),
    );
  await documents('1.50', '2.25');
  const env = {
    REPORTCTL_QUERIES: home,
    REPORTCTL_SOURCE_BASE: `file:${join(home, 'vendas.ndjson')}`,
    REPORTCTL_DESTINATION: out,
  };
  const args = ['run', 'vendas', '--date', '2024-10-05'];
  return {
    documents,
    files: () => filesBelow(out),
    read: async (key: string) => readFile(join(out, key), 'utf8'),
    run: (...more: readonly string[]) => reportctl([...args, ...more], { env }),
    runWith: (more: Readonly<Record<string, string>>) => reportctl(args, { env: { ...env, ...more } }),
    spawn: (more: Readonly<Record<string, string>> = {}) =>
      spawnReportctl(args, { env: { ...env, ...more } }),
  };
}

/** Defines the tests. A probe lets a run stand still before two of its requests only. */
export function twoAtOnce(extent: 'probe' | 'all'): void {
  describe('two at the same time', { concurrency: 3 }, () => {
    const assertOneOf = (
      both: readonly { code: number | NodeJS.Signals; stdout: string; stderr: string }[],
    ) => {
      const published = both.filter(({ stdout }) => stdout.startsWith('published'));
      assert.equal(published.length, 1, JSON.stringify(both));
      const other = both.find((one) => one !== published[0]);
      if (other?.code === 75)
        assert.match(
          other.stderr,
          /^reportctl: (process \d+ on \S+|another process of this host) is running the same/,
        );
      else assert.match(other?.stdout ?? '', /^unchanged/);
    };

    test('in a folder exactly one publishes', async () => {
      for (let round = 0; round < (extent === 'probe' ? 1 : 2); round++) {
        const { spawn, files } = await workplace();
        assertOneOf(await Promise.all([finished(spawn()), finished(spawn())]));
        assert.deepEqual(await files(), PUBLISHED);
      }
    });

    test('in a bucket exactly one publishes', async () => {
      const s3 = await startS3Server({ bucket: 'relatorios' });
      try {
        const { spawn } = await workplace();
        const env = { ...s3.environment, REPORTCTL_DESTINATION: 's3://relatorios' };
        assertOneOf(await Promise.all([finished(spawn(env)), finished(spawn(env))]));
        assert.deepEqual([s3.keys(), s3.uploads()], [PUBLISHED, []]);
      } finally {
        await s3.close();
      }
    });

    // The requests of the run that stands still: the note, the file, its manifest and schema, the record.
    const requests = [
      `${RECORD.slice(0, -5)}.pending.json`,
      KEY,
      `${KEY}.manifest.json`,
      `${KEY}.schema.json`,
      RECORD,
    ];
    for (const key of extent === 'probe' ? [KEY, RECORD] : requests) {
      test(`one that stood still before ${key} and wakes up late spoils nothing`, async () => {
        const options = { bucket: 'relatorios', clockAhead: 0 };
        const s3 = await startS3Server(options);
        try {
          const { spawn, runWith } = await workplace();
          const env = { ...s3.environment, REPORTCTL_DESTINATION: 's3://relatorios' };
          const sleeper = spawn(env);
          const stands = new Promise<void>((resolve) => {
            s3.fail(({ operation, path }) => {
              const isIt = operation === 'PutObject' && path.startsWith(`/relatorios/${key}?`);
              if (!isIt || sleeper.killed) return false;
              sleeper.kill('SIGSTOP');
              resolve();
              // The request itself comes to nothing, and is made again by who wakes up.
              return true;
            }, 'reset');
          });
          const end = finished(sleeper);
          await stands;
          if (key === KEY) assert.equal((await runWith(env)).code, 75);
          // From here on the sleeper is a process of another host, which nobody hears of: another address is another lock.
          const lease = JSON.parse(s3.get(LEASE)?.body.toString() ?? '{}');
          s3.put(LEASE, JSON.stringify({ ...lease, process: 'another', identity: 'another host' }));
          options.clockAhead = 61_000;
          const elsewhere = {
            ...env,
            AWS_ENDPOINT_URL_S3: env.AWS_ENDPOINT_URL_S3.replace('127.0.0.1', 'localhost'),
          };
          const other = await runWith(elsewhere);
          assert.match(other.stdout, /^published/, other.stderr);
          const there = PUBLISHED.map((each) => s3.get(each)?.etag);
          sleeper.kill('SIGCONT');
          const { code, stderr } = await end;
          assert.ok(code === 5 || code === 75, `${code}: ${stderr}`);
          assert.deepEqual(s3.keys(), PUBLISHED);
          assert.deepEqual(
            PUBLISHED.map((each) => s3.get(each)?.etag),
            there,
          );
          assert.equal(s3.get(LEASE), undefined);
          assert.match((await runWith(env)).stdout, /^unchanged/);
        } finally {
          await s3.close();
        }
      });
    }
  });
}
