// The lines that `consume` prints, by what the manifest says.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { consumingLines, READER_NAMES } from '../../../src/commands/consume/readers.js';
import type { Manifest } from '../../../src/publish/documents.js';
import { reportctl, temporaryFolder } from '../../support/cli.js';

const ZONE = 'America/Sao_Paulo';

const published = (manifest: Partial<Manifest>, location = '/r.csv') => ({
  location,
  manifest: {
    ...{ report: 'r', period: null, rows: 0, sha256: '', timezone: ZONE, totals: {}, compress: null },
    ...{ neutralised: 0, notes: [] },
    ...{ format: 'csv', dialect: {}, ...manifest },
  } as unknown as Manifest,
});
const linesOf = (reader: string, ...file: Parameters<typeof published>) =>
  consumingLines(reader, published(...file)).join('\n');

test('a timestamp is an instant or a local time, and text where neither is sure', () => {
  const columns: Manifest['columns'] = [
    { name: 'a', kind: 'timestamp', offset: 'always' },
    { name: 'n', kind: 'timestamp', offset: 'never' },
    { name: 's', kind: 'timestamp', offset: 'sometimes' },
    { name: 'u', kind: 'timestamp' },
  ];
  const types: Readonly<Record<string, RegExp>> = {
    duckdb: /CAST\(.*"a".* AS TIMESTAMPTZ\) AS "a",\n.*CAST\(.*"n".* AS TIMESTAMP\) AS "n"\n\)/,
    pandas: /"a", ".*%z", "America\/Sao_Paulo"\)\ntable\["n"\] = moments\("n", "[^"]*%f"\)$/,
    psql: /"a" timestamptz,\n {2}"n" timestamp,\n {2}"s" text,\n {2}"u" text\n/,
    powerquery: /\{"a", type datetimezone\}, \{"n", type datetime\}, \{"s", type text\}, \{"u", type text\}/,
    athena:
      /from_iso8601_timestamp\(.*"a".*\n.*CAST\(NULLIF\("n", ''\) AS timestamp\) AS "n",\n {2}NULLIF\("s"/,
  };
  const brazilian: Readonly<Record<string, RegExp>> = {
    duckdb: /(CAST\(.* AS TIMESTAMP\) AS "[ansu]",?\n.*){4}/,
    pandas: /(= moments\("[ansu]", "%d\/%m\/%Y %H:%M:%S.%f"\)\n?.*){4}/,
    psql: /(::timestamp,?\n.*){4}/,
    powerquery: /(\{"[ansu]", type datetime\}[, ]*){4}/,
    athena: /(CAST\(regexp_replace\(replace\(.*\$3-\$2-\$1'\) AS timestamp\) AS "[ansu]",?\n.*){4}/,
  };
  for (const reader of Object.keys(types)) {
    const location = 's3://bucket/r.csv';
    const lines = linesOf(reader, { columns }, location);
    assert.match(lines, types[reader] ?? /never/);
    assert.match(lines, /s: text, because some of its values have an offset from UTC and others have none/);
    assert.match(lines, /u: text, because the manifest does not say/);
    assert.match(
      linesOf(reader, { columns, dialect: { locale: 'pt-BR' } }, location),
      brazilian[reader] ?? /never/,
    );
  }
});

test('what the writer changed is told, because a reader gets it as it is in the file', () => {
  const columns: Manifest['columns'] = [{ name: 'a', kind: 'text' }];
  const notes = [
    'csv: 2 texts with U+FFFD for a NUL (U+0000)',
    '8 files of another kind were left out: a.bak',
  ];
  for (const reader of ['duckdb', 'pandas', 'psql', 'powerquery', 'athena']) {
    const lines = linesOf(reader, { columns, neutralised: 2, notes }, 's3://bucket/r.csv');
    assert.match(lines, /^(--|#|\/\/) 2 texts start like a formula and have an apostrophe in front/m);
    assert.match(lines, /^(--|#|\/\/) csv: 2 texts with U\+FFFD/m);
    assert.doesNotMatch(lines, /left out/);
    assert.doesNotMatch(linesOf(reader, { columns }, 's3://bucket/r.csv'), /apostrophe/);
  }
});

test('names that a reader takes for the same get a number', () => {
  const long = 'ç'.repeat(40);
  const columns: Manifest['columns'] = ['Id', 'ID', 'iD_2', `${long}a`, `${long}b`].map((name) => ({
    name,
    kind: 'integer',
  }));
  const location = 's3://bucket/r.csv';
  const cut = 'ç'.repeat(31);
  const names: Readonly<Record<string, RegExp>> = {
    duckdb:
      /'Id': 'BIGINT',\s+'ID_2': 'BIGINT',\s+'iD_2_2': 'BIGINT',\s+'ç{40}a': 'BIGINT',\s+'ç{40}b': 'BIGINT'\n/,
    pandas: /names=\["Id", "ID", "iD_2", "ç{40}a", "ç{40}b"\]/,
    psql: new RegExp(
      `"Id" bigint,\\s+"ID" bigint,\\s+"iD_2" bigint,\\s+"${cut}" bigint,\\s+"${'ç'.repeat(30)}_2" bigint\n`,
    ),
    powerquery: /\{"Id", "ID_2", "iD_2_2", "ç{40}a", "ç{40}b"\}/,
    athena: /`id` string,\s+`id_2` string,\s+`id_2_2` string[\s\S]* AS "id",\n.* AS "id_2",\n.* AS "id_2_2",/,
  };
  for (const [reader, expectedNames] of Object.entries(names))
    assert.match(linesOf(reader, { columns }, location), expectedNames);
  assert.match(
    linesOf('psql', { columns }),
    new RegExp(`-- ${long}b: called .*_2 here, because PostgreSQL cuts names`),
  );
});

test('every sheet of a large workbook is read, and none of a template', () => {
  const columns: Manifest['columns'] = [{ name: 'n', kind: 'integer', title: 'N' }];
  const workbook = { columns, format: 'xlsx', rows: 2_097_151 };
  assert.match(linesOf('pandas', workbook), /sheet_name=\["Dados", "Dados \(2\)", "Dados \(3\)"\]/);
  assert.match(
    linesOf('powerquery', workbook),
    /Combine\(\{(Table\.Skip\(Book\{\[Item = "Dados( \(\d\))?".*?, 1\),? ?){3}\}\)/,
  );
  for (const reader of ['pandas', 'powerquery']) {
    assert.throws(() => linesOf(reader, { ...workbook, dialect: { template: 'x.xlsx' } }), {
      code: 'usage',
      message: /template/,
    });
  }
});

test('what a reader would read wrong is refused with what to do', () => {
  const columns: Manifest['columns'] = [{ name: 'n', kind: 'text', title: 'a "b"' }];
  assert.throws(() => linesOf('duckdb', { columns, dialect: { bom: true } }), {
    code: 'usage',
    message: /byte order mark and a quote or line break in its first title/,
    hint: 'Give the column another title, or take the file of an output without bom.',
  });
  linesOf('duckdb', { columns });
  assert.throws(() => linesOf('psql', { columns, dialect: { delimiter: '¦' } }), {
    code: 'usage',
    message: /psql takes a delimiter of one byte only, not "¦"/,
  });
});

test('booleans in other words are texts to every reader', () => {
  const manifest: Partial<Manifest> = {
    columns: [{ name: 'ativo', kind: 'boolean' }],
    dialect: { booleans: 'Sim/Não' },
  };
  const texts = {
    duckdb: /'ativo': 'VARCHAR'/,
    psql: /"ativo" text/,
    powerquery: /\{"ativo", type text\}/,
  };
  for (const [reader, text] of Object.entries(texts)) assert.match(linesOf(reader, manifest), text);
});

test('a format that the reader does not have is refused', () => {
  const manifest = { format: 'xlsx', dialect: {} } as unknown as Manifest;
  assert.throws(() => consumingLines('psql', { location: '/r.xlsx', manifest }), {
    code: 'usage',
    message: 'consume: there are no lines by which psql reads xlsx right',
    hint: 'Take the csv of the same period, or add one to the outputs of the report.',
  });
  const pdf = (dialect: Manifest['dialect']) => ({ ...manifest, format: 'pdf', dialect });
  for (const reader of READER_NAMES)
    assert.throws(() => consumingLines(reader, { location: '/r.pdf', manifest: pdf({}) }), {
      code: 'usage',
      hint: /^Take the csv .*report\.$/,
    });
  assert.throws(() => consumingLines('duckdb', { location: '/r.pdf', manifest: pdf({ attach: ['csv'] }) }), {
    hint: /; this file has one inside, which pdfdetach -saveall \(poppler\) takes out\.$/,
  });
});

test('documents: the values say whether timestamps have an offset, and a NUL cannot join two rows', async () => {
  const folder = await temporaryFolder();
  const lines = [
    {
      id: 1,
      local: '2018-11-04T00:30:00',
      instante: '2018-11-04T03:30:00Z',
      misto: '2018-11-04T00:30:00',
      texto: 'a\0b',
    },
    { id: 2, local: null, instante: '2018-11-04T00:30:00-02:00', misto: '2018-11-04T03:30:00Z', texto: '\0' },
    { id: 3, local: '2018-11-04', instante: null, misto: null, texto: 'c' },
  ];
  await writeFile(join(folder, 'docs.ndjson'), lines.map((line) => JSON.stringify(line)).join('\n'));
  const moments = ['local', 'instante', 'misto', 'vazio'].map((name) => `  ${name}: timestamp\n`).join('');
  await writeFile(
    join(folder, 'docs.yaml'),
    `source: docs\ncollection: docs\ntimezone: ${ZONE}\ncolumns:\n  id: integer\n${moments}  texto: text\norder-by: [id]\n`,
  );
  const file = join(folder, 'docs.csv');
  const made = await reportctl(['export', join(folder, 'docs.yaml'), '-o', file], {
    env: { REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}` },
  });
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /csv: 2 texts with U\+FFFD for a NUL/);
  const manifest = JSON.parse(await readFile(`${file}.manifest.json`, 'utf8')) as Manifest;
  assert.deepEqual(
    manifest.columns.map(({ offset }) => offset),
    [undefined, 'never', 'always', 'sometimes', undefined, undefined],
  );
  assert.ok(manifest.notes.includes('csv: 2 texts with U+FFFD for a NUL (U+0000)'));
  assert.deepEqual((await readFile(file, 'utf8')).trim().split('\n').slice(1), [
    '1,2018-11-04 00:30:00,2018-11-04 01:30:00-02,2018-11-04 00:30:00,,a\ufffdb',
    '2,,2018-11-03 23:30:00-03,2018-11-04 01:30:00-02,,\ufffd',
    '3,2018-11-04 00:00:00,,,,c',
  ]);
  await rm(folder, { recursive: true });
});
