// reportctl diff: files that the binary has published, restated and exported, compared as a user does.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertRefused, filesBelow, reportctl, temporaryFolder } from '../support/cli.js';

const YAML = `source: docs
collection: docs
timezone: UTC
filters: { date: { path: em, stored: text }, organization: org.nome }
columns: { id: { kind: text, path: _id }, organizacao: { kind: text, path: org.nome }, preco: { kind: decimal, title: Preço } }
order-by: [id]
totals: [preco]
gates: { unique: [id] }
outputs:
  - { format: csv, key: "r/dia_{YYYYMMDD}.csv" }
  - { format: csv, key: "r/dia_{YYYYMMDD}.{ext}", locale: pt-BR, compress: gzip }
`;

let folder: string;
let env: Record<string, string>;

function documents(
  day: string,
  rows: readonly (readonly [id: string, org: string, price: string])[],
): string {
  return rows
    .map(
      ([id, nome, preco]) =>
        `{"_id":${JSON.stringify(id)},"em":"${day}T10:00:00Z","org":{"nome":${JSON.stringify(nome)}},"preco":${preco}}\n`,
    )
    .join('');
}

const run = (...args: string[]) => reportctl(args, { env, cwd: folder });

before(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'queries'));
  await writeFile(join(folder, 'queries', 'dia.yaml'), YAML);
  env = {
    REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
    REPORTCTL_QUERIES: join(folder, 'queries'),
    REPORTCTL_DESTINATION: join(folder, 'out'),
  };
  const many = Array.from(
    { length: 25 },
    (_, index) => [`m${index}`, `Organização ${index}`, `${index}.10`] as const,
  );
  const sixth = documents('2024-10-06', [['a', 'ACME', '1.5']]);
  const publish = async (day: string, rows: string, ...more: string[]) => {
    await writeFile(join(folder, 'docs.ndjson'), rows + sixth);
    const { code, stderr } = await run('run', 'dia', '--date', day, ...more);
    assert.equal(code, 0, stderr);
  };
  await publish(
    '2024-10-05',
    documents('2024-10-05', [['a', 'ACME', '1.50'], ['b', 'Café \u001b[31m', '2'], ...many]),
  );
  await publish(
    '2024-10-05',
    documents('2024-10-05', [
      ['a', 'ACME', '1.75'],
      ['c', 'Novo', '0.25'],
    ]),
    '--restate',
    'tarde',
  );
  await publish('2024-10-06', '');
  await publish(
    '2024-10-07',
    documents('2024-10-07', [
      ['x', 'ACME', '1.00'],
      ['y', 'ACME', '0.60'],
      ['z', 'Novo', '9.65'],
    ]),
  );
});
after(() => rm(folder, { recursive: true }));

describe('diff', { concurrency: 2 }, () => {
  test('of the two last revisions: summary, organizations, examples; 3', async () => {
    const { code, stdout, stderr } = await run('diff', 'dia', '--date', '2024-10-05');
    assert.equal(code, 3);
    assert.equal(stderr, 'reportctl: diff: the files differ: 1 added, 26 gone, 1 changed.\n');
    assert.match(
      stdout,
      /^before {2}\S+history\/20241005\/r1\/r\/dia_20241005\.csv {2}2024-10-05, revision 1$/m,
    );
    assert.match(stdout, /^after {3}\S+out\/r\/dia_20241005\.csv {2,}2024-10-05, revision 2$/m);
    assert.match(stdout, /^key {5}id$/m);
    assert.match(stdout, /^rows {13}27 {6}2 {9}-25 {2}-92\.59$/m);
    assert.match(stdout, /^total preco {2}306\.00 {3}2\.00 {5}-304\.00 {2}-99\.35$/m);
    assert.match(stdout, /^1 added, 26 gone, 1 changed \(preco in 1\)$/m);
    assert.match(stdout, /^total preco by organizacao, the largest difference first:$/m);
    assert.match(
      stdout,
      /^ORGANIZACAO {5}BEFORE {2}AFTER {2}DIFFERENCE {8}% {2}ROWS {2}ADDED {2}GONE {2}CHANGED$/m,
    );
    assert.match(stdout, /^Organização 24 {3}24\.10 {6}0 {6}-24\.10 {2}-100\.00 {4}-1 {6}0 {5}1 {8}0$/m);
    assert.match(stdout, /^… and 8 more; --json has all$/m);
    assert.match(stdout, /^~ a: preco 1\.50 to 1\.75$/m);
    assert.match(stdout, /^… and 6 more gone$/m);
    assert.ok(!stdout.includes('\u001b'), 'no control character reaches the terminal');
  });

  test('of days, keys, paths and revisions, whatever the dialect', async () => {
    const cases: readonly [args: string[], counts: readonly [number, number, number]][] = [
      [
        ['dia', '2024-10-05', '2024-10-06'],
        [0, 1, 1],
      ],
      [
        ['r/dia_20241005.csv', join(folder, 'out/r/dia_20241006.csv.gz')],
        [0, 1, 1],
      ],
      [
        ['dia', '--date', '2024-10-05', '--revisions', '2..1'],
        [26, 1, 1],
      ],
      [
        ['r/dia_20241005.csv', 'r/dia_20241005.csv.gz.manifest.json'],
        [0, 0, 0],
      ],
      [
        ['r/dia_20241005.csv', 'r/dia_20241006.csv', '--key', 'organizacao,preco'],
        [1, 2, 0],
      ],
    ];
    for (const [args, [added, gone, changed]] of cases) {
      const { code, stdout, stderr } = await run('diff', ...args, '--json');
      const found = JSON.parse(stdout);
      assert.deepEqual(
        [found.added, found.gone, found.changed],
        [added, gone, changed],
        `${args}: ${stderr}`,
      );
      assert.equal(code, added + gone + changed === 0 ? 0 : 3);
    }
  });

  test('of periods without a common key says so and compares the sums of each group', async () => {
    const { code, stdout, stderr } = await run('diff', 'dia', '2024-10-06', '2024-10-07');
    assert.equal(code, 3);
    assert.deepEqual(stdout.split('\n').slice(2), [
      'key     id',
      '',
      '             BEFORE  AFTER  DIFFERENCE        %',
      'rows              1      3          +2  +200.00',
      'total preco     1.5  11.25       +9.75  +650.00',
      '',
      'no key is in both files (1 row, then 3 rows): only numbers and sums are compared',
      '',
      'total preco by organizacao, the largest difference first:',
      'ORGANIZACAO  BEFORE  AFTER  DIFFERENCE      %  ROWS',
      'Novo              0   9.65       +9.65    new    +1',
      'ACME            1.5   1.60       +0.10  +6.67    +1',
      '',
    ]);
    assert.equal(
      stderr,
      'reportctl: diff: no key is in both files: rows 1 to 3, total preco 1.5 to 11.25, 2 of organizacao differ.\n',
    );
    const found = JSON.parse((await run('diff', 'dia', '2024-10-06', '2024-10-07', '--json')).stdout);
    assert.deepEqual([found.keysMeet, found.isSame, found.added, found.gone], [false, false, 3, 1]);
  });

  test('--summary compares sums only, without a key, and --tolerance says how far apart they may be', async () => {
    const days = ['dia', '2024-10-06', '2024-10-07', '--summary'];
    const { code, stdout, stderr } = await run('diff', ...days, '--tolerance', '7%');
    assert.equal(code, 3);
    assert.doesNotMatch(stdout, /key|added|ACME/);
    assert.match(stdout, /^Novo {14}0 {3}9\.65 {7}\+9\.65 {2}new {4}\+1$/m);
    assert.match(
      stderr,
      /^reportctl: diff: the sums differ by more than 7%: rows 1 to 3, .*, 1 of organizacao differ\.$/m,
    );
    const same = await run('diff', ...days, '--tolerance', '9.75');
    assert.deepEqual([same.code, same.stderr], [0, '']);
    assert.match(same.stdout, /\n\nno differences of more than 9\.75\n$/);
    const json = JSON.parse((await run('diff', ...days, '--json')).stdout);
    assert.deepEqual(Object.keys(json), [
      'before',
      'after',
      'by',
      'columns',
      'keysMeet',
      'tolerance',
      'isSame',
      'rows',
      'totals',
      'groupsAreCut',
      'groups',
    ]);
    assert.deepEqual(json.groups[1], {
      value: 'ACME',
      rows: { before: 1, after: 2 },
      totals: { preco: { before: '1.5', after: '1.60', difference: '0.10', percent: '6.67' } },
    });
    const file = join(folder, 'somas.csv');
    await run('diff', ...days, '-o', file);
    assert.deepEqual((await readFile(file, 'utf8')).trim().split('\n'), [
      'organizacao,sum,before,after,difference,percent',
      'Novo,preco,0,9.65,9.65,',
      'Novo,rows,0,1,1,',
      'ACME,preco,1.5,1.60,0.10,6.67',
      'ACME,rows,1,2,1,100.00',
    ]);
    const revisions = await run('diff', 'dia', '--date', '2024-10-05', '--tolerance', '0.25');
    assert.match(revisions.stderr, /1 added, 26 gone, 0 changed/);
  });

  test('-o has every difference, and only when it is whole', async () => {
    const file = join(folder, 'diferenças é.csv');
    const { code } = await run('diff', 'dia', '--date', '2024-10-05', '-o', file);
    assert.equal(code, 3);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    assert.deepEqual(lines.slice(0, 6), [
      'change,id,column,before,after',
      'changed,a,preco,1.50,1.75',
      'gone,b,organizacao,Café \u001b[31m,',
      'gone,b,preco,2,',
      'added,c,organizacao,,Novo',
      'added,c,preco,,0.25',
    ]);
    assert.equal(lines.length, 1 + 1 + 2 * 27);
    const none = join(folder, 'none', 'x.csv');
    assertRefused(
      await run('diff', 'dia', '2024-10-05', '2024-10-06', '--key', 'nada', '-o', none),
      2,
      /"nada" is not in both files/,
    );
    assert.deepEqual(await filesBelow(join(folder, 'none')), []);
  });

  test('what is refused', async () => {
    const cases: readonly [args: string[], exitCode: number, said: RegExp][] = [
      [['dia'], 2, /do not name two files to compare/],
      [['a', 'b', 'c', 'd'], 2, /do not name two files to compare/],
      [['r/dia_20241005.csv', 'r/nada.csv'], 3, /nada\.csv has no manifest/],
      [['dia', 'nada'], 2, /"dia" is a report and names no file\. .*reportctl diff dia D1 D2/],
      [['r/dia_20241005.csv', 'dai'], 2, /no file, key or report "dai"\. .*did you mean "dia"/],
      [['dia', '--date', '2024-10-06'], 2, /was never restated/],
      [['dia', '--date', '2024-10-05', '--revisions', '1..3'], 2, /has no revision 3/],
      [['dia', '--date', '2024-10-05', '--revisions', '1-2'], 2, /Give two revisions/],
      [
        ['dia', '2024-10-05', '2024-10-09'],
        3,
        /not published: there is no _reportctl\/dia\/20241009\.json at .*\. reportctl status lists/,
      ],
      [['dia', '2024-10-05', '2024-10'], 2, /"2024-10" is not within one day/],
      [['r/dia_20241005.csv', 'r/dia_20241006.csv', '-o', 'x.xlsx'], 2, /x\.xlsx is no CSV/],
      [
        ['dia', '2024-10-05', '2024-10-06', '--value', 'id'],
        2,
        /"id" is no total of both files\. Allowed: preco/,
      ],
      [['dia', '2024-10-05', '2024-10-06', '--tolerance', '5 %'], 2, /Give an amount such as 0\.01/],
      [
        ['r/dia_20241005.csv', 'r/dia_20241006.csv', '-o', 'out/r/dia_20241006.csv'],
        2,
        /dia_20241006\.csv is a file that is compared/,
      ],
    ];
    for (const [args, exitCode, said] of cases) assertRefused(await run('diff', ...args), exitCode, said);
  });
});
