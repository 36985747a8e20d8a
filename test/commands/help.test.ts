// What the binary says about itself, and what it says to words that it does not know.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { TOPICS } from '../../src/commands/help/topics.js';
import { GROUPS, VERBS } from '../../src/commands/verbs.js';
import { isDimension } from '../../src/core/filter.js';
import { parseDefinition } from '../../src/reports/definition/definition.js';
import { assertRefused, ROOT, reportctl } from '../support/cli.js';

const COMMON = ['--json', '-q, --quiet', '--log-format <format>', '-h, --help'];
const ROWS = [
  '--date <when>',
  '--organization <name>',
  '--product <name>',
  '--product-type <name>',
  '--quantity <range>',
  '--price <range>',
  '--where <condition>',
  '--param <name=value>',
  '--columns <names>',
  '--order-by <names>',
  '--limit <rows>',
];
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  list: COMMON,
  export: [
    '-o, --output <where>',
    '--format <format>',
    '--overwrite',
    '--no-manifest',
    '--mask <names>',
    '--sql <query>',
    '--source <name>',
    '--plain',
    '--vertical',
    '--deadline <when>',
    '--otel',
    ...ROWS,
    '--delimiter <character>',
    '--decimal <character>',
    '--bom',
    '--eol <name>',
    '--null <text>',
    '--quote <which>',
    '--locale <name>',
    '--booleans <words>',
    '--formulas <what>',
    '--strict',
    '--sheet <name>',
    '--template <file>',
    '--page <words>',
    '--group-by <words>',
    '--overflow <how>',
    '--logo <file>',
    '--attach <words>',
    '--tagged <boolean>',
    '--compress <how>',
    ...COMMON,
  ],
  explain: ['--funnel', ...ROWS, ...COMMON],
  trace: ['--key <name=value>', ...ROWS.slice(0, -3), ...COMMON],
  run: [
    '--all',
    '--date <when>',
    '--since <when>',
    '--until <when>',
    '--catch-up <periods>',
    '--param <name=value>',
    '--restate <reason>',
    '--jobs <number>',
    '--retry-for <duration>',
    '--deadline <when>',
    '--no-wait',
    '--quarantine',
    '--otel',
    ...COMMON,
  ],
  verify: ['--date <when>', '--source', '--deadline <when>', ...COMMON],
  diff: [
    '--date <when>',
    '--revisions <n..m>',
    '--key <columns>',
    '--by <column>',
    '--value <column>',
    '--summary',
    '--tolerance <limit>',
    '-o, --output <file>',
    '--overwrite',
    '--deadline <when>',
    ...COMMON,
  ],
  consume: ['--as <reader>', ...COMMON],
  check: ['--param <name=value>', '--sample <documents>', '--clean', '--deadline <when>', ...COMMON],
  status: ['--since <when>', '--notify', '--deadline <when>', ...COMMON],
  schedule: [
    '--as <what>',
    '--at <time>',
    '--zone <name>',
    '--host-zone <name>',
    '--cron <name>',
    '--user <name>',
    '--image <name>',
    '--readers',
    '--quarantine',
    ...COMMON,
  ],
  completion: ['-h, --help'],
  init: ['--from <table>', '--url <url>', '--source <name>', ...COMMON],
  new: ['--from <what>', '--source <name>', '-o, --output <file>', ...COMMON],
  test: ['--update', ...COMMON],
};

/** The flags of a help text, in its order. */
function flags(help: string): string[] {
  return [...help.matchAll(/^ {2}(-\S.*?)(?: {2,}.*)?$/gm)].map((match) => match[1] ?? '');
}

describe('help', { concurrency: 2 }, () => {
  for (const [command, options] of Object.entries(OPTIONS)) {
    test(`${command} lists every option, and takes no other`, async () => {
      const { code, stdout, stderr } = await reportctl([command, '--help']);
      assert.deepEqual([code, stderr], [0, '']);
      assert.deepEqual(flags(stdout), options);
      assert.match(stdout, new RegExp(`^Usage: reportctl ${command} \\[options\\]`));
    });
  }

  test('no option of a command that takes filters can be the word of a filter', () => {
    const taken = [OPTIONS.export, OPTIONS.explain, OPTIONS.trace].flatMap((options = []) =>
      options.flatMap((option) => /--([a-z-]+)/.exec(option)?.[1] ?? []),
    );
    const others = taken.filter((word) => !isDimension(word));
    assert.ok(others.length > 20);
    for (const word of [...others, 'manifest', 'version', 'name', 'run', 'params']) {
      const text = `/*---\nsource: v\ncolumns: { a: text }\nfilters: { ${word}: a }\n---*/\nSELECT 1`;
      assert.throws(
        () => parseDefinition('queries/x.sql', text, { cwd: ROOT }),
        /x\.sql:4: filters.*(is an option already|has a meaning of its own)/,
        word,
      );
    }
  });

  test('without arguments, --help and help name every command', async () => {
    const bare = await reportctl([]);
    assert.deepEqual([bare.code, bare.stderr], [0, '']);
    for (const args of [['--help'], ['help']]) {
      const { code, stdout } = await reportctl(args);
      assert.equal(code, 0);
      assert.ok(stdout.startsWith(bare.stdout));
    }
    const commands = [...bare.stdout.matchAll(/^ {2}([a-z]+) .*\w/gm)].map((match) => match[1]);
    assert.deepEqual(commands, [...Object.keys(OPTIONS), 'help']);
  });

  test('--help is in groups, and that of a command has examples', async () => {
    const { stdout } = await reportctl(['--help']);
    assert.deepEqual(
      [...stdout.matchAll(/^(\w.*):$/gm)].map((match) => match[1]),
      ['Options', ...Object.values(GROUPS).map((title) => title.slice(0, -1)), 'Help'],
    );
    for (const [name, { examples }] of Object.entries(VERBS)) {
      const help = (await reportctl([name, '--help'])).stdout;
      assert.ok(help.endsWith(`\nExamples:\n${examples.map((line) => `  ${line}\n`).join('')}`), help);
      assert.ok(examples.length >= 2 && examples.every((line) => line.length <= 78), name);
      const flags = examples.flatMap((line) => line.match(/(?<= )--?[a-z][a-z-]*/g) ?? []);
      const own = flags.filter((flag) => !/^-r$/.test(flag));
      for (const flag of own) assert.match(help, new RegExp(`^ {2}(-\\w, )?${flag}\\b`, 'm'));
    }
  });

  test('help TOPIC prints a page of the documentation, as wide as the terminal', async () => {
    const said: Readonly<Record<string, RegExp>> = {
      environment: /^ {2}REPORTCTL_DESTINATION {5}where `run` puts keys: /m,
      'exit-codes':
        /^Exit codes\n\n {2}0 .*\n {2}1 .*[\s\S]*^Messages\n\n {2}An error is one line on stderr/m,
      json: /^ {2}reportctl list {6}a list: `name`, `title`,/m,
      reports: /^ {4}\/\*---\n {4}title: .*[\s\S]*^gates.min-rows\n\n {2}\w/m,
    };
    for (const topic of Object.keys(TOPICS)) {
      const { code, stdout, stderr } = await reportctl(['help', topic]);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, said[topic] ?? /^$/);
      assert.doesNotMatch(stdout, /\]\(|\*\*|^\||^#/m);
      // Code is printed as it is.
      const narrow = await reportctl(['help', topic], { terminal: { columns: 60, rows: 24 } });
      for (const line of narrow.stdout.split('\n')) assert.ok(line.length <= 60 || /^ {4}/.test(line), line);
    }
  });

  test('help man is a manual page of every command, exit code and variable', async () => {
    const { code, stdout } = await reportctl(['help', 'man']);
    assert.equal(code, 0);
    const requests = [...stdout.matchAll(/^[.'](\S*)/gm)].map((match) => match[1] ?? '');
    assert.deepEqual([...new Set(requests)].sort(), [
      'B',
      'I',
      'PP',
      'RE',
      'RS',
      'SH',
      'SS',
      'TH',
      'TP',
      'fi',
      'nf',
    ]);
    for (const name of Object.keys(VERBS)) assert.ok(stdout.includes(`.SS "reportctl ${name}"\n`), name);
    assert.ok(stdout.includes('.B \\-\\-vertical\n'));
    assert.ok(stdout.includes('.B 75\n') && stdout.includes('.B REPORTCTL_JOBS\n'));
    assert.doesNotMatch(stdout.replaceAll(/\\([-e&]|f[BP])/g, ''), /\\/);
  });

  test('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
    for (const flag of ['--version', '-V']) {
      assert.deepEqual(await reportctl([flag]), { code: 0, stdout: `reportctl ${version}\n`, stderr: '' });
    }
  });
});

describe('words that it does not know', { concurrency: 2 }, () => {
  const cases: readonly [args: string[], said: RegExp][] = [
    [['exprot'], /unknown command "exprot"\. Did you mean "export"\?/],
    [
      ['frobnicate'],
      /unknown command "frobnicate"\. Allowed: list, export, explain, trace, run, verify, diff, consume, check, status, schedule, completion, init, new, test\./,
    ],
    [['constructor'], /unknown command "constructor"/],
    [['help', 'rum'], /unknown command "rum"\. Did you mean "run"\?/],
    [['help', 'report'], /unknown command "report"\. Did you mean "reports"\?/],
    [['--frobnicate'], /unknown option '--frobnicate'\. See --help\./],
    [
      ['export', 'transacoes', '--organisation', 'x'],
      /unknown option '--organisation'\. Did you mean --organization\? See --help\./,
    ],
    [['export', 'transacoes', '--cliente', 'x'], /unknown option '--cliente'/],
    [['list', '--all'], /unknown option '--all'/],
    [['run', '--overwrite', 'transacoes'], /unknown option '--overwrite'/],
    [['export'], /no report is named/],
    [['explain'], /missing required argument 'report'/],
    [['export', 'a', 'b'], /too many arguments for 'export'/],
    [['export', 'transacoes', '--date'], /option '--date <when>' argument missing/],
    [
      ['export', 'transacoes', '--eol', 'clrf'],
      /option '--eol <name>' argument 'clrf' is invalid\. Did you mean "crlf"\? \(allowed: lf, crlf\)/,
    ],
    [['completion', 'bsh'], /'bsh' is invalid for argument 'shell'\. Did you mean "bash"\?/],
    [['list', '--log-format', 'jsn'], /--log-format is "jsn"\. Did you mean "json"\?/],
    [['--quiet', 'list'], /unknown option '--quiet'\. Options follow the command: reportctl list/],
    [['export', 'transacoes', '-o'], /option '-o, --output <where>' argument missing/],
  ];
  for (const [args, said] of cases) {
    test(args.join(' '), async () => assertRefused(await reportctl(args), 2, said));
  }
});
