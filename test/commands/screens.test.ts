// What the commands print on a terminal of some width, and the same in a pipe.
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import stringWidth from 'string-width';
import { screenOf } from '../../src/commands/shared/screen.js';
import { reportctl, temporaryFolder } from '../support/cli.js';

const YAML = `title: Vendas diárias de cada organização, com o produto e o preço
source: docs
collection: docs
timezone: America/Sao_Paulo
filters: { date: { path: em, stored: text }, organization: organizacao }
columns:
  id: { kind: integer, path: _id }
  organizacao: text
  valor: decimal
order-by: [id]
totals: [valor]
expect-by: { days: 1, time: "03:00" }
outputs: [{ format: csv, key: "vendas/{YYYY}/{MM}/vendas_diarias_{YYYYMMDD}.csv" }]
`;
const DOCUMENT = { _id: 1, organizacao: '株式会社東京', valor: 1234.5, em: '2024-10-05T12:00:00Z' };
const NOW = '2024-10-07T05:30:00Z';

let folder: string;
before(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'queries'));
  await writeFile(join(folder, 'queries/vendas_diarias.yaml'), YAML);
  await writeFile(join(folder, 'docs.ndjson'), `${JSON.stringify(DOCUMENT)}\n`);
});
after(() => rm(folder, { recursive: true }));

function at(
  columns: number | undefined,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  return reportctl(args, {
    cwd: folder,
    now: NOW,
    env: { REPORTCTL_SOURCE_DOCS: 'file:docs.ndjson', ...env },
    ...(columns !== undefined && { terminal: { columns, rows: 24 } }),
  });
}

describe('a terminal', { concurrency: 1 }, () => {
  test('that reports no size has 80 columns', async () => {
    assert.deepEqual(screenOf({ columns: 0, rows: 0 }), { width: 80, height: 24 });
    assert.deepEqual(screenOf({}), { width: 80, height: 24 });
    assert.deepEqual((await at(0, ['list'])).stdout, (await at(80, ['list'])).stdout);
    assert.deepEqual((await at(0, ['export', '--help'])).stdout, (await at(80, ['export', '--help'])).stdout);
  });

  for (const columns of [40, 80, 120]) {
    test(`of ${columns} columns has room for every line`, async () => {
      await at(undefined, ['run', 'vendas_diarias', '--date', '2024-10-05']);
      for (const args of [['list'], ['status'], ['export', 'vendas_diarias']]) {
        const { stdout } = await at(columns, args, { NO_COLOR: '1' });
        const lines = stdout.split('\n');
        assert.ok(lines.length > 2, stdout);
        for (const line of lines) assert.ok(stringWidth(line) <= columns, line);
      }
    });
  }

  test('shows the amount with the sum, as the locale spells it', async () => {
    const { stdout } = await at(40, ['export', 'vendas_diarias', '-q', '--locale', 'pt-BR']);
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'id  organizacao    valor',
      '--  ------------  ------',
      ' 1  株式会社東京  1234,5',
      '',
      '1 row',
      'total valor: 1234,5',
    ]);
  });
});

test('list is whole in a pipe, and names on a terminal what has no room', async () => {
  assert.match(
    (await at(undefined, ['list'])).stdout,
    / o preço .* vendas\/\{YYYY\}\/\{MM\}\/vendas_diarias_\{YYYYMMDD\}\.csv /,
  );
  assert.deepEqual((await at(60, ['list'])).stdout.trimEnd().split('\n'), [
    'REPORT          TITLE              SOURCE  NEXT',
    'vendas_diarias  Vendas diárias d…  docs    day to 2024-10-07',
    '(no room for FILTERS, OUTPUTS)',
  ]);
});

test('status has times in the zone of the report, and a detail without room below its period', async () => {
  await at(undefined, ['run', 'vendas_diarias', '--date', '2024-10-05']);
  const { code, stdout } = await at(undefined, ['status']);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^vendas_diarias {2}2024-10-05 {2}published {2}1 {5}\d{4}-\d\d-\d\d \d\d:\d\d-03 {2}1$/m,
  );
  assert.match(stdout, /^vendas_diarias {2}2024-10-06 {2}due .* expected by 2024-10-07 03:00-03$/m);
  const narrow = await at(60, ['status'], { NO_COLOR: '1' });
  assert.match(narrow.stdout, /\n\(no room for .*REVISION\)\n$/);
  assert.match(
    narrow.stdout,
    /^vendas_diarias {2}2024-10-06 {2}due .*\n {4}expected by 2024-10-07 03:00-03$/m,
  );
});

test('words have a colour on a terminal, not in a pipe and not with NO_COLOR', async () => {
  const env = { REPORTCTL_DESTINATION: 'out-colours' };
  await at(undefined, ['run', 'vendas_diarias', '--date', '2024-10-05'], env);
  await writeFile(join(folder, 'out-colours/vendas/2024/10/vendas_diarias_20241005.csv'), 'x');
  await writeFile(join(folder, 'tests.csv'), '');
  const commands = [['status'], ['check'], ['verify', 'vendas_diarias', '--date', '2024-10-05']];
  const [status, check, verify] = await Promise.all(
    commands.map(async (args) => (await at(200, args, env)).stdout.replaceAll('\u001b', 'ESC')),
  );
  assert.match(status ?? '', /ESC\[31mdamagedESC\[39m/);
  assert.match(status ?? '', /ESC\[33mdueESC\[39m/);
  assert.match(
    check ?? '',
    /^ESC\[33mWARN {2}ESC\[39m report vendas_diarias: .*\nESC\[32mok {4}ESC\[39m write: /,
  );
  assert.match(verify ?? '', /^ESC\[31mFAILEDESC\[39m /);
  for (const args of commands) {
    for (const [columns, more] of [
      [undefined, {}],
      [200, { NO_COLOR: '1' }],
      [200, { TERM: 'dumb' }],
    ] as const) {
      const { stdout } = await at(columns, args, { ...env, ...more });
      assert.ok(stdout !== '' && !stdout.includes('\u001b'), stdout);
    }
  }
});

test('--vertical is refused where nobody looks', async () => {
  for (const [columns, args] of [
    [undefined, ['--vertical']],
    [80, ['--vertical', '-o', 'x.csv']],
    [80, ['--vertical', '-o', '-']],
  ] as const) {
    const { code, stdout, stderr } = await at(columns, ['export', 'vendas_diarias', ...args]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^reportctl: export: --vertical shows rows on a terminal\. Leave out --vertical /);
  }
});
