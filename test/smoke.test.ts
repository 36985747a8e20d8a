// Each command of the shipped program, spawned once: the bundle has what the command needs.
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runReportctl, temporaryFolder } from './support/cli.js';

const REPORT = `source: docs
collection: docs
timezone: UTC
filters: { date: em }
columns: { id: integer, em: timestamp }
order-by: [id]
outputs:
  - { format: csv, key: "vendas_{YYYYMMDD}.csv" }
  - { format: xlsx, key: "vendas_{YYYYMMDD}.xlsx" }
  - { format: pdf, key: "vendas_{YYYYMMDD}.pdf" }
tests: [{ run: 2024-10-05 }]
`;
const DOCUMENTS = [3, 1, 2].map((id) => `{"id":${id},"em":{"$date":"2024-10-05T10:00:00Z"}}\n`).join('');

/** In the order of a user's first day: later ones read what earlier ones made. */
const CALLS: Readonly<Record<string, readonly [args: readonly string[], stdout: RegExp]>> = {
  init: [['inicio', '--source', 'docs', '--from', 'docs'], /queries\/inicio\.yaml/],
  new: [['novo', '--source', 'docs', '--from', 'docs'], /novo/],
  list: [[], /vendas/],
  check: [['vendas'], /vendas/],
  explain: [['vendas', '--date', '2024-10-05'], /2024-10-05/],
  trace: [['vendas', '--key', 'id=1', '--date', '2024-10-05'], /id/],
  export: [['vendas', '--date', '2024-10-05', '-q', '-o', '-'], /^id,em\n1,.*\n2,.*\n3,.*\n$/],
  test: [['vendas', '--update'], /vendas/],
  run: [['vendas', '--date', '2024-10-05'], /^published vendas 2024-10-05: .*3 rows/],
  status: [['vendas'], /missing/],
  verify: [
    ['vendas_20241005.csv', 'vendas_20241005.xlsx', 'vendas_20241005.pdf', '--source'],
    /^ok .*\nok .*\nok .*\n$/,
  ],
  diff: [['vendas_20241005.csv', 'vendas_20241005.xlsx', '--key', 'id'], /3/],
  consume: [['vendas_20241005.csv', '--as', 'duckdb'], /read_csv/],
  schedule: [[], / run vendas /],
  completion: [['bash'], /reportctl/],
};

let folder: string;
before(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'queries'));
  await writeFile(join(folder, 'queries', 'vendas.yaml'), REPORT);
  await mkdir(join(folder, 'fixtures'));
  await writeFile(join(folder, 'fixtures', 'docs.ndjson'), DOCUMENTS);
});
after(() => rm(folder, { recursive: true }));

function run(args: readonly string[]) {
  return runReportctl(args, {
    cwd: folder,
    env: { REPORTCTL_SOURCE_DOCS: 'file:fixtures/docs.ndjson' },
  });
}

test('--help names the commands that are tried here', async () => {
  const { code, stdout } = await run(['--help']);
  assert.equal(code, 0);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) (?!\[command\]).*/gm)].map(([, name]) => name);
  assert.deepEqual(commands.sort(), Object.keys(CALLS).sort());
});

for (const [command, [args, expected]] of Object.entries(CALLS)) {
  test(command, async () => {
    const { code, stdout, stderr } = await run([command, ...args]);
    // The last days are missing.
    assert.equal(code, command === 'status' ? 3 : 0, stderr);
    assert.match(stdout, expected);
  });
}
