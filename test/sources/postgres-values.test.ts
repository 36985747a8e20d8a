// Every value of PostgreSQL is read as PostgreSQL itself prints it, whatever the settings of the database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type pg from 'pg';
import { ReportError } from '../../src/core/errors.js';
import type { Source } from '../../src/core/source.js';
import type { Cell, Kind } from '../../src/core/table.js';
import { anyText } from '../support/any-text.js';
import { openUrl, readRows, requestOf, type TestPostgres, withSource } from '../support/postgres.js';
import { runs } from '../support/runs.js';
import { createDatabase } from '../support/shared-postgres.js';

let server: TestPostgres;
let client: pg.Client;
let source: Source;

before(async () => {
  server = await createDatabase();
  client = await server.connect();
  await client.query(`
    CREATE TYPE humor AS ENUM ('Bom', 'it''s', 'com espaço');
    CREATE DOMAIN positivo AS numeric(10,2) CHECK (value > 0);
    CREATE DOMAIN sim_ou_nao AS boolean;
    CREATE TYPE ponto AS (x integer, nome text);
    CREATE TABLE textos (n integer, v text)`);
  // Settings of the database that change how values are printed; the source's own must win.
  for (const setting of [
    `DateStyle = 'SQL, DMY'`,
    `IntervalStyle = 'iso_8601'`,
    `TimeZone = 'Asia/Tokyo'`,
    `bytea_output = 'escape'`,
    'extra_float_digits = -15',
  ])
    await client.query(`ALTER DATABASE ${server.database} SET ${setting}`);
  source = await openUrl(server.url);
});

after(async () => {
  await source?.close();
  await server?.stop();
});

/** The texts of the types' output functions; booleans differ. */
const BOOL = 16;
const trueOrFalse = (text: string) => `${text === 't'}`;

const BEFORE_THE_CHANGE = `'2019-02-17 01:59:59.999999Z'`;

/** An expression, the kind it may be promised as, and the text that it must be. */
const VALUES: Readonly<Record<string, readonly (readonly [kind: Kind, expression: string, text: Cell])[]>> = {
  integers: [
    ['integer', `'-32768'::int2`, '-32768'],
    ['integer', `'-2147483648'::int4`, '-2147483648'],
    ['integer', `'9223372036854775807'::int8`, '9223372036854775807'],
    ['integer', `'-9223372036854775808'::int8`, '-9223372036854775808'],
    ['decimal', '9007199254740993::int8', '9007199254740993'],
    ['text', `'7'::oid`, '7'],
  ],
  decimals: [
    [
      'decimal',
      `'1234567890123456789012345678.0123456789'::numeric(38,10)`,
      '1234567890123456789012345678.0123456789',
    ],
    ['decimal', `'-0.0000000001'::numeric(38,10)`, '-0.0000000001'],
    ['decimal', `'10'::numeric(12,2)`, '10.00'],
    ['decimal', `'1e-20'::numeric`, '0.00000000000000000001'],
    ['decimal', `'NaN'::numeric`, 'NaN'],
    ['decimal', `'-Infinity'::numeric`, '-Infinity'],
    ['decimal', '9.99::positivo', '9.99'],
  ],
  floats: [
    ['decimal', '0.1::float4', '0.1'],
    ['decimal', `'3.4028235e38'::float4`, '3.4028235e+38'],
    ['decimal', `'1e-45'::float4`, '1e-45'],
    ['decimal', '0.1::float8 + 0.2::float8', '0.30000000000000004'],
    ['decimal', `'1.7976931348623157e308'::float8`, '1.7976931348623157e+308'],
    ['decimal', `'5e-324'::float8`, '5e-324'],
    ['decimal', `'-0'::float8`, '-0'],
    ['decimal', `'NaN'::float8`, 'NaN'],
    ['decimal', `'Infinity'::float4`, 'Infinity'],
  ],
  booleans: [
    ['boolean', 'true', 'true'],
    ['boolean', 'false', 'false'],
    ['text', '1 = 1', 'true'],
    ['boolean', 'false::sim_ou_nao', 'false'],
    ['boolean', 'NULL::boolean', null],
  ],
  'dates and timestamps': [
    ['date', `'2024-02-29'::date`, '2024-02-29'],
    ['date', `'infinity'::date`, 'infinity'],
    ['date', `'0044-03-15 BC'::date`, '0044-03-15 BC'],
    ['date', `'5874897-12-31'::date`, '5874897-12-31'],
    ['timestamp', `'2024-10-05 23:59:59.999999'::timestamp`, '2024-10-05 23:59:59.999999'],
    ['timestamp', `'2024-10-05'::timestamp`, '2024-10-05 00:00:00'],
    ['timestamp', `'2024-10-05 12:00:00.120000'::timestamp`, '2024-10-05 12:00:00.12'],
    ['timestamp', `'-infinity'::timestamp`, '-infinity'],
    ['timestamp', `'infinity'::timestamptz`, 'infinity'],
    ['timestamp', `'2018-11-04 02:59:59Z'::timestamptz`, '2018-11-03 23:59:59-03'],
    ['timestamp', `'2018-11-04 03:00Z'::timestamptz`, '2018-11-04 01:00:00-02'],
    ['timestamp', `${BEFORE_THE_CHANGE}::timestamptz`, '2019-02-16 23:59:59.999999-02'],
    ['timestamp', `'2019-02-17 02:00Z'::timestamptz`, '2019-02-16 23:00:00-03'],
    // A local time that a change of the clock skipped stays as written when the type has no zone.
    ['timestamp', `'2018-11-04 00:30'::timestamp`, '2018-11-04 00:30:00'],
    ['timestamp', `'1900-01-01 12:00Z'::timestamptz`, '1900-01-01 08:53:32-03:06:28'],
    ['timestamp', `'0044-03-15 12:00Z BC'::timestamptz`, '0044-03-15 08:53:32-03:06:28 BC'],
    ['text', `'23:59:60'::time`, '24:00:00'],
    ['text', `'12:34:56.7-03'::timetz`, '12:34:56.7-03'],
    ['text', `'1 year 2 months -3 days 04:05:06.7'::interval`, '1 year 2 mons -3 days +04:05:06.7'],
  ],
  'json and other structures': [
    [
      'json',
      `'{"b": 12345678901234567890.1, "b":1,  "a":"\\u0041\\n"}'::json`,
      '{"b": 12345678901234567890.1, "b":1,  "a":"\\u0041\\n"}',
    ],
    [
      'json',
      `'{"b":12345678901234567890.10,"a":"\\u0041"}'::jsonb`,
      '{"a": "A", "b": 12345678901234567890.10}',
    ],
    ['json', `'null'::jsonb`, 'null'],
    ['text', `ARRAY[1,NULL,3]`, '{1,NULL,3}'],
    [
      'text',
      `ARRAY['', 'NULL', NULL, 'a,b', 'c"d', E'e\\\\f', E'g\\th']`,
      `{"","NULL",NULL,"a,b","c\\"d","e\\\\f","g\th"}`,
    ],
    ['text', `ARRAY[[true,false],[NULL,true]]`, '{{t,f},{NULL,t}}'],
    ['text', `ARRAY[1.10,2]::numeric[]`, '{1.10,2}'],
    ['text', `ARRAY[${BEFORE_THE_CHANGE}::timestamptz]`, '{"2019-02-16 23:59:59.999999-02"}'],
    ['text', `ARRAY['Bom','it''s']::humor[]`, `{Bom,it's}`],
    ['text', `'{}'::int[]`, '{}'],
    ['text', `ROW(1, 'a "b", c')::ponto`, '(1,"a ""b"", c")'],
    ['text', 'ROW(true, NULL, 0.1::float8)', '(t,,0.1)'],
    ['text', `'[2024-01-01,2024-02-01)'::daterange`, '[2024-01-01,2024-02-01)'],
    ['text', `'{[1,3),[5,7)}'::int4multirange`, '{[1,3),[5,7)}'],
  ],
  'other types': [
    ['text', `'it''s'::humor`, "it's"],
    ['text', `'com espaço'::humor`, 'com espaço'],
    ['text', `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid`, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['text', `'192.168.0.0/24'::inet`, '192.168.0.0/24'],
    ['text', `'2001:db8::1'::inet`, '2001:db8::1'],
    ['text', `'08:00:2b:01:02:03'::macaddr`, '08:00:2b:01:02:03'],
    ['text', `'\\x00ff5c0a'::bytea`, '\\x00ff5c0a'],
    ['text', `B'0101'`, '0101'],
    ['text', `'(1.5,-2)'::point`, '(1.5,-2)'],
    ['text', `'1234.5'::money`, '$1,234.50'],
    ['text', `'''um'':1 ''dois'':2'::tsvector`, `'dois':2 'um':1`],
    ['text', `'$.a[*]'::jsonpath`, '$."a"[*]'],
    ['text', `'pg_class'::regclass`, 'pg_class'],
    ['text', `'ab'::varchar(5)`, 'ab'],
    ['text', `'ab'::char(4)`, 'ab  '],
    ['text', `'nome'::name`, 'nome'],
  ],
};

describe('types', () => {
  for (const [subject, values] of Object.entries(VALUES))
    test(`${subject} are exact`, async () => {
      const columns = Object.fromEntries(values.map(([kind], index) => [`c${index}`, kind]));
      const select = (spell: (expression: string) => string) =>
        `SELECT ${values.map(([, expression], index) => `${spell(expression)} AS c${index}`).join(', ')}`;
      const [row] = await readRows(source, requestOf(select(String), columns));
      assert.deepEqual(
        row,
        values.map(([, , text]) => text),
      );
      // The server's own texts, under the settings that the source fixes.
      await client.query(
        `SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'America/Sao_Paulo';
         SET bytea_output = 'hex'; SET extra_float_digits = 3; SET lc_monetary = 'C'`,
      );
      const spelled = { getTypeParser: (oid: number) => (oid === BOOL ? trueOrFalse : String) };
      const { rows } = await client.query({ text: select(String), types: spelled, rowMode: 'array' });
      assert.deepEqual(row, rows[0]);
    });

  test('xml, where the server has it', async (t) => {
    const built = await client.query(`SELECT '<a/>'::xml`).then(
      () => true,
      () => false,
    );
    if (!built) return t.skip('these binaries are built without libxml');
    const rows = await readRows(source, requestOf(`SELECT '<a b="1">ç</a>'::xml AS v`, { v: 'text' }));
    assert.deepEqual(rows, [['<a b="1">ç</a>']]);
  });

  test('a timestamp is printed in the zone of the report', async () => {
    const query = `SELECT '2024-10-05 20:00Z'::timestamptz AS v`;
    for (const [timezone, text] of [
      ['UTC', '2024-10-05 20:00:00+00'],
      ['Asia/Kolkata', '2024-10-06 01:30:00+05:30'],
      ['America/Sao_Paulo', '2024-10-05 17:00:00-03'],
    ] as const)
      assert.deepEqual(await readRows(source, requestOf(query, { v: 'timestamp' }, { timezone })), [[text]]);
  });
});

describe('texts', () => {
  /** Writes the texts through the driver's own protocol and reads them through the source. */
  async function throughTheServer(texts: readonly Cell[]): Promise<Cell[]> {
    await client.query('DELETE FROM textos');
    await client.query('INSERT INTO textos SELECT * FROM unnest($1::int[], $2::text[])', [
      texts.map((_, index) => index),
      texts,
    ]);
    const rows = await readRows(source, requestOf('SELECT * FROM textos', { v: 'text' }, { orderBy: ['n'] }));
    return rows.map(([cell]) => cell ?? null);
  }

  test('characters that are special to COPY, to a terminal or to Unicode are read like any other', async () => {
    const controls = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).slice(1);
    const texts = [
      ...controls,
      controls.join(''),
      '\x7f',
      '',
      null,
      '\\N',
      '\\.',
      '\\',
      '\\\\N',
      '\\n',
      '\\x41',
      '\\101',
      'a\tb\nc\rd\r\ne',
      '\n',
      ' ',
      'null',
      `it's "quoted"`,
      '😀👨‍👩‍👧‍👦',
      'Jose\u0301',
      'José',
      '\ufeffBOM',
      '\u0085\u2028\u2029\ufffd\uffff\u{10ffff}',
      'عربى',
    ];
    assert.deepEqual(await throughTheServer(texts), texts);
  });

  test('any text is read as it was written', async () => {
    const text = anyText().map((value) => value.replaceAll('\0', '\\'));
    const edges = fc.array(fc.constantFrom('\\', 'N', '\t', '\n', '\r', '.', 't', '')).map((a) => a.join(''));
    const cells = fc.array(fc.oneof(text, edges, fc.constant(null)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(cells, async (texts) => {
        assert.deepEqual(await throughTheServer(texts), texts);
      }),
      { numRuns: runs(25) },
    );
  });

  test('a row of 20 MB between two small ones', async () => {
    const query = `SELECT n AS n, CASE n WHEN 2 THEN repeat('aé😀', 2900000) || E'\\t' ELSE 'x' END AS v FROM generate_series(1, 3) AS n`;
    const rows = await readRows(source, requestOf(query, { n: 'integer', v: 'text' }));
    assert.equal(rows[1]?.[1] === `${'aé😀'.repeat(2_900_000)}\t`, true);
    assert.deepEqual([rows[0], rows[1]?.[0], rows[2]], [['1', 'x'], '2', ['3', 'x']]);
  });

  test('bytes that are not UTF-8 are an error, never a replacement character', async () => {
    await client.query(
      `CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
    );
    const url = server.url.replace(`/${server.database}?`, '/bytes?');
    await withSource(url, async (bytes) => {
      const good = requestOf(`SELECT 'São' AS v`, { v: 'text' });
      assert.deepEqual(await readRows(bytes, good), [['São']]);
      const bad = requestOf(`SELECT E'S\\xe3o' AS v`, { v: 'text' });
      await assert.rejects(readRows(bytes, bad), (error) => {
        assert.ok(error instanceof ReportError);
        assert.deepEqual([error.code, error.retryable], ['source', false]);
        assert.match(error.message, /reading "transacoes" .*UTF-?8.*0xe3/);
        assert.match(error.hint ?? '', /convert_from/);
        return true;
      });
    });
  });
});

describe('shapes', () => {
  test('a thousand columns', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `c${index}`);
    const query = `SELECT ${names.map((name, index) => `${index} AS ${name}`).join(', ')} FROM generate_series(1, 20)`;
    const columns = Object.fromEntries(names.map((name) => [name, 'integer' as const]));
    const expected = names.map((_, index) => `${index}`);
    const rows = await readRows(source, requestOf(query, columns));
    assert.equal(rows.length, 20);
    for (const row of rows) assert.deepEqual(row, expected);
  });

  test('columns of any name', async () => {
    const names = [
      'Nome Completo',
      'MAIÚSC',
      'select',
      'a"b',
      "a'b",
      '$1',
      ':x',
      '%',
      'ação',
      '__proto__',
      ' ',
    ];
    names.push('constructor', 'n'.repeat(63), 'a.b', '/*{filters}*/', '-', '1');
    const query = `SELECT ${names.map((name, index) => `${index} AS "${name.replaceAll('"', '""')}"`).join(', ')}`;
    const columns = names.map((name) => ({ name, kind: 'integer' as const }));
    const rows = await readRows(
      source,
      requestOf(query, {}, { columns, orderBy: names.filter((name) => name !== '-') }),
    );
    assert.deepEqual(rows, [names.map((_, index) => `${index}`)]);
  });

  test('one column whose texts are empty, and a row of nothing but nulls', async () => {
    const texts = requestOf(`SELECT v FROM (VALUES (''), (NULL), ('')) AS t(v)`, { v: 'text' });
    assert.deepEqual(await readRows(source, texts), [[''], [null], ['']]);
    const nulls = requestOf('SELECT NULL::int AS a, NULL::text AS b, NULL AS c', {
      a: 'integer',
      b: 'text',
      c: 'text',
    });
    assert.deepEqual(await readRows(source, nulls), [[null, null, null]]);
  });
});
