// reportctl consume: what it prints is run by the tools that it is for, and they read what was in the database.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { consumingLines } from '../../src/commands/consume/readers.js';
import type { Manifest } from '../../src/publish/documents.js';
import { assertRefused, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { python, withoutModule } from '../support/python.js';
import { startS3Server } from '../support/s3-server.js';
import { createDatabase } from '../support/shared-postgres.js';

const YAML = `source: vendas
title: Valores difíceis
timezone: America/Sao_Paulo
columns:
  id: integer
  codigo: text
  nota: { kind: text, title: "Observação; \\"livre\\"" }
  grande: decimal
  taxa: { kind: decimal, title: Taxa }
  dia: date
  quando: timestamp
  ativo: boolean
  dados: json
order-by: [id]
totals: [grande]`;
const QUERY = `SELECT * FROM (VALUES
  (9007199254740993::int8, '007', 'José, "Jota"; a;"";b' || chr(10) || 'outra linha', 1234567890123456789012345678.0123456789::numeric(38,10),
   0.1::numeric, date '2024-02-29', timestamptz '2024-10-05 13:45:10.123456-03', true, '{"a": "é"}'::jsonb),
  (2, '', 'NULL', -0.5::numeric(38,10), 1::numeric, date '1999-12-31', timestamptz '2018-11-04 02:30:00-02', false, '[]'::jsonb),
  (3, NULL, 'N/A', NULL, NULL, NULL, NULL, NULL, NULL),
  (4, '\\N', '"', 12.5::numeric(38,10), 12.125, date '2024-10-05', timestamptz '2024-10-05 00:00:00-03', true, '"null"'::jsonb),
  (5, 'C:\\temp\\', chr(9) || ' ', 0::numeric(38,10), 0, date '2024-10-05', timestamptz '2024-10-05 00:00:00-03', true, '1'::jsonb)
) AS v(id, codigo, nota, grande, taxa, dia, quando, ativo, dados)`;
/** Instants in UTC. */
const ROWS = [
  ['2', '', 'NULL', '-0.5000000000', '1', '1999-12-31', '2018-11-04T04:30:00.000000', 'false', '[]'],
  ['3', null, 'N/A', null, null, null, null, null, null],
  ['4', '\\N', '"', '12.5000000000', '12.125', '2024-10-05', '2024-10-05T03:00:00.000000', 'true', '"null"'],
  ['5', 'C:\\temp\\', '\t ', '0.0000000000', '0', '2024-10-05', '2024-10-05T03:00:00.000000', 'true', '1'],
  [
    '9007199254740993',
    '007',
    'José, "Jota"; a;"";b\noutra linha',
    '1234567890123456789012345678.0123456789',
    '0.1',
    '2024-02-29',
    '2024-10-05T16:45:10.123456',
    'true',
    '{"a": "é"}',
  ],
];
const NAMES = ['id', 'codigo', 'nota', 'grande', 'taxa', 'dia', 'quando', 'ativo', 'dados'];

/** Each dialect to the options of export that make it. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'simples.csv': [],
  'com acento é @ ~1 [x].csv': ['--quote', 'all', '--eol', 'crlf', '--bom'],
  'tabela.csv.gz': ['--delimiter', '\\t', '--null', '\\N'],
  'brasil.csv': ['--locale', 'pt-BR'],
  "brasil d'agua.csv.gz": ['--locale', 'pt-BR', '--null', 'nulo', '--quote', 'all'],
};

let server: TestPostgres;
let folder: string;
before(async () => {
  [server, folder] = await Promise.all([createDatabase(), temporaryFolder()]);
  const report = await writeReport(folder, 'valores', YAML, QUERY);
  for (const [name, options] of Object.entries(FILES)) {
    const args = ['export', report, '-o', join(folder, name), '--formulas', 'keep', ...options];
    const { code, stderr } = await reportctl(args, { env: { REPORTCTL_SOURCE_VENDAS: server.url } });
    assert.equal(code, 0, stderr);
  }
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

async function linesFor(reader: string, name: string): Promise<string> {
  const { code, stdout, stderr } = await reportctl(['consume', join(folder, name), '--as', reader]);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout;
}

describe('read by psql', {
  skip: spawnSync('psql', ['--version']).error ? 'there is no psql' : false,
}, () => {
  for (const name of Object.keys(FILES)) {
    test(name, async () => {
      const moment = `to_char(quando AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')`;
      const cells = NAMES.map((column) => (column === 'quando' ? moment : `${column}::text`)).join(', ');
      const script = `${await linesFor('psql', name)}
\\pset format unaligned
\\pset tuples_only on
SELECT json_agg(json_build_array(${cells}) ORDER BY id) FROM valores;
DROP TABLE valores;`;
      const child = promisify(execFile)('psql', [server.url, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', '-']);
      child.child.stdin?.end(script);
      const { stdout, stderr } = await child;
      assert.equal(stderr, '');
      assert.deepEqual(JSON.parse(stdout), ROWS);
    });
  }
});

describe('read by DuckDB', { skip: await withoutModule('duckdb') }, () => {
  for (const name of Object.keys(FILES)) {
    test(name, async () => {
      const sql = (await linesFor('duckdb', name)).replace(/^SELECT \*/m, 'CREATE TABLE t AS SELECT *');
      const moment = `strftime(quando AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%f')`;
      const cells = NAMES.map((column) => (column === 'quando' ? moment : `CAST(${column} AS VARCHAR)`)).join(
        ', ',
      );
      const found = await python(`
import duckdb, json
db = duckdb.connect()
db.execute(${JSON.stringify(sql)})
types = [row[1] for row in db.execute("DESCRIBE t").fetchall()]
print(json.dumps([types, [list(row) for row in db.execute(${JSON.stringify(`SELECT ${cells} FROM t`)}).fetchall()]]))`);
      const types = [
        'BIGINT',
        'VARCHAR',
        'VARCHAR',
        'DECIMAL(38,10)',
        'VARCHAR',
        'DATE',
        'TIMESTAMP WITH TIME ZONE',
        'BOOLEAN',
        'JSON',
      ];
      assert.deepEqual(found, [types, withComma(name)]);
    });
  }
});

/** A decimal whose scale no total tells stays the text that it is in the file. */
function withComma(name: string) {
  if (!name.startsWith('brasil')) return ROWS;
  return ROWS.map((row) =>
    row.map((cell, index) => (index === 4 ? (cell?.replace('.', ',') ?? null) : cell)),
  );
}

describe('read by pandas', { skip: await withoutModule('pandas') }, () => {
  for (const name of Object.keys(FILES)) {
    test(name, async () => {
      const program = `${await linesFor('pandas', name)}
import json
def spelled(value):
    if value is None or value is pd.NA or value is pd.NaT: return None
    if isinstance(value, pd.Timestamp): return value.tz_convert('UTC').strftime('%Y-%m-%dT%H:%M:%S.%f') if value.tz else value.strftime('%Y-%m-%d')
    if isinstance(value, bool) or type(value).__name__ == 'bool': return 'true' if value else 'false'
    return format(value, 'f') if isinstance(value, Decimal) else str(value)
kinds = [str(kind).split('[')[0] for kind in table.dtypes]
print(json.dumps([kinds, [[spelled(value) for value in row] for row in table.astype(object).itertuples(index=False, name=None)]]))`;
      const kinds = [
        'Int64',
        'string',
        'string',
        'object',
        'object',
        'datetime64',
        'datetime64',
        'boolean',
        'string',
      ];
      assert.deepEqual(await python(program), [kinds, ROWS]);
    });
  }
});

describe('what cannot be read right', { concurrency: 2 }, () => {
  test('is told in the lines', async () => {
    assert.match(
      await linesFor('duckdb', 'simples.csv'),
      /^-- taxa: text, because no total shows how many decimals it has/m,
    );
    const lines = await linesFor('powerquery', 'brasil.csv');
    assert.match(lines, /^\/\/ null and the empty text look the same here/m);
    assert.match(lines, /\{"grande", type number\}.*"pt-BR"\)$/m);
    assert.match(lines, /\{"quando", type datetime\}/);
  });

  test('booleans in other words are texts to every reader', () => {
    const manifest = {
      ...{ report: 'r', period: null, rows: 0, sha256: '', timezone: 'UTC', totals: {}, compress: null },
      ...{ format: 'csv', dialect: { booleans: 'Sim/Não' }, columns: [{ name: 'ativo', kind: 'boolean' }] },
    } as unknown as Manifest;
    const texts = {
      duckdb: /'ativo': 'VARCHAR'/,
      psql: /"?ativo"? text/,
      powerquery: /\{"ativo", type text\}/,
    };
    for (const [reader, text] of Object.entries(texts))
      assert.match(consumingLines(reader, { location: '/r.csv', manifest }).join('\n'), text);
  });

  test('a format that the reader does not have is refused', () => {
    const manifest = { format: 'xlsx' } as unknown as Manifest;
    assert.throws(() => consumingLines('psql', { location: '/r.xlsx', manifest }), {
      code: 'usage',
      message: 'consume: there are no lines by which psql reads xlsx right',
      hint: 'Take the csv of the same period, or add one to the outputs of the report.',
    });
  });

  test('a name that is a command of the shell stays a name', async () => {
    const name = "$(touch x) `touch y` ' é.csv.gz";
    for (const ending of ['', '.manifest.json'])
      await rename(join(folder, `tabela.csv.gz${ending}`), join(folder, `${name}${ending}`));
    assert.match(
      await linesFor('psql', name),
      /FROM PROGRAM 'gzip -dc < ''.*\$\(touch x\) `touch y` ''\\'''' é\.csv\.gz'''/,
    );
    for (const ending of ['', '.manifest.json'])
      await rename(join(folder, `${name}${ending}`), join(folder, `tabela.csv.gz${ending}`));
  });

  test('is refused', async () => {
    const cases: readonly [args: string[], exitCode: number, said: RegExp][] = [
      [[join(folder, 'simples.csv'), '--as', 'sas'], 2, /choices|Allowed/],
      [[join(folder, 'simples.csv')], 2, /--as/],
      [[join(folder, 'simples.csv'), '--as', 'athena'], 2, /Athena reads s3:\/\/ only/],
      [['nada.csv', '--as', 'psql'], 3, /nada\.csv has no manifest/],
      [['transacoe', '--as', 'psql'], 2, /no file, key or report "transacoe"\. .*did you mean "transacoes"/],
    ];
    for (const [args, exitCode, said] of cases)
      assertRefused(await reportctl(['consume', ...args]), exitCode, said);
  });
});

test('a key in a bucket', async () => {
  const s3 = await startS3Server({ bucket: 'bucket' });
  const env = {
    REPORTCTL_SOURCE_VENDAS: server.url,
    REPORTCTL_DESTINATION: 's3://bucket/x y',
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_REGION: 'us-east-1',
    REPORTCTL_S3_PATH_STYLE: 'true',
  };
  try {
    const key = 'ACME Ltda/vendas@ção.csv.gz';
    const made = await reportctl(['export', join(folder, 'valores.sql'), '-o', `s3://bucket/x y/${key}`], {
      env,
    });
    assert.equal(made.code, 0, made.stderr);
    for (const [reader, expected] of [
      ['duckdb', /read_csv\('s3:\/\/bucket\/x y\/ACME Ltda\/vendas@ção\.csv\.gz',/],
      ['pandas', /fsspec\.open\("s3:\/\/bucket\/x y\/ACME Ltda\/vendas@ção\.csv\.gz", "rt"/],
      ['psql', /PROGRAM 'aws s3 cp ''s3:\/\/bucket\/x y\/ACME Ltda\/vendas@ção\.csv\.gz'' - \| gzip -dc'/],
      ['powerquery', /Power Query cannot read S3/],
      [
        'athena',
        /LOCATION 's3:\/\/bucket\/x y\/ACME Ltda\/'[\s\S]*WHERE "\$path" = 's3:\/\/bucket\/x y\/ACME Ltda\/vendas@ção\.csv\.gz';/,
      ],
    ] as const) {
      const { code, stdout, stderr } = await reportctl(['consume', key, '--as', reader], { env });
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, expected);
    }
    const { stdout } = await reportctl(['consume', key, '--as', 'athena', '--json'], { env });
    assert.match(JSON.parse(stdout).lines, /^CREATE EXTERNAL TABLE valores_as_text \($/m);
  } finally {
    await s3.close();
  }
});
