// A database that nobody here made: every byte of an export is what psql's own \copy of the equivalent query writes.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ROOT, reportctl } from './support/cli.js';
import type { TestPostgres } from './support/postgres.js';
import { type S3Server, startS3Server } from './support/s3-server.js';
import { createDatabase } from './support/shared-postgres.js';

interface Equivalents {
  readonly select: string;
  readonly orderBy: string;
  readonly pairs: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly where: string;
    readonly rows: number;
  }[];
}

const script = process.env.REPORTCTL_TEST_NORTHWIND;
const folder = join(ROOT, 'test/fixtures/northwind');
const { select, orderBy, pairs } = JSON.parse(
  await readFile(join(folder, 'equivalents.json'), 'utf8'),
) as Equivalents;

function whyNot(): string | false {
  if (!script) return 'REPORTCTL_TEST_NORTHWIND does not name the Northwind script';
  return spawnSync('psql', ['--version']).error ? 'there is no psql to compare with' : false;
}

describe('Northwind', { skip: whyNot() }, () => {
  let postgres: TestPostgres;
  let s3: S3Server;
  let out: string;
  let env: Record<string, string>;

  const psql = (...args: string[]) =>
    promisify(execFile)('psql', ['-d', postgres.url, '-qX', ...args], {
      maxBuffer: 1 << 30,
    });

  /** What psql writes for a pair, by \copy to its stdout. */
  const copied = async (where: string): Promise<string> => {
    const query = `${select} WHERE ${where} ORDER BY ${orderBy}`;
    return (await psql('-c', `\\copy (${query}) TO STDOUT WITH (FORMAT csv, HEADER)`)).stdout;
  };

  before(async () => {
    [postgres, s3, out] = await Promise.all([
      createDatabase(),
      startS3Server({ bucket: 'bucket-relatorios-aplicacao', accessKeyId: 'AKIATEST' }),
      mkdtemp(join(tmpdir(), 'reportctl-northwind-')),
    ]);
    // psql goes on after the one setting of 2010 that servers no longer know.
    await psql('-f', script ?? '');
    env = {
      REPORTCTL_SOURCE_NORTHWIND: postgres.url,
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'secret',
      REPORTCTL_S3_PATH_STYLE: 'true',
    };
  });

  after(async () => {
    await Promise.all([postgres?.stop(), s3?.close(), rm(out, { recursive: true, force: true })]);
  });

  for (const { name, args, where, rows } of pairs) {
    it(`${name}: ${rows} rows to a file as psql writes them`, async () => {
      const file = join(out, 'pedidos.csv');
      const { code, stderr } = await reportctl(
        ['export', join(folder, 'pedidos.sql'), ...args, '-q', '--overwrite', '-o', file],
        { env },
      );
      assert.match(
        `${code} ${stderr}`,
        rows === 0 ? /^0 .* warn no rows .*; did you mean "B's Beverages"\?\n$/ : /^0 $/,
      );
      const written = await readFile(file, 'utf8');
      assert.equal(written, await copied(where));
      assert.equal(JSON.parse(await readFile(`${file}.manifest.json`, 'utf8')).rows, rows);
    });
  }

  const viaS3 = ['no filter', 'an organization in a year', 'every dimension'];
  it('the same bytes reach a bucket over HTTP, encrypted, with nothing left unfinished', async () => {
    for (const [index, { args, where }] of pairs.filter(({ name }) => viaS3.includes(name)).entries()) {
      const key = `pedidos/${index}.csv`;
      const to = `s3://bucket-relatorios-aplicacao/${key}`;
      const { code, stderr } = await reportctl(
        ['export', join(folder, 'pedidos.sql'), ...args, '-q', '-o', to],
        { env },
      );
      assert.equal(`${code} ${stderr}`, '0 ');
      assert.equal(s3.get(key)?.body.toString('utf8'), await copied(where));
      assert.equal(s3.get(key)?.encryption?.algorithm, 'AES256');
    }
    assert.equal(s3.uploads().length, 0);
  });

  it('the sums of two months by organization, their differences and percentages are what psql computes', async () => {
    const report = join(folder, 'pedidos.sql');
    const published = { ...env, REPORTCTL_DESTINATION: join(out, 'published'), REPORTCTL_QUERIES: folder };
    for (const month of ['1997-01', '1997-02']) {
      const { code, stderr } = await reportctl(['run', report, '--date', month, '-q'], { env: published });
      assert.equal(code, 0, stderr);
    }
    const { code, stdout } = await reportctl(['diff', report, '1997-01', '1997-02', '--summary', '--json'], {
      env: published,
    });
    assert.equal(code, 3);
    const { groups } = JSON.parse(stdout) as { groups: { value: string; totals: Record<string, object> }[] };
    const sums = (month: string) => `SELECT organization, sum(line_total) AS total, sum(quantity) AS quantity
      FROM (${select}) AS rows WHERE order_date >= '${month}-01' AND order_date < date '${month}-01' + interval '1 month' GROUP BY 1`;
    const changes = (name: string) => `coalesce(a.${name}, 0) AS before, coalesce(b.${name}, 0) AS after,
      coalesce(b.${name}, 0) - coalesce(a.${name}, 0) AS difference,
      round(100.0 * (coalesce(b.${name}, 0) - coalesce(a.${name}, 0)) / nullif(abs(a.${name}), 0), 2) AS percent`;
    const query = `SELECT json_build_object('value', organization,
      'totals', json_build_object('line_total', (SELECT json_build_array(before::text, after::text, difference::text, percent::text) FROM (SELECT ${changes('total')}) AS t),
        'quantity', (SELECT json_build_array(before::text, after::text, difference::text, percent::text) FROM (SELECT ${changes('quantity')}) AS q)))
      FROM (${sums('1997-01')}) AS a FULL JOIN (${sums('1997-02')}) AS b USING (organization)
      ORDER BY abs(coalesce(b.total, 0) - coalesce(a.total, 0)) DESC`;
    const answers = (await psql('-At', '-c', query)).stdout.trim().split('\n');
    const found = groups.map(({ value, totals }) => ({
      value,
      totals: Object.fromEntries(Object.entries(totals).map(([name, sum]) => [name, Object.values(sum)])),
    }));
    assert.ok(found.length > 30);
    assert.deepEqual(
      found,
      answers.map((line) => JSON.parse(line)),
    );
  });

  it('the script itself is an embedded source', async () => {
    const embedded = { REPORTCTL_SOURCE_NORTHWIND: `embedded:${script}` };
    const { code, stdout } = await reportctl(['export', join(folder, 'pedidos.sql'), '-q', '-o', '-'], {
      env: embedded,
    });
    assert.equal(code, 0);
    assert.equal(stdout, await copied('true'));
  });
});
