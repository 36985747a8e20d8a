// check --sample with the binary: what the documents say of a report, from a file, a bucket and MongoDB.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { assertRefused, ROOT, reportctl, temporaryFolder } from '../support/cli.js';
import { type MongoServer, startMongoServer } from '../support/mongodb-server.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';
import { createDatabase } from '../support/shared-postgres.js';

let folder: string;
let mongodb: MongoServer;
let bucket: S3Server;
before(async () => {
  [folder, mongodb, bucket] = await Promise.all([
    temporaryFolder(),
    startMongoServer(),
    startS3Server({ bucket: 'documentos' }),
  ]);
  const lines = execFileSync(process.execPath, ['scripts/producao.js', '500'], { cwd: ROOT });
  await writeFile(join(folder, 'producoes.ndjson'), lines);
  bucket.put('dados/producoes.ndjson', lines);
  const documents = lines.toString('utf8').trim().split('\n');
  mongodb.insert(
    'fabrica',
    'producoes',
    documents.map((line) => BSON.EJSON.parse(line, { relaxed: false })),
  );
  // The same report with a path misspelt, a kind that does not fit, and nothing that takes the price.
  const report = await readFile(join(ROOT, 'queries/producao.yaml'), 'utf8');
  const wrong = report
    .replace('path: organizacao.cnpj', 'path: organizacao.cnjp')
    .replace('projeto: { kind: text', 'projeto: { kind: integer')
    .replace(/^ {2}pre[cç]o?.*\n|^ {2}price.*\n/gm, '');
  await writeFile(join(folder, 'errada.yaml'), wrong);
});
after(async () => {
  await Promise.all([mongodb?.close(), bucket?.close(), rm(folder, { recursive: true, force: true })]);
});

interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly unsafe?: true;
  readonly detail: string;
}

const run = (args: readonly string[], url: string) =>
  reportctl(['check', ...args], {
    env: {
      ...bucket.environment,
      REPORTCTL_S3_PATH_STYLE: 'true',
      REPORTCTL_SOURCE_PRODUCAO: url,
      REPORTCTL_DESTINATION: join(folder, 'out'),
    },
  });

/** @param missing how many lines say that a path is in no document, which alone makes a check fail */
async function findings(args: readonly string[], url: string, missing = 0): Promise<string[]> {
  const { code, stdout, stderr } = await run([...args, '--json'], url);
  assert.equal(code, missing === 0 ? 0 : 8, stderr);
  const found = (JSON.parse(stdout) as Finding[]).filter(({ subject }) => subject.startsWith('report '));
  const unsafe = found.filter(({ ok }) => !ok);
  assert.deepEqual(
    unsafe.map((one) => [one.unsafe, / has /.test(one.detail)]),
    Array.from({ length: missing }, () => [true, true]),
  );
  return found.map(({ detail }) => detail);
}

describe('check --sample', { concurrency: 3, timeout: 600_000 }, () => {
  const sources = [
    { name: 'a file', url: () => `file:${join(folder, 'producoes.ndjson')}` },
    { name: 'a bucket', url: () => 's3://documentos/dados/' },
    { name: 'MongoDB', url: () => mongodb.url('fabrica') },
  ];

  for (const { name, url } of sources) {
    test(`${name}: fields in no column, beside what check says anyway`, async () => {
      const [contract, summary, ...others] = await findings(['producao', '--sample', '200'], url());
      assert.match(contract ?? '', /can be read; the paths of its \d+ columns are checked below$/);
      assert.match(summary ?? '', /^source "producao" \(.*\): 200 documents sampled$/);
      assert.deepEqual(others, ['field "turno" is in no column or filter (200 of 200 documents)']);
    });

    test(`${name}: a misspelt path, a kind that does not fit`, async () => {
      const [, , ...others] = await findings([join(folder, 'errada.yaml'), '--sample', '5000'], url(), 1);
      const misfit = others.splice(1, 1)[0] ?? '';
      assert.match(misfit, /^500 values do not fit \(on-mismatch: fail\), the first: .*column "projeto"/);
      assert.match(misfit, /_id [0-9a-f]{24}/);
      assert.deepEqual(others.slice(0, 1), ['column "cnpj": none of 500 documents has "organizacao.cnjp"']);
      assert.deepEqual(others.slice(1).sort(), [
        'field "organizacao.cnpj" is in no column or filter (500 of 500 documents)',
        'field "preco_unitario" is in no column or filter (500 of 500 documents)',
        'field "turno" is in no column or filter (500 of 500 documents)',
      ]);
    });
  }

  test('a misspelt path is no failure of a run: another word, and a code of its own', async () => {
    const url = `file:${join(folder, 'producoes.ndjson')}`;
    const { code, stdout, stderr } = await run([join(folder, 'errada.yaml'), '--sample', '10'], url);
    assert.equal(code, 8);
    assert.match(
      stdout,
      /^UNSAFE report errada: column "cnpj": none of 10 documents has "organizacao\.cnjp"$/m,
    );
    assert.equal(
      stderr,
      'reportctl: a run works, but 1 thing cannot be promised. See the lines that begin with UNSAFE.\n',
    );
    const both = await run([join(folder, 'errada.yaml'), 'nada', '--sample', '10'], url);
    assert.equal(both.code, 2);
    assert.match(both.stderr, /1 of \d+ checks failed, and 1 thing cannot be promised\.$/m);
    const unlooked = await run(['producao'], url);
    assert.match(unlooked.stdout, /^WARN {3}.*of its \d+ columns are not checked without --sample$/m);
    assert.equal(unlooked.code, 0);
  });

  test('without it no document is read, and a broken one not met', async () => {
    await writeFile(join(folder, 'broken.ndjson'), '{"_id":\n');
    const url = `file:${join(folder, 'broken.ndjson')}`;
    assert.equal((await findings(['producao'], url)).length, 1);
    const { code, stdout, stderr } = await run(['producao', '--sample', '1'], url);
    assert.deepEqual([code, stderr], [4, 'reportctl: 1 of 7 checks failed.\n']);
    assert.match(stdout, /^ok {5}report producao: .* are checked below$/m);
    assert.match(stdout, /^FAILED report producao: .*broken\.ndjson line 1 /m);
  });

  test('names out of the data command no terminal', async () => {
    await writeFile(join(folder, 'escape.ndjson'), '{"_id":1,"\\u009b31m":1}\n');
    const { stdout } = await run(['producao', '--sample', '1'], `file:${join(folder, 'escape.ndjson')}`);
    assert.match(stdout, /field "\ufffd31m" is in no column/);
  });

  test('PostgreSQL has nothing to sample, and says so', async (t) => {
    const vendas = await createDatabase('vendas');
    t.after(() => vendas.stop());
    const env = { REPORTCTL_SOURCE_VENDAS: vendas.url, REPORTCTL_DESTINATION: join(folder, 'out') };
    const { code, stdout } = await reportctl(['check', 'transacoes', '--sample', '10'], { env });
    assert.equal(code, 0, stdout);
    assert.match(
      stdout,
      /^ok {5}report transacoes: source "vendas" .* has nothing to sample: the server itself/m,
    );
  });

  for (const value of ['0', '-1', '1.5', 'all', '1e3', '']) {
    test(`a sample of "${value}" is a usage error`, async () => {
      assertRefused(
        await run(['producao', `--sample=${value}`], 'file:nowhere'),
        2,
        /--sample.* Give a whole number from 1\./,
      );
    });
  }
});

describe('a bucket of documents', () => {
  test('in clear text on another machine is refused, as a destination is', async () => {
    const env = {
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: 'http://store.invalid:9000',
      AWS_MAX_ATTEMPTS: '1',
    };
    const args = ['export', 'producao', '-o', '-'];
    const source = { REPORTCTL_SOURCE_PRODUCAO: 's3://documentos/producoes.ndjson' };
    assertRefused(
      await reportctl(args, { env: { ...env, ...source } }),
      2,
      /: the S3 endpoint http:\/\/(documentos\.)?store\.invalid is not encrypted\. Use https:\/\/, or set REPORTCTL_S3_ALLOW_HTTP=true/,
    );
    const allowed = {
      ...env,
      ...source,
      REPORTCTL_S3_ALLOW_HTTP: 'true',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    assertRefused(await reportctl(args, { env: allowed }), 4, /the name of the host cannot be resolved/);
  });
});

test('--clean removes what a killed run left two days ago, and the check that cleaned succeeds', async () => {
  const left = join(folder, 'out', '.reportctl-killed-1.tmp');
  await mkdir(join(folder, 'out'), { recursive: true });
  await writeFile(left, 'half a file');
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
  await utimes(left, twoDaysAgo, twoDaysAgo);
  const url = `file:${join(folder, 'producoes.ndjson')}`;
  const report = join(ROOT, 'queries/producao.yaml');
  const without = await run([report], url);
  assert.deepEqual([without.code, existsSync(left)], [8, true], without.stderr);
  const { code, stdout, stderr } = await run([report, '--clean'], url);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^ok {5}cleaning up: removed \.reportctl-killed-1\.tmp$/m);
  assert.equal(existsSync(left), false);
});
