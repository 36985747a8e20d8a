// Masks: personal data leaves the database as a hash, in part, or not at all, and nothing that is printed has it either.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { masked } from '../../src/rows/masks.js';
import { assertRefused, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

const KEY = 'uma chave de teste bem longa';
const CPF = '123.456.789-09';
const DEFINITION = `source: vendas
filters: { cliente: cpf }
columns:
  id: integer
  cpf: { kind: text, mask: hash }
  email: { kind: text, mask: partial }
  nome: text
order-by: [id]
gates: { unique: [cpf] }
outputs: [{ format: csv, key: "{report}.csv" }]
tests: [{ name: tudo }]`;
const QUERY = 'SELECT id, cpf, email, nome FROM pessoas';

let folder: string;
let server: TestPostgres;
before(async () => {
  folder = await temporaryFolder();
  server = await createDatabase();
  const client = await server.connect();
  await client.query(`CREATE TABLE pessoas (id integer, cpf text, email text, nome text);
    INSERT INTO pessoas VALUES (1, '${CPF}', 'ana.silva@empresa.com.br', 'Ana Silva'), (2, NULL, 'x', 'José')`);
  await client.end();
  await writeReport(join(folder, 'queries'), 'pessoas', DEFINITION, QUERY);
});
after(() => server.stop());

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const variables = { REPORTCTL_SOURCE_VENDAS: server.url, REPORTCTL_MASK_KEY: KEY, ...env };
  return reportctl(args, { cwd: folder, env: variables });
}

test('what each mask leaves', () => {
  for (const [text, shown] of [
    [CPF, '***.***.*89-09'.replace('*89', '**9')],
    ['ana.silva@empresa.com.br', 'a***@empresa.com.br'],
    ['\u{1f600}@x', '\u{1f600}***@x'],
    ['@x', '@*'],
    ['12', '**'],
    ['123', '**3'],
    ['José', '***é'],
    ['', ''],
  ] as const)
    assert.equal(masked(text, 'partial', ''), shown, text);
  assert.equal(masked('x', 'null', ''), null);
  assert.match(`${masked('x', 'hash', KEY)}`, /^[0-9a-f]{32}$/);
  assert.equal(masked('x', 'hash', KEY), masked('x', 'hash', KEY));
  assert.notEqual(masked('x', 'hash', KEY), masked('x', 'hash', `${KEY}!`));
});

test('a run publishes what the definition masks, says so in the manifest, and verifies against the source', async () => {
  assert.equal((await run(['run', 'pessoas'])).code, 0);
  const hash = masked(CPF, 'hash', KEY);
  const file = join(folder, 'out/pessoas.csv');
  assert.equal(
    await readFile(file, 'utf8'),
    `id,cpf,email,nome\n1,${hash},a***@empresa.com.br,Ana Silva\n2,,*,José\n`,
  );
  const { columns } = JSON.parse(await readFile(`${file}.manifest.json`, 'utf8'));
  assert.deepEqual(
    columns.map(({ mask }: { mask?: string }) => mask),
    [undefined, 'hash', 'partial', undefined],
  );
  assert.equal((await run(['verify', 'pessoas.csv', '--source'])).code, 0);
  const otherKey = await run(['verify', 'pessoas.csv', '--source'], { REPORTCTL_MASK_KEY: `${KEY}!` });
  assert.equal(otherKey.code, 3);
});

test('an export masks more, and never less', async () => {
  const args = ['export', 'pessoas', '-o', '-'];
  const { stdout } = await run([...args, '--mask', 'nome=null,email=partial', '--columns', 'nome,email']);
  assert.equal(stdout, 'nome,email\n,a***@empresa.com.br\n,*\n');
  for (const [mask, said] of [
    ['cpf=partial', /masks the column by "hash"/],
    ['nom=null', /exports no column "nom"; .*nome|exports no column "nom"\. Did you mean "nome"/],
    ['nome=sha', /no mask "sha".*hash, partial, null/],
    ['id=hash', /the column is integer/],
  ] as const)
    assertRefused(await run([...args, '--mask', mask]), 2, said);
  assertRefused(await run([...args, '--mask', 'nome']), 2, /--mask.*name=value/);
});

test('the word null of YAML is the mask null, and a mask without a word is refused', async () => {
  const env = { REPORTCTL_QUERIES: join(folder, 'outras') };
  const definition = DEFINITION.replace(/\ngates:.*/, '');
  await writeReport(join(folder, 'outras'), 'nula', definition.replace('mask: hash', 'mask: null'), QUERY);
  const { stdout } = await run(['export', 'nula', '--columns', 'id,cpf', '-o', '-'], env);
  assert.equal(stdout, 'id,cpf\n1,\n2,\n');
  await writeReport(join(folder, 'outras'), 'vazia', definition.replace('mask: hash', 'mask:'), QUERY);
  const said = /found nothing; allowed: hash, partial, null/;
  assertRefused(await run(['export', 'vazia', '-o', '-'], env), 2, said);
});

test('without a key, or with a short one, nothing is hashed', async () => {
  const args = ['export', 'pessoas', '-o', '-'];
  assertRefused(await run(args, { REPORTCTL_MASK_KEY: '' }), 2, /REPORTCTL_MASK_KEY is not set/);
  assertRefused(await run(args, { REPORTCTL_MASK_KEY: 'curta' }), 2, /has less than 16 characters/);
  const secret = join(folder, 'chave');
  await writeFile(secret, KEY);
  const fromFile = await run(args, { REPORTCTL_MASK_KEY: '', REPORTCTL_MASK_KEY_FILE: secret });
  assert.equal(fromFile.code, 0, fromFile.stderr);
});

test('nothing that is printed has the value: traces, suggestions, completion', async () => {
  const traced = await run(['trace', 'pessoas', '--key', 'id=1', '--cliente', CPF]);
  assert.equal(traced.code, 0, traced.stderr);
  assert.ok(!traced.stdout.includes('ana.silva'), traced.stdout);
  const excluded = await run(['trace', 'pessoas', '--key', 'id=1', '--cliente', 'outra']);
  assert.match(excluded.stdout, /^not in pessoas: --cliente "outra" fails$/m);
  const filters = [
    ['--cliente', '123.456.789-00'],
    ['--where', 'cpf = 123.456.789-00'],
  ];
  for (const filter of filters) {
    for (const columns of [[], ['--columns', 'id']]) {
      const missed = await run(['export', 'pessoas', ...filter, ...columns, '-o', '-']);
      assert.equal(missed.code, 0);
      assert.ok(!missed.stderr.includes(CPF), missed.stderr);
    }
  }
  const plain = await run(['export', 'pessoas', '--where', 'nome = ana silva', '--columns', 'id', '-o', '-']);
  assert.match(plain.stderr, /did you mean "Ana Silva"/);
});

test('a definition that cannot be', async () => {
  for (const [from, to, said] of [
    ['id: integer', 'id: { kind: integer, mask: hash }', /the column is integer; only a text is masked/],
    ['mask: hash', 'mask: partial', /"cpf" is masked by partial, which makes values equal/],
    ['mask: hash', 'mask: md5', /md5/],
  ] as const) {
    await writeReport(join(folder, 'outras'), 'torta', DEFINITION.replace(from, to), QUERY);
    assertRefused(
      await run(['export', 'torta', '-o', '-'], { REPORTCTL_QUERIES: join(folder, 'outras') }),
      2,
      said,
    );
  }
});
