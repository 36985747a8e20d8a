// reportctl verify: real files, published by the binary into a folder and a bucket, then left alone or not.
import assert from 'node:assert/strict';
import { appendFile, copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { unzipped } from '../../src/writers/xlsx/unzip.js';
import { Zip } from '../../src/writers/xlsx/zip.js';
import { assertRefused, type Finished, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { type S3Server, startS3Server } from '../support/s3-server.js';
import { createDatabase } from '../support/shared-postgres.js';

const YAML = `source: docs
collection: docs
timezone: UTC
filters: { date: { path: em, stored: text }, price: preco }
columns: { id: { kind: text, path: _id }, preco: { kind: decimal, title: Preço } }
order-by: [id]
totals: [preco]
outputs:
  - { format: csv, key: "r/dia_{YYYYMMDD}.csv" }
  - { format: csv, key: "r/dia_{YYYYMMDD}.{ext}", locale: pt-BR, compress: gzip }
`;
const DOCUMENTS = `{"_id":"a","em":"2024-10-05T10:00:00Z","preco":1.5}
{"_id":"","em":"2024-10-05T11:00:00Z","preco":-0.25}
{"_id":null,"em":"2024-10-05T12:00:00Z"}
{"_id":"x","em":"2024-10-06T12:00:00Z","preco":7}
`;
const FILES = ['dia_20241005.csv', 'dia_20241005.csv.gz'];

let folder: string;
let env: Record<string, string>;
let count = 0;

before(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'queries'));
  await writeFile(join(folder, 'queries', 'dia.yaml'), YAML);
  await writeFile(join(folder, 'docs.ndjson'), DOCUMENTS);
  env = {
    REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
    REPORTCTL_QUERIES: join(folder, 'queries'),
  };
  const { code, stderr } = await reportctl(['run', 'dia', '--date', '2024-10-05'], { env: at('published') });
  assert.equal(code, 0, stderr);
});
after(() => rm(folder, { recursive: true }));

function at(name: string): Record<string, string> {
  return { ...env, REPORTCTL_DESTINATION: join(folder, name) };
}

/** A copy of what was published, for a test to do with as it likes. */
async function copy() {
  const name = `copy-${++count}`;
  await cp(join(folder, 'published'), join(folder, name), { recursive: true });
  const out = join(folder, name);
  return {
    out,
    verify: (...args: string[]) => reportctl(['verify', ...args], { env: at(name), cwd: folder }),
  };
}

/** Every line failed, and the run said so. */
function assertFailed({ code, stdout, stderr }: Finished, lines: readonly RegExp[]): void {
  assert.equal(code, 3, stderr);
  assert.match(stderr, /^reportctl: verify: .* not what was published\. Do not use (it|them)\. .*\n$/);
  const found = stdout.trimEnd().split('\n');
  assert.equal(found.length, lines.length, stdout);
  for (const [index, line] of lines.entries()) assert.match(found[index] ?? '', line);
}

describe('what was published', { concurrency: 3 }, () => {
  test('is not what was exported by hand to its key', async () => {
    const { out, verify } = await copy();
    const exported = join(folder, `${count}-export.csv`);
    const args = ['export', 'dia', '--date', '2024-10-05', '--price', '1..', '-o', exported];
    assert.equal((await reportctl(args, { env, cwd: folder })).code, 0);
    for (const ending of ['', '.manifest.json'])
      await copyFile(`${exported}${ending}`, join(out, `r/dia_20241005.csv${ending}`));
    assertFailed(await verify('dia', '--date', '2024-10-05'), [
      /^FAILED .*dia_20241005\.csv: not published: expected the file of _reportctl\/dia\/20241005\.json, found an ad-hoc export$/,
      /: sha256 of the run record: /,
      /: bytes of the run record: expected 27, found 16$/,
      /^ok /,
    ]);
  });

  test('is verified as file, folder, key, prefix, and by its run record', async () => {
    const { out, verify } = await copy();
    const file = join(out, 'r', FILES[0] ?? '');
    const line = (name: string) =>
      new RegExp(
        `^ok {5}${out}/r/${name}: 3 rows, \\d+ B, sha256 [0-9a-f]{64} \\(published, revision 1\\)$`,
        'm',
      );
    const cases: readonly [args: readonly string[], files: readonly string[]][] = [
      [[file], FILES.slice(0, 1)],
      [[`${file}.gz.manifest.json`], FILES.slice(1)],
      [[out], FILES.toReversed()],
      [['r/dia_20241005.csv'], FILES.slice(0, 1)],
      [['r/dia_2024'], FILES.toReversed()],
      [['r'], FILES.toReversed()],
      [['dia', '--date', '2024-10-05'], FILES],
      [[file, 'r/dia_20241005.csv.gz'], FILES],
    ];
    for (const [args, files] of cases) {
      const { code, stdout, stderr } = await verify(...args);
      assert.deepEqual([code, stderr], [0, ''], args.join(' '));
      const lines = stdout.trimEnd().split('\n');
      assert.equal(lines.length, files.length, stdout);
      for (const [index, name] of files.entries()) assert.match(lines[index] ?? '', line(name));
    }
  });

  test('--json', async () => {
    const { out, verify } = await copy();
    const { code, stdout, stderr } = await verify('r/dia_20241005.csv', '--json');
    assert.deepEqual([code, stderr], [0, '']);
    const [{ sha256, ...verified }, ...more] = JSON.parse(stdout);
    const period = {
      kind: 'day',
      from: '2024-10-05',
      to: '2024-10-06',
      lastDay: '2024-10-05',
      timezone: 'UTC',
    };
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.deepEqual(more, []);
    assert.deepEqual(verified, {
      ok: true,
      location: join(out, 'r/dia_20241005.csv'),
      standing: 'current',
      report: 'dia',
      period,
      revision: 1,
      rows: 3,
      bytes: (await readFile(join(out, 'r/dia_20241005.csv'))).length,
      differences: [],
    });
  });

  test('an ad-hoc export, in a dialect of its own', async () => {
    const { out, verify } = await copy();
    const file = join(out, 'meu.csv.gz');
    const flags = [
      '--price',
      '..5',
      '--locale',
      'pt-BR',
      '--null',
      'NULL',
      '--quote',
      'all',
      '--columns',
      'preco',
    ];
    const made = await reportctl(['export', 'dia', ...flags, '-o', file], { env });
    assert.equal(made.code, 0, made.stderr);
    const { code, stdout, stderr } = await verify(file, '--source');
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(
      stdout,
      /^ok {5}.*meu\.csv\.gz: 2 rows, .* \(an ad-hoc export, rows and totals as in a fresh read\)\n$/,
    );
  });
});

describe('what was changed', { concurrency: 3 }, () => {
  test('a byte: every difference has its line', async () => {
    const { out, verify } = await copy();
    const file = join(out, 'r/dia_20241005.csv');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('1.5', '1.6'));
    assertFailed(await verify(file), [
      /^FAILED .*\/r\/dia_20241005\.csv: sha256: expected [0-9a-f]{64}, found [0-9a-f]{64}$/,
      /^FAILED .*\/r\/dia_20241005\.csv: total preco: expected 1\.25, found 1\.35$/,
    ]);
    // The other file is none the worse.
    assertFailed(await verify('r'), [/^ok .*csv\.gz: /, /^FAILED .*sha256/, /^FAILED .*total/]);
    const { code, stdout } = await verify('r', '--json');
    assert.equal(code, 3);
    const verified: { ok: boolean; differences: { what: string; expected: string; found: string }[] }[] =
      JSON.parse(stdout);
    assert.deepEqual(
      verified.map(({ ok, differences }) => [ok, differences.at(-1)]),
      [
        [true, undefined],
        [false, { what: 'total preco', expected: '1.25', found: '1.35' }],
      ],
    );
  });

  test('a byte of a compressed file', async () => {
    const { out, verify } = await copy();
    const file = join(out, 'r/dia_20241005.csv.gz');
    const bytes = await readFile(file);
    bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 1;
    await writeFile(file, bytes);
    assertFailed(await verify(file), [
      /: sha256: /,
      /: content: expected csv as the manifest describes it, found it cannot be decompressed \(gzip\): incorrect data check$/,
    ]);
  });

  test('rows that somebody added', async () => {
    const { out, verify } = await copy();
    await appendFile(join(out, 'r/dia_20241005.csv'), 'b,2\n');
    assertFailed(await verify('dia', '--date', '2024-10-05'), [
      /: bytes: expected \d+, found \d+$/,
      /: sha256: /,
      /: rows: expected 3, found 4$/,
      /: total preco: expected 1\.25, found 3\.25$/,
      /^ok /,
    ]);
  });

  test('no run record: not published', async () => {
    const { out, verify } = await copy();
    await rm(join(out, '_reportctl'), { recursive: true });
    assertFailed(await verify('r/dia_20241005.csv'), [
      /: not published: expected the run record _reportctl\/dia\/20241005\.json, found none$/,
    ]);
    assertFailed(await verify('dia', '--date', '2024-10-05'), [
      /20241005\.json: not published: expected the run record of 20241005, found none$/,
    ]);
  });

  test('a copy away from its destination is not published, and a file without its manifest is no report', async () => {
    const { out, verify } = await copy();
    for (const ending of ['', '.manifest.json']) {
      await copyFile(join(out, `r/dia_20241005.csv${ending}`), join(folder, `baixado.csv${ending}`));
    }
    assertFailed(await verify('baixado.csv'), [
      /: not published: expected r\/dia_20241005\.csv at its destination/,
    ]);
    await rename(join(out, 'r/dia_20241005.csv.manifest.json'), join(out, 'x'));
    assertFailed(await verify(join(out, 'r/dia_20241005.csv')), [
      /: manifest: expected dia_20241005\.csv\.manifest\.json, found none$/,
    ]);
  });

  test('a file that its record lists is gone, and what never was', async () => {
    const { out, verify } = await copy();
    await rm(join(out, 'r/dia_20241005.csv.gz'));
    assertFailed(await verify('dia', '--date', '2024-10-05'), [
      /^ok /,
      /: file: expected r\/dia_20241005\.csv\.gz, found none$/,
    ]);
    assertFailed(await verify('r/dia_20241004.csv'), [
      /\/r\/dia_20241004\.csv: file: expected one with a manifest, found none$/,
    ]);
    assertRefused(await verify('dai'), 2, /no file, key or report "dai"\. .*did you mean "dia"/);
    assertRefused(await verify('dia'), 2, /"dia" is a report .*reportctl verify dia --date DAY/);
  });
});

test('the source has other rows by now: --source finds it, and a definition that changed', async () => {
  const { verify } = await copy();
  const documents = join(folder, 'later.ndjson');
  await writeFile(documents, DOCUMENTS.replace('1.5', '1.75'));
  const args = ['verify', 'dia', '--date', '2024-10-05', '--source'];
  const same = await verify(...args.slice(1));
  assert.deepEqual([same.code, same.stderr], [0, '']);
  assert.match(same.stdout, /^(ok .* \(published, revision 1, content as in a fresh read\)\n){2}$/);
  const differing = { ...at(`copy-${count}`), REPORTCTL_SOURCE_DOCS: `file:${documents}` };
  const found = await reportctl(args, { env: differing });
  const lines = [
    /: source total preco: expected 1\.25, found 1\.50$/,
    /: source content: expected [0-9a-f]{64}, found/,
  ];
  assertFailed(found, [...lines, ...lines]);
  const queries = join(folder, 'queries-later');
  await mkdir(queries);
  await writeFile(join(queries, 'dia.yaml'), YAML.replace('order-by: [id]', 'order-by: [id, preco]'));
  const changed = await reportctl(args, { env: { ...at(`copy-${count}`), REPORTCTL_QUERIES: queries } });
  assertFailed(changed, [/: definition: expected [0-9a-f]{64}, found/, /: definition: /]);
  const gone = { ...at(`copy-${count}`), REPORTCTL_SOURCE_DOCS: 'file:/nonexistent.ndjson' };
  assert.equal((await reportctl(args, { env: gone })).code, 4);
});

test('what was replaced, and what a gate refused, are verified where they are kept, and only when named', async () => {
  const { out, verify } = await copy();
  const documents = join(folder, 'restated.ndjson');
  await writeFile(documents, DOCUMENTS.replace('1.5', '2.5'));
  const later = { ...at(`copy-${count}`), REPORTCTL_SOURCE_DOCS: `file:${documents}` };
  const restated = await reportctl(['run', 'dia', '--date', '2024-10-05', '--restate', 'late data'], {
    env: later,
  });
  assert.equal(restated.code, 0, restated.stderr);
  const queries = join(folder, 'queries-refusing');
  await mkdir(queries);
  await writeFile(
    join(queries, 'recusado.yaml'),
    `${YAML.replaceAll('r/', 'q/')}gates: { min-rows: 1000 }\n`,
  );
  const refusing = { ...later, REPORTCTL_QUERIES: queries };
  const args = ['run', 'recusado', '--date', '2024-10-05', '--quarantine'];
  assert.equal((await reportctl(args, { env: refusing })).code, 3);

  const whole = await verify(out);
  assert.deepEqual([whole.code, whole.stderr], [0, '']);
  assert.match(whole.stdout, /^(ok .*\/r\/dia_20241005\.csv.*\(published, revision 2\)\n){2}$/);
  const kept = await verify('_reportctl/dia/history/', join(out, '_quarantine'));
  assert.deepEqual([kept.code, kept.stderr], [0, ''], kept.stdout);
  assert.match(
    kept.stdout,
    /^(ok .*\(replaced by a later revision, revision 1\)\n){2}(ok .*\(refused by a gate, never published\)\n){2}$/,
  );
  await appendFile(join(out, '_reportctl/dia/history/20241005/r1/r/dia_20241005.csv'), 'x,1\n');
  assert.equal((await verify('_reportctl/dia/history/')).code, 3);
});

test('a workbook is verified from its own cells, like any other format', async () => {
  const queries = join(folder, 'queries-xlsx');
  await mkdir(queries);
  const yaml = YAML.replace(
    /outputs:.*/s,
    'outputs: [{ format: xlsx, key: "x/{YYYYMMDD}.xlsx", sheet: Vendas }]\n',
  );
  await writeFile(join(queries, 'planilha.yaml'), yaml);
  const there = { ...at('planilhas'), REPORTCTL_QUERIES: queries };
  const ran = await reportctl(['run', 'planilha', '--date', '2024-10-05'], { env: there });
  assert.equal(ran.code, 0, ran.stderr);
  const args = ['verify', 'planilha', '--date', '2024-10-05', '--source'];
  const same = await reportctl(args, { env: there });
  assert.deepEqual([same.code, same.stderr], [0, '']);
  assert.match(
    same.stdout,
    /^ok .*\/x\/20241005\.xlsx: 3 rows, .* \(published, revision 1, content as in a fresh read\)\n$/,
  );
  const file = join(folder, 'planilhas/x/20241005.xlsx');
  const parts = unzipped(await readFile(file));
  const zip = new Zip();
  const chunks: Buffer[] = [];
  for (const [name, content] of parts) {
    chunks.push(await zip.whole(name, Buffer.from(content.toString().replace('<v>1.5</v>', '<v>1.6</v>'))));
  }
  await writeFile(file, Buffer.concat([...chunks, zip.end()]));
  const changed = await reportctl(['verify', file], { env: there });
  assert.equal(changed.code, 3, changed.stderr);
  assert.match(changed.stdout, /\.xlsx: sha256: expected/);
  assert.match(changed.stdout, /\.xlsx: total preco: expected 1\.25, found 1\.35$/m);
  await writeFile(file, chunks[0] ?? '');
  const cut = await reportctl(['verify', file], { env: there });
  assert.equal(cut.code, 3, cut.stderr);
  assert.match(
    cut.stdout,
    /: content: expected xlsx as the manifest describes it, found it is no zip archive/,
  );
});

describe('wrong usage', { concurrency: 3 }, () => {
  const cases: readonly [args: readonly string[], said: RegExp][] = [
    [[], /missing required argument 'what'/],
    [['dia', '--date', '2024-10'], /verify: "2024-10" is not within one day of "dia"/],
    [['nada', '--date', '2024-10-05'], /no report "nada"/],
    [['../r.csv'], /the key "\.\.\/r\.csv/],
    [['s3://NO/r.csv'], /"NO" cannot be the name of a bucket/],
  ];
  for (const [args, said] of cases) {
    test(args.join(' '), async () => {
      assertRefused(await reportctl(['verify', ...args], { env: at('published'), cwd: folder }), 2, said);
    });
  }
});

describe('in a bucket', () => {
  let server: S3Server;
  let bucket: Record<string, string>;
  before(async () => {
    server = await startS3Server({ bucket: 'reports' });
    bucket = { ...env, ...server.environment, REPORTCTL_DESTINATION: 's3://reports/some/prefix' };
    const { code, stderr } = await reportctl(['run', 'dia', '--date', '2024-10-05'], { env: bucket });
    assert.equal(code, 0, stderr);
  });
  after(() => server.close());

  test('keys, prefixes and URLs', async () => {
    const url = 's3://reports/some/prefix/r/dia_20241005.csv';
    for (const [what, files] of [
      [['r/dia_20241005.csv'], 1],
      [['r/'], 2],
      [['s3://reports/'], 2],
      [['s3://reports/some/prefix/r'], 2],
      [[url, 'r/dia_20241005.csv.gz'], 2],
      [['dia', '--date', '2024-10-05', '--source'], 2],
    ] as const) {
      const { code, stdout, stderr } = await reportctl(['verify', ...what], { env: bucket });
      assert.deepEqual([code, stderr], [0, ''], what.join(' '));
      assert.equal(
        stdout.match(/^ok {5}s3:\/\/reports\/some\/prefix\/r\/.*published, revision 1/gm)?.length,
        files,
      );
    }
  });

  test('a tampered object, and one without its record', async () => {
    const key = 'some/prefix/r/dia_20241005.csv';
    const body = server.get(key)?.body ?? assert.fail();
    server.put(key, body.toString().replace('1.5', '1.6'));
    assertFailed(await reportctl(['verify', `s3://reports/${key}`], { env: bucket }), [
      /: sha256: /,
      /: total preco: /,
    ]);
    server.put(key, body);
    assert.equal((await reportctl(['verify', `s3://reports/${key}`], { env: bucket })).code, 0);
  });

  test('an unreachable store is 5', async () => {
    const nowhere = { ...bucket, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1' };
    const finished = await reportctl(['verify', 'r/dia_20241005.csv'], { env: nowhere });
    assertRefused(finished, 5, /s3:\/\/reports\/some\/prefix\/r\/dia_20241005\.csv/);
  });
});

describe('from PostgreSQL', () => {
  let server: TestPostgres;
  before(async () => {
    server = await createDatabase();
  });
  after(() => server.stop());

  test('a volatile column may differ, a row that was changed since may not', async () => {
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query(`CREATE TABLE t (id int, nome text, valor numeric, em timestamptz);
      INSERT INTO t VALUES (1, E'a\\tb\\\\', 1.50, '2024-10-05 12:00-03'), (2, NULL, 2, '2024-10-05 13:00-03')`);
    const queries = join(folder, 'queries-sql');
    await writeReport(
      queries,
      't',
      `source: banco
filters: { date: em }
columns: { agora: timestamp, id: integer, nome: text, valor: decimal }
volatile: [agora]
order-by: [id]
totals: [valor]
outputs: [{ format: csv, key: "t_{YYYYMMDD}.csv" }]`,
      'SELECT now() AS agora, id, nome, valor, em FROM t',
    );
    const out = join(folder, 'sql');
    const sql = {
      REPORTCTL_SOURCE_BANCO: server.url,
      REPORTCTL_QUERIES: queries,
      REPORTCTL_DESTINATION: out,
    };
    const ran = await reportctl(['run', 't', '--date', '2024-10-05'], { env: sql });
    assert.equal(ran.code, 0, ran.stderr);
    const same = await reportctl(['verify', out, '--source'], { env: sql });
    assert.deepEqual([same.code, same.stderr], [0, ''], same.stdout);
    await client.query("UPDATE t SET nome = '' WHERE id = 2");
    await client.end();
    assertFailed(await reportctl(['verify', out, '--source'], { env: sql }), [/: source content: /]);
  });
});
