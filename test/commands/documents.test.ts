// Reports over documents, with the binary: a file, a folder and MongoDB give the same report.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { assertRefused, filesBelow, ROOT, reportctl, temporaryFolder } from '../support/cli.js';
import { type MongoServer, startMongoServer } from '../support/mongodb-server.js';

const DOCUMENTS = 3000;

let folder: string;
let mongodb: MongoServer;
before(async () => {
  [folder, mongodb] = await Promise.all([temporaryFolder(), startMongoServer()]);
  const lines = execFileSync(process.execPath, ['scripts/producao.js', String(DOCUMENTS)], {
    cwd: ROOT,
    maxBuffer: 1 << 26,
  });
  await writeFile(join(folder, 'producoes.ndjson'), lines);
  const documents = lines.toString('utf8').trim().split('\n');
  mongodb.insert(
    'fabrica',
    'producoes',
    documents.map((line) => BSON.EJSON.parse(line, { relaxed: false })),
  );
});
after(async () => {
  await Promise.all([mongodb?.close(), rm(folder, { recursive: true, force: true })]);
});

describe('production documents', () => {
  const sources = () => [
    { name: 'a file', url: `file:${join(folder, 'producoes.ndjson')}` },
    { name: 'a folder', url: `file:${folder}/` },
    { name: 'MongoDB', url: mongodb.url('fabrica') },
  ];

  test('run publishes the same day from each, and counts what no column takes', async () => {
    const published: Buffer[] = [];
    for (const [index, { name, url }] of sources().entries()) {
      const out = join(folder, `out-${index}`);
      const env = { REPORTCTL_SOURCE_PRODUCAO: url, REPORTCTL_DESTINATION: out };
      const { code, stdout, stderr } = await reportctl(['run', 'producao', '--date', '2024-10-05'], { env });
      assert.equal(code, 0, `${name}: ${stderr}`);
      assert.match(stdout, /^published producao 2024-10-05: .*producao_20241005\.csv, 50 rows/);
      if (url.startsWith('file:')) assert.match(stderr, /field "turno" of 3000 documents is in no column\n$/);
      published.push(await readFile(join(out, 'relatorios/producao/producao_20241005.csv')));
      await rm(out, { recursive: true });
    }
    for (const bytes of published) assert.deepEqual(bytes, published[0]);
  });

  test('explain shows what runs, and that files are tested here', async () => {
    const [file, , mongo] = sources();
    const args = ['explain', 'producao', '--product-type', 'Bebidas'];
    const tested = await reportctl(args, { env: { REPORTCTL_SOURCE_PRODUCAO: file?.url ?? '' } });
    assert.match(tested.stdout, /^-- --product-type "Bebidas": tested on every document at produto\.tipo$/m);
    assert.match(tested.stdout, /about (2,\d{3}|3,\d{3}) rows/);
    const pushed = await reportctl(args, { env: { REPORTCTL_SOURCE_PRODUCAO: mongo?.url ?? '' } });
    assert.match(
      pushed.stdout,
      /^-- --product-type "Bebidas": pushed down to produto\.tipo: no index, reads every document of producoes$/m,
    );
    assert.match(pushed.stdout, /"find": "producoes"/);
  });

  test('--columns leaves an ordering column out, and the order stays', async () => {
    const answers: string[] = [];
    for (const { url } of sources()) {
      const args = ['export', 'producao', '--date', '2024-09-H1', '--columns', 'projeto', '-q', '-o', '-'];
      const { code, stdout } = await reportctl(args, { env: { REPORTCTL_SOURCE_PRODUCAO: url } });
      assert.equal(code, 0);
      answers.push(stdout);
    }
    assert.equal(answers[0]?.split('\n').length, 752);
    for (const answer of answers) assert.equal(answer, answers[0]);
  });

  test('a day stored as midnight UTC is the day before, but for the two ways of docs/en/documents.md', async () => {
    mongodb.insert('fabrica', 'dias', [{ _id: 1, dia: new Date('2024-10-05T00:00:00Z') }]);
    const stage = '{ $set: { dia: { $dateToString: { date: "$dia", format: "%Y-%m-%d" } } } }';
    assert.ok(
      (await readFile(join(ROOT, 'docs/en/documents.md'), 'utf8')).includes(`pipeline:\n  - ${stage}\n`),
    );
    const exported = async (day: string, more: string) => {
      const path = join(folder, 'dias.yaml');
      await writeFile(path, `source: dias\ncollection: dias\ncolumns: { dia: date }\n${more}\n`);
      const env = { REPORTCTL_SOURCE_DIAS: mongodb.url('fabrica') };
      return (await reportctl(['export', path, '--date', day, '-q', '-o', '-'], { env })).stdout;
    };
    const local = 'timezone: America/Sao_Paulo';
    const texts = `${local}\nfilters: { date: { path: dia, stored: text } }\npipeline:\n  - ${stage}`;
    assert.equal(await exported('2024-10-04', `${local}\nfilters: { date: dia }`), 'dia\n2024-10-04\n');
    assert.equal(await exported('2024-10-05', 'timezone: UTC\nfilters: { date: dia }'), 'dia\n2024-10-05\n');
    assert.equal(await exported('2024-10-05', texts), 'dia\n2024-10-05\n');
  });

  test('what cannot be: SQL for documents, documents for SQL, a broken line, no server', async () => {
    const out = join(folder, 'refused');
    const exported = (report: string, env: Readonly<Record<string, string>>) =>
      reportctl(['export', report, '-o', join(out, 'x.csv')], { env });
    const [file] = sources();
    assertRefused(
      await exported('transacoes', { REPORTCTL_SOURCE_VENDAS: file?.url ?? '' }),
      2,
      /its query is SQL/,
    );
    await writeFile(join(folder, 'broken.ndjson'), '{"_id":1}\n{"_id":\n');
    const broken = { REPORTCTL_SOURCE_PRODUCAO: `file:${join(folder, 'broken.ndjson')}` };
    assertRefused(await exported('producao', broken), 4, /broken\.ndjson line 2/);
    const nobody = { REPORTCTL_SOURCE_PRODUCAO: 'mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=300' };
    assertRefused(await exported('producao', nobody), 4, /Trying again can help/);
    assert.deepEqual(await filesBelow(out), []);
  });
});
