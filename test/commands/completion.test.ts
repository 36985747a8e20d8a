// What the shells themselves complete with the scripts: reports, options, values; and that no value is ever run.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { BINARY, filesBelow, ROOT, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { createDatabase } from '../support/shared-postgres.js';

const NASTY = 'ACME $(touch pwned) `touch pwned` "q" \'a\' !h: c;touch pwned';
const VALUES = [NASTY, "Padaria d'Ávila", 'Padaria São João', 'tab\there', '-rf'];

let folder: string;
let env: Readonly<Record<string, string>>;
let server: TestPostgres;
let silent: Server;

before(async () => {
  folder = await temporaryFolder();
  server = await createDatabase('vendas');
  const queries = join(folder, 'queries');
  await mkdir(join(folder, 'bin'));
  const program = join(folder, 'bin', 'reportctl');
  const patient = pathToFileURL(join(ROOT, 'test/support/patient-timers.mjs'));
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' --import '${patient}' '${BINARY}' "$@"\n`);
  await chmod(program, 0o755);
  await mkdir(queries);
  await writeFile(
    join(queries, 'docs.yaml'),
    'source: docs\ntitle: Documentos\ncollection: d\nfilters: { date: dia, organization: org }\ncolumns: { id: integer, org: text }\n' +
      'schedules: { "ACME Ltda": month }\noutputs: [{ format: csv, key: "{organization}/{YYYYMMDD}.csv" }]\n',
  );
  await writeFile(
    join(folder, 'd.ndjson'),
    VALUES.map((org, id) => `${JSON.stringify({ id, org })}\n`).join(''),
  );
  const sql = 'SELECT 1 AS n, nome AS org FROM organizacoes';
  const yaml = 'source: vendas\nfilters: { organization: org }\ncolumns: { n: integer }';
  await writeReport(queries, 'orgs', yaml, sql);
  await writeReport(queries, 'mudo', yaml.replace('vendas', 'mudo'), sql);
  await writeFile(join(queries, 'quebrado.sql'), 'nothing');
  const { stdout } = await reportctl(['completion', 'bash']);
  await writeFile(join(folder, 'completion.bash'), stdout);
  silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  env = {
    REPORTCTL_QUERIES: queries,
    REPORTCTL_SOURCE_DOCS: `file:${folder}/`,
    REPORTCTL_SOURCE_VENDAS: server.url,
    REPORTCTL_SOURCE_MUDO: `postgres://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/x`,
  };
});
after(async () => {
  silent?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function shell(program: string, args: readonly string[]): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env: { ...env, HOME, PATH: `${folder}/bin:${PATH}` } };
    execFile(program, args, options, (error, stdout, stderr) =>
      error ? reject(error) : resolve(stdout + stderr),
    );
  });
}

/** What bash would put in place of the word at the cursor, and what the first of these becomes as an argument. */
async function bash(
  line: string,
  words: readonly string[],
): Promise<{ replies: string[]; argument: string }> {
  const script = `
    source completion.bash
    COMP_LINE=$1 COMP_POINT=\${#1}; shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _reportctl
    printf '%s\\n' "\${COMPREPLY[@]}"
    echo =
    eval "set -- \${COMPREPLY[0]}"
    printf %s "$1"`;
  const out = await shell('bash', ['--norc', '-c', script, 'bash', line, ...words]);
  const [replies = '', argument = ''] = out.split('\n=\n');
  return { replies: replies.split('\n').filter((reply) => reply !== ''), argument };
}

const completes = async (...words: string[]) => {
  const { code, stdout, stderr } = await reportctl(['__complete', 'fish', ...words], { env });
  assert.deepEqual([code, stderr], [0, '']);
  return completionsIn(stdout);
};

/** The same by the program, which waits longer for what is asked. */
const completesPatiently = async (...words: string[]) =>
  completionsIn(await shell('reportctl', ['__complete', 'fish', ...words]));

function completionsIn(stdout: string) {
  const [kind, ...lines] = stdout.trimEnd().split('\n');
  return { kind, values: lines.map((line) => line.split('\t')[0]) };
}

describe('completion', { concurrency: 2, timeout: 600_000 }, () => {
  test('commands, options, choices and reports with their schedules', async () => {
    assert.deepEqual((await completes('exp')).values, ['export', 'explain']);
    assert.deepEqual((await completes('export', '')).values, [
      'docs',
      'docs@ACME Ltda',
      'mudo',
      'orgs',
      'quebrado',
    ]);
    assert.deepEqual((await completes('run', 'docs', 'd')).values, ['docs@ACME Ltda']);
    assert.deepEqual((await completes('export', 'docs', '--eol', '')).values, ['lf', 'crlf']);
    assert.deepEqual((await completes('export', 'docs', '--format=x')).values, ['--format=xlsx']);
    assert.deepEqual((await completes('export', 'docs', '--tagged', 't')).values, ['true']);
    assert.deepEqual((await completes('export', 'docs', '--page', 'A')).values, ['A4', 'A3']);
    assert.deepEqual((await completes('export', 'docs', '--attach', 'csv,')).values, ['csv,manifest']);
    assert.deepEqual((await completes('export', 'docs', '--group-by', 'org,')).values, [
      'org,date',
      'org,organization',
      'org,id',
    ]);
    assert.deepEqual(await completes('export', 'docs', '--logo', ''), { kind: 'files', values: [] });
    assert.deepEqual((await completes('export', 'docs', '--date', 'y')).values, ['yesterday']);
    assert.deepEqual((await completes('completion', '')).values, ['bash', 'zsh', 'fish']);
    assert.deepEqual((await completes('list', '')).values, []);
    assert.deepEqual(await completes('export', 'docs', '-o', ''), { kind: 'files', values: [] });
    assert.deepEqual(await completes('verify', 'o'), { kind: 'files', values: [] });
  });

  test('of the filters only those that the report has, and its own columns', async () => {
    const filters = (await completes('export', 'docs', '--')).values;
    assert.ok(filters.includes('--organization') && filters.includes('--overwrite'));
    assert.ok(!filters.includes('--price') && !filters.includes('--param'));
    assert.ok(
      (await completes('export', 'quebrado', '--pr')).values.includes('--price'),
      'who cannot be read hides none',
    );
    assert.deepEqual(await completes('export', 'docs', '--columns', 'org,'), {
      kind: 'nospace',
      values: ['org,id'],
    });
    assert.deepEqual(await completes('trace', 'orgs', '--key', ''), {
      kind: 'nospace',
      values: ['n=', 'org='],
    });
  });

  test('values that the database has, from what was typed on', async () => {
    const found = await completesPatiently('export', 'orgs', '--organization', 'ACME');
    assert.ok(found.values.length > 0);
    for (const value of found.values) assert.match(value ?? '', /^ACME/);
    assert.deepEqual(
      (await completesPatiently('export', 'orgs', '--organization', "ACME%' OR 1=1 --")).values,
      [],
    );
  });

  test('a source that does not answer, is not there or not configured has no values, and says nothing', async () => {
    const started = performance.now();
    assert.deepEqual(await completes('export', 'mudo', '--organization', ''), { kind: 'words', values: [] });
    assert.ok(performance.now() - started < 60_000, 'the server that never answers was waited for');
    for (const words of [
      ['export', 'nenhum', '--organization', ''],
      ['frobnicate', ''],
      ['export', 'orgs', '--nada='],
    ])
      assert.deepEqual(await completes(...words), { kind: 'words', values: [] });
    const bare = await reportctl(['__complete', 'bash', 'reportctl export docs --organization ', ''], {
      cwd: folder,
    });
    assert.deepEqual(bare, { code: 0, stdout: 'words\n', stderr: '' });
  });

  test('bash: values come quoted for where they stand, and nothing runs', async () => {
    const export_ = ['reportctl', 'export', 'docs', '--organization'];
    const line = 'reportctl export docs --organization ';
    assert.equal((await bash(`${line}AC`, [...export_, 'AC'])).argument, NASTY);
    assert.equal((await bash(`${line}ACME\\ $`, [...export_, 'ACME\\ $'])).argument, NASTY);
    assert.deepEqual((await bash(`${line}"Padaria d`, [...export_, '"Padaria d'])).replies, [
      "Padaria d'Ávila",
    ]);
    assert.deepEqual((await bash(`${line}'Padaria d`, [...export_, "'Padaria d"])).replies, [
      "Padaria d'\\''Ávila",
    ]);
    assert.deepEqual((await bash(`${line}Pad`, [...export_, 'Pad'])).replies, [
      'Padaria\\ São\\ João',
      "Padaria\\ d\\'Ávila",
    ]);
    const { replies } = await bash(`${line}"ACME`, [...export_, '"ACME']);
    assert.equal(await shell('bash', ['--norc', '-c', `printf %s "${replies[0]}"`]), NASTY);
    // Bash breaks words at these itself, and replaces only what is behind them.
    const equal = 'reportctl export docs --organization=Padaria\\ S';
    assert.deepEqual((await bash(equal, [...export_, '=', 'Padaria\\ S'])).replies, ['Padaria\\ São\\ João']);
    const colon =
      'reportctl export docs --organization ACME\\ \\$\\(touch\\ pwned\\)\\ \\`touch\\ pwned\\`\\ \\"q\\"\\ \\\'a\\\'\\ \\!h:';
    assert.deepEqual((await bash(colon, [...export_, 'ACME', ':'])).replies, ['\\ c\\;touch\\ pwned']);
    assert.deepEqual((await bash('reportctl run docs@AC', ['reportctl', 'run', 'docs', '@', 'AC'])).replies, [
      'ACME\\ Ltda',
    ]);
    assert.ok(!(await filesBelow(folder)).some((file) => file.includes('pwned')), 'a value was run');
  });

  test('zsh takes the values as they are', { skip: missing('zsh') }, async () => {
    const script = `
      compdef() {}
      compadd() { print -rl -- \${(P)@[-1]} }
      source <(reportctl completion zsh)
      CURRENT=5 PREFIX=$1 words=(reportctl export docs --organization $1)
      _reportctl`;
    for (const typed of ['ACME', 'ACME\\ $'])
      assert.equal(await shell('zsh', ['-f', '-c', script, 'zsh', typed]), `${NASTY}\n`);
    assert.ok(!(await filesBelow(folder)).some((file) => file.includes('pwned')), 'a value was run');
  });

  test('fish takes the values as they are', { skip: missing('fish') }, async () => {
    const script = 'reportctl completion fish | source; complete -C $argv[1]';
    const ask = (typed: string) => shell('fish', ['--no-config', '-c', script, typed]);
    // What complete -C prints is quoted for the command line.
    assert.match(
      await ask('reportctl export docs --organization "Padaria d'),
      /^Padaria d'Ávila|^"?Padaria d'Ávila/m,
    );
    assert.match(await ask('reportctl expl'), /^explain\twhat would run/m);
    assert.match(await ask('reportctl export docs --organization ACME'), /touch/);
    assert.ok(!(await filesBelow(folder)).some((file) => file.includes('pwned')), 'a value was run');
  });
});

function missing(program: string): string | false {
  return spawnSync(program, ['--version']).error === undefined ? false : `${program} is not installed`;
}
