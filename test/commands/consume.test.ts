// reportctl consume: what it prints is run by the tools that it is for, and they read what was in the database.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Cell, Kind } from '../../src/core/table.js';
import { brazilianDate } from '../../src/writers/words/brazilian-date.js';
import { assertRefused, reportctl, temporaryFolder, writeReport } from '../support/cli.js';
import type { TestPostgres } from '../support/postgres.js';
import { python, withoutModule } from '../support/python.js';
import { startS3Server } from '../support/s3-server.js';
import { createDatabase } from '../support/shared-postgres.js';
import {
  definitionOf,
  FILES,
  isBrazilian,
  LIMITES,
  REPORTS,
  reportOf,
  VALORES,
  ZONE,
} from './consume/values.js';

let server: TestPostgres;
let folder: string;
/** By the report's name: what is in the database, as PostgreSQL prints it in the report's zone. */
const stored: Record<string, Cell[][]> = {};
before(async () => {
  [server, folder] = await Promise.all([createDatabase(), temporaryFolder()]);
  const client = await server.connect();
  await client.query(`SET timezone = '${ZONE}'`);
  const env = { REPORTCTL_SOURCE_VENDAS: server.url };
  for (const [name, values] of Object.entries(REPORTS)) {
    const cells = Object.keys(values.columns).map((column) => `"${column}"::text`);
    const text = `SELECT ${cells.join(', ')} FROM (${values.query}) AS q ORDER BY id`;
    stored[name] = (await client.query<Cell[]>({ text, rowMode: 'array' })).rows;
    await writeReport(folder, name, definitionOf(values), values.query);
  }
  await client.end();
  const workbooks = { 'valores.xlsx': ['valores'], 'limites.xlsx': ['limites'] };
  for (const [name, [report, ...options]] of Object.entries({ ...FILES, ...workbooks })) {
    const keep = name.endsWith('.xlsx') ? [] : ['--formulas', 'keep'];
    const args = ['export', join(folder, `${report}.sql`), '-o', join(folder, name), ...keep, ...options];
    const { code, stderr } = await reportctl(args, { env });
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

/** The rows in the database, each cell changed to what the reader makes of it. */
function expected(file: string, change: (cell: string, kind: Kind, name: string) => string): Cell[][] {
  const { columns } = reportOf(file);
  const kinds = Object.entries(columns);
  return (stored[FILES[file]?.[0] ?? ''] ?? []).map((row) =>
    row.map((cell, index) => {
      const [name = '', kind = 'text'] = kinds[index] ?? [];
      return cell === null ? null : change(cell, kind, name);
    }),
  );
}

/** A file of the dialect with Brazilian dates has no offsets. */
function withoutOffset(file: string, cell: string, kind: Kind): string {
  return isBrazilian(file) && kind === 'timestamp' ? cell.replace(/(:[\d.]+)[+-][\d:]+/, '$1') : cell;
}

test('a table without rows has the same types', async () => {
  const file = join(folder, 'vazio.csv');
  const { code, stderr } = await reportctl(
    ['export', join(folder, 'valores.sql'), '-o', file, '--limit', '0'],
    { env: { REPORTCTL_SOURCE_VENDAS: server.url } },
  );
  assert.equal(code, 0, stderr);
  assert.match(await linesFor('psql', 'vazio.csv'), /"quando" timestamptz,\n {2}"local" timestamp,/);
});

describe('read by psql', {
  skip: spawnSync('psql', ['--version']).error ? 'there is no psql' : false,
}, () => {
  async function psql(script: string): Promise<string> {
    const child = promisify(execFile)('psql', [server.url, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', '-']);
    child.child.stdin?.end(script);
    const { stdout, stderr } = await child;
    assert.equal(stderr, '');
    return stdout;
  }

  for (const [file, [report]] of Object.entries(FILES)) {
    test(file, async () => {
      const names = Object.keys(reportOf(file).columns);
      const cells = names.map((column) => `"${column}"::text`).join(', ');
      const stdout = await psql(`${await linesFor('psql', file)}
\\pset format unaligned
\\pset tuples_only on
SELECT json_agg(json_build_array(${cells}) ORDER BY id) FROM ${report};
SELECT json_agg(data_type ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = '${report}';
DROP TABLE ${report};`);
      const [rows, types] = stdout.trim().split('\n');
      assert.deepEqual(
        JSON.parse(rows ?? ''),
        expected(file, (cell, kind) => withoutOffset(file, cell, kind)),
      );
      const { length } = JSON.parse(types ?? '').filter(
        (type: string) => type === 'timestamp with time zone',
      );
      assert.equal(length, isBrazilian(file) ? 0 : 1);
    });
  }

  test('all rows or none: psql before 18 takes a line of \\. for the end', async () => {
    const query = String.raw`SELECT v FROM (VALUES ('a'), ('\.'), ('b')) AS t(v)`;
    const report = await writeReport(folder, 'ponto', 'source: vendas\ncolumns: { v: text }', query);
    const env = { REPORTCTL_SOURCE_VENDAS: server.url };
    await reportctl(['export', report, '-o', join(folder, 'ponto.csv')], { env });
    const script = await linesFor('psql', 'ponto.csv');
    const loaded = await psql(`${script}SELECT count(*) FROM ponto;`).catch((error: Error) => error.message);
    assert.match(loaded, /not the 3 rows of the file: nothing is loaded|^\s*count[\s-]*3\s/);
  });
});

/** Runs Python once for all files, because loading pandas takes a second. @param program makes `result` of `lines` */
async function inPython(reader: string, files: readonly string[], program: string) {
  const lines = await Promise.all(files.map(async (file) => [file, await linesFor(reader, file)]));
  const found = await python(`
import json, sys, warnings
warnings.simplefilter("ignore")
results = {}
for of, lines in json.loads(${JSON.stringify(JSON.stringify(lines))}):
    result = None
${program.replace(/^/gm, '    ')}
    results[of] = result
print(json.dumps(results))`);
  return found as Record<string, { types: string[]; rows: Cell[][] }>;
}

describe('read by DuckDB', { skip: await withoutModule('duckdb') }, () => {
  let found: Awaited<ReturnType<typeof inPython>>;
  before(async () => {
    found = await inPython(
      'duckdb',
      Object.keys(FILES),
      `import duckdb
db = duckdb.connect()
db.execute(lines.replace("SELECT *", "CREATE TABLE t AS SELECT *", 1))
described = db.execute("DESCRIBE t").fetchall()
cells = ", ".join('CAST("' + row[0] + '" AS VARCHAR)' for row in described)
rows = [list(row) for row in db.execute("SELECT " + cells + " FROM t").fetchall()]
result = {"types": [row[0] + " " + row[1] for row in described], "rows": rows}`,
    );
  });
  for (const file of Object.keys(FILES)) {
    test(file, () => {
      const instants = isBrazilian(file) ? 'TIMESTAMP' : 'TIMESTAMP WITH TIME ZONE';
      const moments = ['dia DATE', `quando ${instants}`, 'local TIMESTAMP'];
      assert.deepEqual(
        found[file]?.types,
        reportOf(file) === LIMITES
          ? ['id BIGINT', ...moments]
          : [
              ...['id BIGINT', 'ID_2 BIGINT', 'codigo VARCHAR', 'nota VARCHAR', 'grande DECIMAL(38,10)'],
              ...[
                'taxa VARCHAR',
                ...moments,
                'hora VARCHAR',
                'hora_zona VARCHAR',
                'ativo BOOLEAN',
                'dados JSON',
              ],
            ],
      );
      const rows = expected(file, (cell, kind, name) => {
        // A decimal whose scale no total tells stays the text that it is in the file.
        if (name === 'taxa' && isBrazilian(file)) return cell.replace('.', ',');
        if (kind !== 'date' && kind !== 'timestamp') return cell;
        return withoutOffset(file, cell, kind).replace(/^(\S+)(.*) BC$/, '$1 (BC)$2');
      });
      assert.deepEqual(found[file]?.rows, rows);
    });
  }
});

/** Python that makes `result` of `table`; timestamps are spelled as PostgreSQL does. */
const SPELL_TABLE = `from datetime import datetime
exec(lines, globals())
def spelled(value):
    if value is None or value is pd.NA or value is pd.NaT or value != value: return None
    if isinstance(value, datetime):
        text = "%04d-%02d-%02d %02d:%02d:%02d" % (value.year, value.month, value.day, value.hour, value.minute, value.second)
        text += (".%06d" % value.microsecond).rstrip("0").rstrip(".")
        zone = value.strftime("%z") if value.tzinfo else ""
        return text + zone[:3] + "".join(":" + pair for pair in (zone[3:5], zone[5:7]) if pair.strip("0"))
    if type(value).__name__ in ("bool", "bool_"): return "true" if value else "false"
    return format(value, "f") if type(value).__name__ == "Decimal" else str(value)
rows = [[spelled(value) for value in row] for row in table.astype(object).itertuples(index=False, name=None)]
result = {"types": [name + " " + str(kind).split("[")[0] for name, kind in table.dtypes.items()], "rows": rows}`;

const PANDAS_TYPES = [
  ...[
    'id Int64',
    'ID Int64',
    'codigo string',
    'nota string',
    'grande object',
    'taxa object',
    'dia datetime64',
  ],
  ...[
    'quando datetime64',
    'local datetime64',
    'hora string',
    'hora_zona string',
    'ativo boolean',
    'dados string',
  ],
];

describe('read by pandas', { skip: await withoutModule('pandas') }, () => {
  let found: Awaited<ReturnType<typeof inPython>>;
  before(async () => {
    found = await inPython('pandas', Object.keys(FILES), SPELL_TABLE);
  });
  for (const file of Object.keys(FILES)) {
    test(file, () => {
      const isOdd = reportOf(file) === LIMITES;
      const types = isOdd ? ['id Int64', 'dia string', 'quando string', 'local string'] : PANDAS_TYPES;
      assert.deepEqual(found[file]?.types, types);
      const rows = expected(file, (cell, kind) => {
        if (kind !== 'date' && kind !== 'timestamp') return cell;
        // What pandas cannot hold stays as it is in the file.
        if (isOdd) return isBrazilian(file) ? brazilianDate(cell) : cell;
        return withoutOffset(file, kind === 'date' ? `${cell} 00:00:00` : cell, kind);
      });
      assert.deepEqual(found[file]?.rows, rows);
    });
  }
});

describe('workbooks read by pandas', { skip: await withoutModule('openpyxl') }, () => {
  let found: Awaited<ReturnType<typeof inPython>>;
  before(async () => {
    found = await inPython('pandas', ['valores.xlsx', 'limites.xlsx'], SPELL_TABLE);
  });

  test('valores.xlsx', () => {
    const { types = [], rows } = found['valores.xlsx'] ?? {};
    // Excel has no dates before 1900-03-01.
    const odd = ['dia datetime64', 'local datetime64'];
    assert.deepEqual(
      types,
      PANDAS_TYPES.map((type) => (odd.includes(type) ? type.replace('datetime64', 'object') : type)),
    );
    const names = Object.keys(VALORES.columns);
    const want = (stored.valores ?? []).map((row) =>
      row.map((cell, index) => {
        const name = names[index];
        if (cell === null || cell === '') return null;
        if (name === 'quando') return cell.replace(/[+-][\d:]+$/, '').replace('.123456', '.123');
        if (name === 'dia' && cell > '1900' && cell < '9999-13') return `${cell} 00:00:00`;
        // A number has no zeros at its end.
        return name === 'grande' || name === 'taxa' ? cell.replace(/\.?0+$/, '') || '0' : cell;
      }),
    );
    assert.deepEqual(rows, want);
  });

  test('limites.xlsx', () => {
    assert.deepEqual(found['limites.xlsx']?.types, [
      'id Int64',
      'dia object',
      'quando object',
      'local object',
    ]);
    assert.equal(found['limites.xlsx']?.rows.length, 7);
  });
});

describe('what cannot be read right', { concurrency: 2 }, () => {
  test('is told in the lines', async () => {
    assert.match(
      await linesFor('duckdb', 'simples.csv'),
      /^-- taxa: text, because no total shows how many decimals it has/m,
    );
    assert.match(
      await linesFor('duckdb', 'simples.csv'),
      /^-- ID: called ID_2 here, because DuckDB does not tell A from a in names$/m,
    );
    assert.match(
      await linesFor('pandas', 'brasil.csv'),
      /^# quando: the local time of America\/Sao_Paulo, because the file has no offsets/m,
    );
    assert.doesNotMatch(await linesFor('pandas', 'brasil.csv'), /^# local:/m);
    const lines = await linesFor('powerquery', 'brasil.csv');
    assert.match(lines, /^\/\/ null and the empty text look the same here/m);
    assert.match(lines, /\{"grande", type number\}.*"pt-BR"\)$/m);
    assert.match(lines, /\{"quando", type datetime\}/);
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
