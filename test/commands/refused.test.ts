// Wrong usage and wrong definitions: one line that says what was wrong and what to do, exit code 2, and no source asked.
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  assertRefused,
  filesBelow,
  inFolder,
  ROOT,
  reportctl,
  temporaryFolder,
  writeReport,
} from '../support/cli.js';

/** Recognisable in anything printed. */
const PASSWORD = 'S3nha-Secreta';
/** Asking it would take a name server, and end with 4. */
const SOURCE = `postgres://u:${PASSWORD}@host.invalid/x`;

let folder: string;
before(async () => {
  folder = await temporaryFolder();
  const queries = join(folder, 'queries');
  const columns = 'columns: { id: integer, nome: text }';
  const yaml = `source: base\nfilters: { date: dia }\nparams: { moeda: text }\n${columns}`;
  await writeReport(queries, 'vendas', yaml, 'SELECT 1');
  await writeReport(queries, 'simples', `source: base\n${columns}`, 'SELECT 1');
  await writeReport(queries, 'definicao', 'source: base\ncolumns: { id: inteiro }', 'SELECT 1');
  await writeReport(queries, 'sem_fonte', `source: outra\n${columns}`, 'SELECT 1');
  await mkdir(join(folder, 'a-folder'));
});
after(async () => {
  const files = await filesBelow(folder);
  await rm(folder, { recursive: true });
  assert.deepEqual(
    files.filter((file) => !file.startsWith('queries')),
    [],
    'something was left',
  );
});

async function refused(
  args: readonly string[],
  said: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const finished = await reportctl(inFolder(folder, args), {
    env: { REPORTCTL_SOURCE_BASE: SOURCE, ...env },
    cwd: folder,
  });
  assert.doesNotMatch(finished.stdout + finished.stderr, new RegExp(PASSWORD), 'a secret was printed');
  assertRefused(finished, 2, said);
}

describe('arguments', { concurrency: 3 }, () => {
  const cases: readonly [args: string, said: RegExp][] = [
    ['export vendsa', /no report "vendsa" in \.\/queries\. Did you mean "vendas"\?/],
    ['export vendas', /report "vendas" needs the param "moeda" \(text\)\. Add --param moeda=…/],
    [
      'export vendas --param moeda=BRL --product x',
      /--product: report "vendas" has no product filter\. It has: date\./,
    ],
    ['explain simples --date 05/10/2024', /cannot read the date "05\/10\/2024".*year-month-day: 2024-10-05/],
    [
      'explain simples --date 2024-10-05..2024-10-01',
      /the range ends before it starts\. Write the earlier end first/,
    ],
    ['explain simples --quantity x', /cannot filter by quantity "x": allowed are/],
    [
      'explain simples --quantity 10..1',
      /cannot filter by quantity "10\.\.1": the range ends before it starts/,
    ],
    ['explain simples --price 1,50', /cannot filter by price "1,50".*with a point.*1\.50/],
    ['explain simples --price 2..1', /cannot filter by price "2\.\.1": the range ends before it starts/],
    ['export simples --columns id,nmoe', /--columns: report "simples" has no column "nmoe"\. .*nome/],
    ['export simples --limit x', /argument 'x' is invalid\. Give a whole number/],
    ['export simples --delimiter .', /the delimiter is "\."\. Give one character/],
    ['export simples --locale en-US', /argument 'en-US' is invalid\. Allowed: pt-BR/],
    ['export simples --format ods', /no format "ods"\. Allowed: csv, xlsx, pdf\./],
    ['export simples -o @x.odt', /no format ends with "\.odt"\. Choose one with --format: csv, xlsx, pdf\./],
    ['export simples -o @a-folder', /the output ".*a-folder" names no file/],
    [
      'export simples --json --log-format text',
      /--json and the rows cannot both go to stdout\. Name a file with -o/,
    ],
  ];
  for (const [args, said] of cases) test(args, () => refused(args.split(' '), said));
});

describe('definitions and the environment', { concurrency: 3 }, () => {
  const cases: readonly [args: string, env: Record<string, string>, said: RegExp][] = [
    [
      'explain definicao',
      {},
      /queries\/definicao\.sql:3: columns\.id: found "inteiro"; allowed: text, integer/,
    ],
    ['export sem_fonte', {}, /source "outra": REPORTCTL_SOURCE_OUTRA is not set\. Set it to a URL/],
    [
      'export simples',
      { REPORTCTL_SOURCE_BASE: `oracle://u:${PASSWORD}@h/d` },
      /no engine reads "oracle:"\. Allowed: postgres:/,
    ],
    ['export simples', { REPORTCTL_SOURCE_BASE: `u:${PASSWORD}@h/d` }, /source "base": no engine reads/],
    [
      'export simples',
      { REPORTCTL_SOURCE_BASE: `postgres://u:${PASSWORD}/x@h/d` },
      /the URL cannot be read\. .*%40/,
    ],
    ['list', { REPORTCTL_S3_PART_SIZE: '1' }, /REPORTCTL_S3_PART_SIZE is "1"\. Give 5 MiB/],
    [
      'list',
      { REPORTCTL_SOURCE_X_FILE: `postgres://u:${PASSWORD}@h/d` },
      /REPORTCTL_SOURCE_X_FILE names failed \(ENOENT\)/,
    ],
    ['list --log-format xml', {}, /--log-format is "xml"\. Allowed: text, json/],
  ];
  for (const [args, env, said] of cases) {
    test(`${args} ${Object.keys(env)}`, () => refused(args.split(' '), said, env));
  }
});

test('a log format that is none is told in the one of the environment', async () => {
  const env = { REPORTCTL_LOG_FORMAT: 'json' };
  for (const args of [['--log-format=jsn'], ['--log-format', 'jsn']]) {
    const { code, stderr } = await reportctl(['list', ...args], { env, cwd: folder });
    assert.equal(code, 2);
    assert.match((JSON.parse(stderr) as { message: string }).message, /--log-format is "jsn"/);
  }
});

test('.env is read, and one that cannot be is told', async () => {
  const cwd = await temporaryFolder();
  try {
    await writeFile(join(cwd, '.env'), `REPORTCTL_QUERIES=${ROOT}/queries\nREPORTCTL_LOG_LEVEL=loud\n`);
    assertRefused(await reportctl(['list'], { cwd }), 2, /REPORTCTL_LOG_LEVEL is "loud"/);
    const { code, stdout } = await reportctl(['list'], { cwd, env: { REPORTCTL_LOG_LEVEL: 'info' } });
    assert.equal(code, 0);
    assert.match(stdout, /^transacoes/m);
    await rm(join(cwd, '.env'));
    await mkdir(join(cwd, '.env'));
    assertRefused(
      await reportctl(['list'], { cwd }),
      2,
      /reading \.env: EISDIR.* Make it a file of lines NAME=value/,
    );
  } finally {
    await rm(cwd, { recursive: true });
  }
});
