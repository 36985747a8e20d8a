// Reports that would write the same file are told of before they do.
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { errorSentence } from '../../src/core/errors.js';
import { sharedKeys, undatedKeys } from '../../src/publish/shared-keys.js';
import { reportctl, temporaryFolder, writeReport } from '../support/cli.js';

let folder: string;
before(async () => {
  folder = await temporaryFolder();
  const queries = join(folder, 'queries');
  await mkdir(queries);
  const report = (name: string, key: string, more = '') =>
    writeReport(
      queries,
      name,
      `source: v\ncolumns: { a: text }\n${more}outputs: [{ format: csv, key: "${key}" }]`,
      'SELECT 1',
    );
  await report('diario', 'vendas_{YYYYMMDD}.csv');
  await report('mensal', 'vendas_{YYYY}{MM}{DD}.csv', 'period: month\n');
  await report('outro', '{report}_{YYYYMMDD}.csv');
  await report('reserva', '_{report}/x.csv');
  await writeReport(queries, 'quebrado', 'source: [', 'SELECT 1');
  await writeReport(
    folder,
    'copia',
    'source: v\ncolumns: { a: text }\noutputs: [{ format: csv, key: "vendas_{YYYYMMDD}.csv" }]',
    'SELECT 1',
  );
});
after(() => rm(folder, { recursive: true }));

async function found(chosen: readonly string[]): Promise<string[]> {
  const place = { queries: join(folder, 'queries'), cwd: folder };
  return (await sharedKeys(chosen, place)).map(({ report, error }) => `${report}: ${errorSentence(error)}`);
}

const HINT = 'Give one of the two reports another key: the one that runs later fails.';

test('of all reports, each pair once', async () => {
  assert.deepEqual(await found(['diario', 'mensal', 'outro', 'quebrado']), [
    `diario: the output vendas_{YYYYMMDD}.csv has the key of report "mensal". ${HINT}`,
  ]);
});

test('of one report and the others of the folder', async () => {
  assert.deepEqual(await found(['mensal']), [
    `mensal: the output vendas_{YYYY}{MM}{DD}.csv has the key of report "diario". ${HINT}`,
  ]);
  assert.deepEqual(await found(['outro']), []);
});

test('a report outside of the folder is compared with the chosen ones alone', async () => {
  assert.deepEqual(await found(['copia.sql']), []);
  assert.equal((await found(['copia.sql', 'diario'])).length, 2);
});

test('check fails with exit code 2', async () => {
  const { stdout } = await reportctl(['check', 'outro', 'diario'], { cwd: folder });
  assert.match(
    stdout,
    /^FAILED report diario: the output vendas_\{YYYYMMDD\}\.csv has the key of report "mensal"/m,
  );
});

test('a key that is the same for two periods fails a check: the second run would be refused', async () => {
  const faults = async (period: string, ...keys: string[]) => {
    const outputs = keys.map((key) => `{ format: csv, key: "${key}" }`).join(', ');
    const yaml = `source: vendas\nperiod: ${period}\ncolumns: { id: integer }\noutputs: [${outputs}]`;
    const file = await writeReport(folder, 'datas', yaml, 'SELECT 1 AS id');
    return (await undatedKeys([file], { queries: folder, cwd: folder })).map(({ error }) =>
      errorSentence(error),
    );
  };
  const hint =
    'Put {YYYYMMDD} into the key: the run of the second period is refused, because the file is there.';
  const same = (key: string, one: string, other: string) =>
    `the output ${key} has the same key for the periods ${one} and ${other}. ${hint}`;
  assert.deepEqual(await faults('day', 'fixo.csv', '{YYYYMMDD}.csv'), [
    same('fixo.csv', '2024-10-31', '2024-11-01'),
  ]);
  assert.deepEqual(await faults('day', '{YYYY}/{MM}.csv'), [
    same('{YYYY}/{MM}.csv', '2024-10-31', '2024-10-01'),
  ]);
  assert.deepEqual(await faults('day', '{MM}/{DD}.csv'), [same('{MM}/{DD}.csv', '2024-10-31', '2025-10-31')]);
  assert.deepEqual(await faults('month', '{YYYY}/{MM}.csv', '{YYYY}{MM}{DD}.csv', 'a/{YYYY}-{MM}.csv'), []);
  assert.deepEqual(await faults('month', '{YYYY}.csv'), [same('{YYYY}.csv', '2024-10-31', '2024-11-30')]);
  assert.deepEqual(await faults('fortnight', '{YYYY}{MM}{DD}.csv'), []);
  assert.equal((await faults('fortnight', '{YYYY}{MM}.csv')).length, 1);
});

test('an ad-hoc export to a reserved name is refused', async () => {
  for (const name of [
    '_reportctl/x.csv',
    'a/_quarantine/x.csv',
    'x.csv.manifest.json',
    '.reportctl-x-1.tmp',
  ]) {
    const { code, stderr } = await reportctl(
      ['export', 'outro', '-o', join(folder, name), '--format', 'csv'],
      { cwd: folder },
    );
    assert.equal(code, 2);
    assert.match(stderr, /has a reserved name/);
  }
});
