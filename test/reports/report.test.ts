// Report files: what a good one means, and for every way to be wrong the line, what was found and what is allowed.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { errorSentence, ReportError } from '../../src/core/errors.js';
import { DIMENSIONS } from '../../src/core/filter.js';
import { KINDS } from '../../src/core/table.js';
import { definitionHash } from '../../src/reports/definition-hash.js';
import { loadReport, parseReport, reportNames } from '../../src/reports/load-report.js';
import { anyText } from '../support/any-text.js';
import { runs } from '../support/runs.js';

const FILE = 'queries/vendas.sql';
const START = 'source: vendas\ncolumns: { a: text, n: integer }\n';

const NO_GATES = {
  minRows: undefined,
  maxRows: undefined,
  notNull: [],
  unique: [],
  total: {},
  change: undefined,
};

function file(yaml: string, query = 'SELECT 1'): string {
  return `/*---\n${yaml}\n---*/\n${query}\n`;
}

function parse(yaml: string) {
  return parseReport(FILE, file(yaml));
}

function complaint(text: string, name = FILE): ReportError {
  try {
    parseReport(name, text);
  } catch (error) {
    assert.ok(error instanceof ReportError, `${error}`);
    return error;
  }
  throw new Error(`accepted: ${text}`);
}

test('a whole definition', () => {
  const report = parse(`title: Relatório
source: [sul, norte]
period: fortnight
timezone: America/Manaus
filters: { date: dia, product-type: tipo }
params: { moeda: text, ano: { kind: integer, default: 2024 } }
columns:
  dia: date
  valor: { kind: decimal, title: Valor, currency: BRL }
volatile: [dia]
order-by: [-dia]
totals: [valor]
gates:
  min-rows: 1
  max-rows: 10
  not-null: [dia]
  unique: [valor, dia]
  total: { valor: { min: -0.10, max: 1000000.00 } }
  change: { rows: 12.50% }
on-empty: skip
labels: { project: vendas }
outputs:
  - { format: csv, key: "{report}/{project}_{YYYYMMDD}.{ext}", compress: gzip, locale: pt-BR, delimiter: "|", null: "-" }`);
  assert.deepEqual(report, {
    name: 'vendas',
    file: FILE,
    title: 'Relatório',
    sources: ['sul', 'norte'],
    period: 'fortnight',
    timezone: 'America/Manaus',
    filters: { date: 'dia', 'product-type': 'tipo' },
    filterKinds: {},
    params: { moeda: { kind: 'text', default: undefined }, ano: { kind: 'integer', default: '2024' } },
    columns: [
      { name: 'dia', kind: 'date' },
      { name: 'valor', kind: 'decimal', title: 'Valor', currency: 'BRL' },
    ],
    volatile: ['dia'],
    orderBy: ['-dia'],
    totals: ['valor'],
    gates: {
      minRows: 1,
      maxRows: 10,
      notNull: ['dia'],
      unique: ['valor', 'dia'],
      total: { valor: { min: '-0.10', max: '1000000.00' } },
      change: { rows: '12.50' },
    },
    waitFor: undefined,
    onEmpty: 'skip',
    labels: { project: 'vendas' },
    outputs: [
      {
        format: 'csv',
        key: '{report}/{project}_{YYYYMMDD}.{ext}',
        compress: 'gzip',
        dialect: { locale: 'pt-BR', delimiter: '|', null: '-' },
      },
    ],
    schedules: [],
    scheduledOutputs: [],
    organization: undefined,
    tests: [],
    expectBy: undefined,
    query: 'SELECT 1',
  });
});

test('what a definition may leave out', () => {
  const report = parse(START);
  assert.deepEqual(
    [report.period, report.timezone, report.outputs, report.orderBy, report.gates, report.onEmpty],
    ['day', 'America/Sao_Paulo', [], [], NO_GATES, 'publish'],
  );
});

test('Windows line ends, a byte order mark and empty lines before the definition are harmless', () => {
  const report = parseReport(FILE, `\ufeff\r\n${file(START, 'SELECT 1\nFROM t').replaceAll('\n', '\r\n')}`);
  assert.equal(report.query, 'SELECT 1\r\nFROM t');
  assert.equal(report.columns.length, 2);
});

test('columns keep their order, and names and values what was typed, where YAML sees numbers', () => {
  const report = parse(
    'source: v\ncolumns: { b: text, 2024: integer, 007: text, null: text, a: text }\nlabels: { loja: 007, taxa: 1.10 }\nparams: { n: { kind: text, default: 0x1F } }',
  );
  assert.deepEqual(
    report.columns.map(({ name }) => name),
    ['b', '2024', '007', 'null', 'a'],
  );
  assert.deepEqual(report.labels, { loja: '007', taxa: '1.10' });
  assert.equal(report.params.n?.default, '0x1F');
});

test('tests keep what was typed, and have names that are files', () => {
  const yaml = `${START}outputs: [{ format: csv, key: "r.csv" }]
tests:
  - { run: 2024-10-05 }
  - { date: [2024-10, 2024-09-30], price: 1.10, organization: 007, params: { p: 1.0 } }
  - { organization: a/b, limit: 3 }
  - {}`;
  const { tests } = parse(yaml);
  assert.deepEqual(
    tests.map(({ name, run, filters }) => [name, run, filters]),
    [
      ['2024-10-05', '2024-10-05', {}],
      [
        '2024-10 2024-09-30 007 1.10',
        undefined,
        { date: ['2024-10', '2024-09-30'], organization: ['007'], price: ['1.10'] },
      ],
      [tests[2]?.name, undefined, { organization: ['a/b'] }],
      ['all', undefined, {}],
    ],
  );
  assert.match(tests[2]?.name ?? '', /^a_b~[0-9a-f]{8}$/);
  assert.deepEqual([tests[1]?.params, tests[2]?.limit], [{ p: '1.0' }, 3]);
  const without = parse(yaml.replace(/tests:[\s\S]*/, ''));
  assert.equal(definitionHash(parse(yaml), {}), definitionHash(without, {}), 'no part of the definition');
});

test('an alias is what it stands for', () => {
  const report = parse(
    `${START}labels: { a: &text 007, b: *text }\ngates: { total: { n: &bounds { min: &one 1.00, max: *one } } }`,
  );
  assert.deepEqual(report.labels, { a: '007', b: '007' });
  assert.deepEqual(report.gates.total, { n: { min: '1.00', max: '1.00' } });
});

describe('what is wrong', () => {
  const gates = (inside: string) => `${START}gates: { ${inside} }`;
  const outputs = (line: string) => `${START}outputs:\n  - ${line}`;
  const cases: [what: string, yaml: string, line: number, said: RegExp][] = [
    ['an empty definition', '', 1, /found null; a mapping/],
    ['no mapping', 'a', 2, /found "a"; a mapping/],
    ['malformed YAML', `${START}title: "x`, 5, /YAML is malformed: Missing closing "quote/],
    ['bad indentation', 'source: v\n columns: { a: text }', 2, /YAML is malformed/],
    ['a key twice', `${START}title: a\ntitle: b`, 5, /YAML is malformed: Map keys must be unique/],
    ['a column twice', 'source: v\ncolumns:\n  a: text\n  a: date', 5, /Map keys must be unique/],
    ['a tab as indentation', 'source: v\n\tcolumns: { a: text }', 3, /Tabs are not allowed as indentation/],
    ['an unquoted token', outputs('{ format: csv, key: r_{YYYY}.csv }'), 5, /YAML is malformed/],
    ['an unquoted asterisk', `${START}title: *novo*`, 4, /\*novo\* names no anchor; .* in quotes/],
    ['an unknown key', `${START}colums: 1`, 4, /colums: unknown key; did you mean "columns"\?/],
    [
      'a misspelt needed key',
      'source: v\nColumn: { a: text }',
      3,
      /Column: unknown key; did you mean "columns"/,
    ],
    [
      'an unknown gate',
      `${START}gates:\n  minrows: 1`,
      5,
      /gates\.minrows: unknown key; did you mean "min-rows"/,
    ],
    [
      'a word that cannot be an option',
      `${START}filters: { Produto: a }`,
      4,
      /filters\.Produto: "Produto" cannot be the option --Produto; a lower-case letter comes first/,
    ],
    [
      'a word that is an option already',
      `${START}filters:\n  date: a\n  format: a`,
      6,
      /filters\.format: --format is an option already; call the filter otherwise/,
    ],
    [
      'a word that commander would read as the opposite of another one',
      `${START}filters: { no-status: a }`,
      4,
      /filters\.no-status: --no-status has a meaning of its own/,
    ],
    [
      'a word that every JavaScript object has',
      `${START}filters: { value-of: a }`,
      4,
      /filters\.value-of: --value-of has a meaning of its own/,
    ],
    [
      'a word for date that would make a snapshot of the report',
      `${START}filters: { data: dia }`,
      4,
      /filters\.data: without date the report would have no periods: call "data" date/,
    ],
    [
      'a filter on json',
      `${START}filters: { dados: { column: b, kind: json } }`,
      4,
      /filters\.dados: "b" is json, which no filter can test/,
    ],
    [
      'an unknown key of a filter',
      `${START}filters: { status: { colum: b } }`,
      4,
      /filters\.status\.colum: unknown key; did you mean "column"/,
    ],
    [
      'a kind for a dimension',
      `${START}filters: { price: { column: b, kind: text } }`,
      4,
      /filters\.price: found .*; a text is needed/,
    ],
    [
      'a test by a word that filters does not have',
      `${START}filters: { status: a }\ntests: [{ statu: x }]`,
      5,
      /tests\.0\.statu: unknown key; did you mean "status"/,
    ],
    [
      'an unknown key of an output',
      outputs('{ format: csv, key: a, delimter: ";" }'),
      5,
      /outputs\.0\.delimter: unknown key; did you mean "delimiter"/,
    ],
    [
      'a misspelt needed key of an output',
      outputs('{ fromat: csv, key: a }'),
      5,
      /outputs\.0\.fromat: unknown key; did you mean "format"/,
    ],
    [
      'an unknown key of a column',
      'source: v\ncolumns:\n  a: { kind: text, titel: x }',
      4,
      /columns\.a\.titel: unknown key; did you mean "title"/,
    ],
    [
      'a misspelt needed key of a column',
      'source: v\ncolumns:\n  a: { kid: text }',
      4,
      /columns\.a\.kid: unknown key; did you mean "kind"/,
    ],
    [
      'an unknown key of a param',
      `${START}params: { p: { kind: text, defualt: x } }`,
      4,
      /params\.p\.defualt: unknown key; did you mean "default"/,
    ],
    [
      'a wrong kind',
      'source: v\ncolumns:\n  a: text\n  b: money',
      5,
      /columns\.b: found "money"; allowed: text, integer, decimal/,
    ],
    [
      'a misspelt kind',
      'source: v\ncolumns:\n  a: { kind: txt }',
      4,
      /columns\.a\.kind: found "txt"; did you mean "text"/,
    ],
    [
      'a currency that there is not',
      'source: v\ncolumns: { a: { kind: decimal, currency: R$ } }',
      3,
      /columns\.a\.currency: found "R\$"; give a code of ISO 4217, such as BRL/,
    ],
    [
      'a currency of a text',
      'source: v\ncolumns: { a: { kind: text, currency: BRL } }',
      3,
      /columns\.a\.currency: the column is text; an amount of a currency is an integer or a decimal/,
    ],
    [
      'a format that no spreadsheet has',
      "source: v\ncolumns: { a: { kind: decimal, format: '0,00.0x' } }",
      3,
      /columns\.a\.format: found "0,00\.0x"; give a format such as 0\.0%, 0\.000 or #,##0\.00, with texts in quotes/,
    ],
    [
      'a format of a text',
      "source: v\ncolumns: { a: { kind: text, format: '0.0%' } }",
      3,
      /columns\.a\.format: the column is text; a format shows the numbers of an integer or a decimal/,
    ],
    ['a column without a kind', 'source: v\ncolumns:\n  a:', 4, /columns\.a: found null; allowed: text/],
    ['a number for a kind', 'source: v\ncolumns: { a: 1 }', 3, /columns\.a: found 1; allowed: text/],
    ['a list of columns', 'source: v\ncolumns: [a]', 3, /columns: found \["a"\]; a mapping/],
    ['no column', 'source: v\ncolumns: {}', 3, /columns: at least one column is needed/],
    ['no columns', 'source: v', 2, /columns: found nothing; a mapping/],
    [
      'a column that objects cannot have',
      'source: v\ncolumns: { __proto__: text, a: text }',
      3,
      /columns\.__proto__: this cannot be/,
    ],
    [
      'a text for a number',
      `${START}gates: { min-rows: "1" }`,
      4,
      /gates\.min-rows: found "1"; a number is needed/,
    ],
    ['a negative count', `${START}gates: { min-rows: -1 }`, 4, /gates\.min-rows: found -1; .*>=0/],
    [
      'a fraction of a row',
      `${START}gates: { max-rows: 1.5 }`,
      4,
      /gates\.max-rows: found 1\.5; a whole number is needed/,
    ],
    [
      'more rows at least than at most',
      gates('min-rows: 2, max-rows: 1'),
      4,
      /gates\.min-rows: found 2, .*max-rows/,
    ],
    [
      'nulls of no column',
      gates('not-null: [a, m]'),
      4,
      /gates\.not-null\.1: found "m", which is no exported column; .*a, n/,
    ],
    [
      'a key of no column',
      gates('unique: [x]'),
      4,
      /gates\.unique\.0: found "x", which is no exported column/,
    ],
    ['a column twice in a key', gates('unique: [a, a]'), 4, /gates\.unique\.1: found "a" twice/],
    ['a text for a key', gates('unique: a'), 4, /gates\.unique: found "a"; a list/],
    [
      'a total of a text',
      gates('total: { a: { min: 1 } }'),
      4,
      /gates\.total\.a: found "a", which is no integer or decimal column; .*allowed: n/,
    ],
    [
      'a total that objects cannot have',
      gates('total: { __proto__: { min: 1 } }'),
      4,
      /gates\.total\.__proto__: found "__proto__", which is no integer or decimal column/,
    ],
    ['a total without bounds', gates('total: { n: {} }'), 4, /gates\.total\.n: found neither min nor max/],
    [
      'a misspelt bound',
      `${START}gates:\n  total:\n    n:\n      mix: 1`,
      7,
      /gates\.total\.n\.mix: unknown key; did you mean "min"/,
    ],
    [
      'a bound with an exponent',
      gates('total: { n: { max: 1e6 } }'),
      4,
      /gates\.total\.n\.max: found "1e6"; a decimal such as 1000000\.00 is needed/,
    ],
    ['a decimal comma', gates('total: { n: { max: "1,5" } }'), 4, /found "1,5"; a decimal such as/],
    [
      'bounds the wrong way round',
      gates('total: { n: { min: 2, max: 1 } }'),
      4,
      /n: found a min above the max/,
    ],
    [
      'a change that is no percentage',
      gates('change: { rows: 50 }'),
      4,
      /gates\.change\.rows: found "50"; a percentage such as 50% is needed/,
    ],
    [
      'a negative change',
      gates('change: { rows: -5% }'),
      4,
      /gates\.change\.rows: found "-5%"; a percentage/,
    ],
    ['a change of nothing', gates('change: {}'), 4, /gates\.change\.rows: found nothing/],
    [
      'a change of something else',
      gates('change: { total: 5% }'),
      4,
      /gates\.change\.total: unknown key; allowed: rows/,
    ],
    [
      'an unknown way with nothing',
      `${START}on-empty: skipp`,
      4,
      /on-empty: found "skipp"; did you mean "skip"\? \(allowed: publish, skip, fail\)/,
    ],
    ['a number for a title', `${START}title: 1`, 4, /title: found 1; a text is needed/],
    ['a text for a list', `${START}order-by: n`, 4, /order-by: found "n"; a list/],
    ['a mapping for a list', `${START}outputs: { format: csv, key: a }`, 4, /outputs: found \{.*\}; a list/],
    [
      'yes for true',
      outputs('{ format: csv, key: a, bom: yes }'),
      5,
      /outputs\.0\.bom: found "yes"; true or false is needed/,
    ],
    [
      'a filter without a column',
      `${START}filters: { date: }`,
      4,
      /filters\.date: found null; a text is needed/,
    ],
    [
      'a mapping for a label',
      `${START}labels: { p: { x: 1 } }`,
      4,
      /labels\.p: found \{"x":1\}; a text is needed/,
    ],
    ['an empty label', `${START}labels: { p: }`, 4, /labels\.p: found null/],
    [
      'a label that is a token',
      `${START}labels: { report: x }`,
      4,
      /labels\.report: \{report\} has a meaning already/,
    ],
    [
      'totals of a text',
      `${START}totals: [n, a]`,
      4,
      /totals\.1: "a" is text; a total needs an integer or a decimal/,
    ],
    [
      'totals of no column',
      `${START}totals: [nn]`,
      4,
      /totals\.0: found "nn", which is no exported column; did you mean "n"/,
    ],
    [
      'volatile that is no column',
      `${START}volatile: [x]`,
      4,
      /volatile\.0: found "x", which is no exported column/,
    ],
    [
      'an unknown time zone',
      `${START}timezone: America/SaoPaulo`,
      4,
      /timezone: unknown time zone "America\/SaoPaulo"\. Write an IANA name/,
    ],
    ['an offset as time zone', `${START}timezone: "-03:00"`, 4, /timezone: unknown time zone "-03:00"/],
    ['an unknown period', `${START}period: week`, 4, /period: found "week"; allowed: day, fortnight, month/],
    [
      'an unknown token',
      outputs('{ format: csv, key: "r_{YYYYMD}.csv" }'),
      5,
      /outputs\.0\.key: unknown token \{YYYYMD\}; did you mean "YYYYMMDD"/,
    ],
    [
      'an unknown format',
      outputs('{ format: ods, key: a }'),
      5,
      /outputs\.0\.format: found "ods"; allowed: csv, xlsx/,
    ],
    [
      'an option of another format',
      outputs('{ format: xlsx, key: a, delimiter: ";" }'),
      5,
      /outputs\.0: xlsx has no option "delimiter"\. It has: locale, booleans, strict, sheet/,
    ],
    [
      'a compressed workbook',
      outputs('{ format: xlsx, key: a, compress: gzip }'),
      5,
      /outputs\.0: xlsx is compressed already; gzip would/,
    ],
    [
      'a sheet that Excel does not take',
      outputs('{ format: xlsx, key: a, sheet: "a/b" }'),
      5,
      /outputs\.0: no sheet can be called "a\/b"\. Give 1 to 31 characters/,
    ],
    [
      'a delimiter that is none',
      outputs('{ format: csv, key: a, delimiter: "." }'),
      5,
      /outputs\.0: the delimiter is "\."/,
    ],
    [
      'two outputs of one key',
      `${outputs('{ format: csv, key: "{ext}/a" }')}\n  - { format: csv, key: csv/a, bom: true }`,
      6,
      /outputs\.1\.key: found "csv\/a", the file that outputs\.0 is/,
    ],
    ['no source', 'columns: { a: text }', 2, /source: found nothing/],
    ['an empty list of sources', 'source: []\ncolumns: { a: text }', 2, /source: found \[\]/],
    [
      'a source with a blank',
      'source: as vendas\ncolumns: { a: text }',
      2,
      /source: found "as vendas"; a source is a name/,
    ],
    ['a source twice', 'source: [v, v]\ncolumns: { a: text }', 2, /source\.1: "v" stands twice/],
    [
      'a source that is no text',
      'source: [v, 1]\ncolumns: { a: text }',
      2,
      /source\.1: found 1; a text is needed/,
    ],
  ];
  const keys: readonly [key: string, wrong: RegExp][] = [
    [
      '_reportctl/x/20241005.json',
      /the key is reserved \(_reportctl\/\): reportctl keeps files of its own there/,
    ],
    ['a/_Reportctl/x.csv', /the key is reserved \(_reportctl\/\)/],
    ['_quarantine/x.csv', /the key is reserved \(_quarantine\/\)/],
    ['{YYYY}/.reportctl-x-1.tmp', /the key is reserved \(\.reportctl-\*\.tmp\)/],
    ['x.csv.manifest.json', /the key is reserved \(\.manifest\.json\)/],
    ['x.schema.json', /the key is reserved \(\.schema\.json\)/],
    ['{report}.latest.json', /the key is reserved \(\.latest\.json\)/],
    ['/x.csv', /the key is absolute/],
    ['a/../x.csv', /the key has the segment "\.\."/],
    ['a//x.csv', /the key has an empty segment/],
  ];
  cases.push([
    'a key that values could make a name of an unfinished file',
    outputs('{ format: csv, key: ".{a}.tmp", split-by: a }'),
    5,
    /the key is reserved \(\.reportctl-\*\.tmp\)/,
  ]);
  const ofKeys = keys.map(
    ([key, wrong]) => [`the key ${key}`, outputs(`{ format: csv, key: "${key}" }`), 5, wrong] as const,
  );
  for (const [what, yaml, line, said] of [...cases, ...ofKeys]) {
    test(what, () => {
      for (const text of [file(yaml), file(yaml).replaceAll('\n', '\r\n')]) {
        const error = complaint(text);
        assert.equal(error.code, 'definition');
        assert.match(error.message, said);
        assert.equal(error.message.slice(0, FILE.length + 1 + `${line}:`.length), `${FILE}:${line}:`);
        assert.ok(!errorSentence(error).includes('\n'));
      }
    });
  }

  test('lines are those of the file, whatever stands before the definition', () => {
    assert.match(
      complaint(`\ufeff\n\n${file('source: v\ncolumns: { a: txt }')}`).message,
      /^queries\/vendas\.sql:5: /,
    );
  });

  test('a URL in place of a source is not repeated: it may hold a password', () => {
    const { message } = complaint(file('source: postgres://ana:S3nha@host/db\ncolumns: { a: text }'));
    assert.match(message, /^queries\/vendas\.sql:2: source: .*never a URL/);
    assert.doesNotMatch(message, /S3nha/);
  });

  for (const text of [
    'SELECT 1',
    '',
    '-- a comment\n/*---\n---*/\nSELECT 1',
    `/*---\n${START}SELECT 1`,
    `/*---\n${START} ---*/\nSELECT 1`,
  ]) {
    test(`no definition: ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.match(
        errorSentence(complaint(text)),
        /^queries\/vendas\.sql:1: no definition\. Begin the file with/,
      );
    });
  }

  test('no query', () => {
    assert.match(
      complaint(file(START, '  \n')).message,
      /^queries\/vendas\.sql:5: no query after the definition/,
    );
  });

  for (const name of ['meu relatório', 'a b', '-a', '_reportctl', '..']) {
    test(`a report called "${name}"`, () => {
      assert.match(complaint(file(START), `queries/${name}.sql`).message, /cannot be a report's name/);
    });
  }
});

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
// Lone halves of surrogate pairs cannot stand in a file.
const text = anyText({ minLength: 1, maxLength: 12 });
const kind = fc.constantFrom(...KINDS);
const optional = { requiredKeys: [] as never[], noNullPrototype: true as const };
const definition = fc.record({
  title: text,
  source: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
  period: fc.constantFrom('day', 'fortnight', 'month'),
  timezone: fc.constantFrom('America/Sao_Paulo', 'UTC', 'Asia/Kolkata'),
  filters: fc.dictionary(fc.constantFrom(...DIMENSIONS), text, { noNullPrototype: true }),
  params: fc.dictionary(
    word,
    fc.record({ kind, default: text }, { requiredKeys: ['kind'], noNullPrototype: true }),
    {
      noNullPrototype: true,
    },
  ),
  columns: fc.uniqueArray(
    // Any name but the one that objects cannot have.
    fc.tuple(
      text.filter((name) => name !== '__proto__'),
      kind,
      fc.option(text),
    ),
    { minLength: 1, maxLength: 6, selector: ([name]) => name },
  ),
  'order-by': fc.array(text, { maxLength: 2 }),
  gates: fc.record(
    {
      'min-rows': fc.nat({ max: 100 }),
      'max-rows': fc.integer({ min: 100, max: Number.MAX_SAFE_INTEGER }),
      change: fc.record({ rows: fc.nat().map((percent) => `${percent}%`) }, { noNullPrototype: true }),
    },
    optional,
  ),
  'on-empty': fc.constantFrom('publish', 'skip', 'fail'),
  labels: fc.dictionary(fc.stringMatching(/^l[a-z]{0,5}$/), text, { noNullPrototype: true }),
  outputs: fc.array(
    fc.record(
      {
        compress: fc.constantFrom('gzip', 'zstd'),
        delimiter: fc.constantFrom(',', ';', '|', '\\t', '\t'),
        bom: fc.boolean(),
        eol: fc.constantFrom('lf', 'crlf'),
        quote: fc.constantFrom('all', 'needed'),
        locale: fc.constant('pt-BR'),
        formulas: fc.constantFrom('keep', 'neutralise'),
      },
      optional,
    ),
    { maxLength: 3 },
  ),
});

test('any definition survives being written as YAML and read', () => {
  fc.assert(
    fc.property(definition, fc.boolean(), ({ columns, outputs, ...rest }, flow) => {
      const mapped = new Map(
        columns.map(([name, of, title]) => [name, title === null ? of : { kind: of, title }]),
      );
      const written = outputs.map((output, index) => ({
        format: 'csv',
        key: `${index}_{YYYYMMDD}.csv`,
        ...output,
      }));
      const yaml = stringify(
        { ...rest, columns: mapped, outputs: written },
        flow ? { collectionStyle: 'flow' } : {},
      );
      // The one text that SQL itself would end the comment at.
      fc.pre(!/^---\*\//m.test(yaml));
      const report = parse(yaml);
      assert.deepEqual(
        report.columns,
        columns.map(([name, of, title]) => (title === null ? { name, kind: of } : { name, kind: of, title })),
      );
      assert.deepEqual(
        [
          report.title,
          report.sources,
          report.period,
          report.timezone,
          report.filters,
          report.orderBy,
          report.labels,
        ],
        [rest.title, rest.source, rest.period, rest.timezone, rest.filters, rest['order-by'], rest.labels],
      );
      const { 'min-rows': minRows, 'max-rows': maxRows, change } = rest.gates;
      const percent = change && { rows: change.rows.replace('%', '') };
      assert.deepEqual(report.gates, { ...NO_GATES, minRows, maxRows, change: percent });
      assert.equal(report.onEmpty, rest['on-empty']);
      assert.deepEqual(
        report.params,
        Object.fromEntries(
          Object.entries(rest.params).map(([name, param]) => [name, { default: undefined, ...param }]),
        ),
      );
      assert.deepEqual(
        report.outputs.map(({ dialect, compress }) => ({ ...dialect, ...(compress && { compress }) })),
        outputs,
      );
    }),
    { numRuns: runs(80) },
  );
});

describe('the hash of a definition', () => {
  const base = `${START}params: { p: text }\nlabels: { l: x }\nvolatile: [n]\noutputs:\n  - { format: csv, key: "{l}.csv" }\n`;
  const hash = (yaml: string, query?: string, params = { p: '1' }) =>
    definitionHash(parseReport(FILE, file(yaml, query)), params);

  test('is the same for what readers of the files cannot see', () => {
    const same = `title: Novo\ngates: { min-rows: 1, unique: [n] }\non-empty: fail\n${base.replace('a: text', 'a: { kind: text }')}`;
    assert.equal(hash(same), hash(base));
    assert.match(hash(base), /^[0-9a-f]{64}$/);
  });

  test('differs with the query, the columns, the filters, the params, the zone, the outputs and their labels', () => {
    const others = [
      hash(base, 'SELECT 2'),
      hash(base, undefined, { p: '2' }),
      hash(base.replace('n: integer', 'n: decimal')),
      hash(base.replace('a: text', 'a: { kind: text, title: A }')),
      hash(base.replace('{ l: x }', '{ l: y }')),
      hash(base.replace('key:', 'bom: true, key:')),
      hash(`${base}timezone: UTC`),
      hash(`${base}filters: { date: a }`),
      hash(`${base}filters: { status: a }`),
      hash(`${base}filters: { status: { column: a, kind: date } }`),
      hash(`${base}order-by: [n]`),
      hash(`${base}period: month`),
    ];
    assert.equal(new Set([hash(base), ...others]).size, others.length + 1);
  });
});

describe('the folder of reports', () => {
  test('names are files without .sql; a path is taken as it is; what is not there gets a suggestion', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'reportctl-test-'));
    try {
      await Promise.all(
        ['b.sql', 'a.sql', 'leia-me.md', '.oculto.sql'].map((name) =>
          writeFile(join(folder, name), file(START)),
        ),
      );
      assert.deepEqual(await reportNames({ queries: folder, cwd: '.' }), ['a', 'b']);
      assert.equal((await loadReport('a', { queries: folder, cwd: '.' })).name, 'a');
      assert.equal((await loadReport(join(folder, 'b.sql'), { queries: '/nowhere', cwd: '.' })).name, 'b');
      await assert.rejects(
        loadReport('aa', { queries: folder, cwd: '.' }),
        (error: ReportError) => error.code === 'usage' && /did you mean "a"/.test(error.hint ?? ''),
      );
      await assert.rejects(loadReport(join(folder, 'c.sql'), { queries: folder, cwd: '.' }), {
        code: 'usage',
        message: /ENOENT/,
      });
      await assert.rejects(reportNames({ queries: join(folder, 'nada'), cwd: '.' }), {
        code: 'usage',
        message: /there are no reports in .*: the folder does not exist/,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a report over documents', () => {
  const GOOD = `title: Produção
source: producao
collection: producoes
pipeline: [{ $unwind: $itens }]
filters:
  date: registrado_em
  price: { path: itens.0.preco, kind: decimal }
columns:
  id: { kind: text, path: _id }
  preco: decimal
order-by: [-preco, id]
`;

  test('is YAML alone, with paths', () => {
    const report = parseReport('queries/producao.yaml', GOOD);
    assert.deepEqual(report.filters, { date: 'registrado_em', price: 'itens.0.preco' });
    assert.deepEqual(report.query, {
      collection: 'producoes',
      pipeline: [{ $unwind: '$itens' }],
      fields: {
        date: { kind: 'timestamp', stored: undefined },
        price: { kind: 'decimal', stored: undefined },
      },
      orderBy: [
        { column: { name: 'preco', kind: 'decimal' }, descending: true },
        { column: { name: 'id', kind: 'text', path: '_id' }, descending: false },
      ],
      onMismatch: 'fail',
    });
  });

  for (const spelled of ['null', '"null"', "'null'"]) {
    test(`lets values that do not fit become null (${spelled})`, () => {
      const { query } = parseReport('queries/producao.yaml', `${GOOD}on-mismatch: ${spelled}\n`);
      assert.equal(typeof query === 'string' ? query : query.onMismatch, 'null');
    });
  }

  for (const { wrong, from, to, said } of [
    {
      wrong: 'nothing for on-mismatch',
      from: 'filters:',
      to: 'on-mismatch:\nfilters:',
      said: /yaml:5: on-mismatch: found nothing; allowed: fail, null/,
    },
    {
      wrong: 'another word for on-mismatch',
      from: 'filters:',
      to: 'on-mismatch: nul\nfilters:',
      said: /yaml:5: on-mismatch: found "nul"; did you mean "null"\?/,
    },
    {
      wrong: 'no collection',
      from: 'collection: producoes\n',
      to: '',
      said: /yaml:1: .*collection.*found nothing/,
    },
    {
      wrong: 'params',
      from: 'pipeline',
      to: 'params: { a: text }\npipeline',
      said: /yaml:4: params: unknown key/,
    },
    {
      wrong: 'a misspelt key',
      from: 'collection:',
      to: 'colection:',
      said: /yaml:3: colection: unknown key; did you mean "collection"\?/,
    },
    {
      wrong: 'an order by no column',
      from: '[-preco, id]',
      to: '[-prco]',
      said: /yaml:11: order-by\.0: found "prco", which is no column; did you mean "preco"\?/,
    },
    {
      wrong: 'a way to store',
      from: 'kind: decimal }',
      to: 'stored: txt }',
      said: /yaml:7: filters\.price\.stored: found "txt"; did you mean "text"\?/,
    },
    { wrong: 'SQL', from: GOOD, to: 'SELECT 1', said: /yaml:1: / },
  ]) {
    test(`with ${wrong} is refused with its line`, () => {
      assert.throws(
        () => parseReport('queries/producao.yaml', GOOD.replace(from, to)),
        (error) => error instanceof ReportError && error.code === 'definition' && said.test(error.message),
      );
    });
  }
});
