// <file>.schema.json: the words of Data Package v2 for what a manifest says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../../src/publish/documents.js';
import { tableSchemaOf, uniqueColumns } from '../../src/publish/table-schema.js';

const MANIFEST = {
  key: 'relatórios/ACME Ltda/r_20241005.csv.gz',
  title: 'Relatório',
  format: 'csv',
  contentType: 'application/gzip',
  compress: 'gzip',
  dialect: { locale: 'pt-BR' },
  bytes: 12,
  sha256: 'a'.repeat(64),
  timezone: 'America/Sao_Paulo',
  gates: [
    { gate: 'unique "id", "dia"', expected: 'no duplicates', found: '0', ok: true, columns: ['id', 'dia'] },
  ],
  nulls: { id: 0, dia: 0 },
  columns: [
    { name: 'id', kind: 'integer', title: 'Código' },
    { name: 'valor', kind: 'decimal', title: 'Valor', currency: 'BRL' },
    { name: 'outro', kind: 'decimal', title: 'Valor' },
    { name: 'dia', kind: 'date' },
    { name: 'quando', kind: 'timestamp' },
    { name: 'ativo', kind: 'boolean' },
    { name: 'dados', kind: 'json' },
  ],
} as unknown as Manifest;

test('of a pt-BR CSV', () => {
  const { fields, dialect, ...whole } = tableSchemaOf(MANIFEST);
  assert.deepEqual(fields, [
    { name: 'Código', type: 'integer', title: 'Código', column: 'id', kind: 'integer' },
    // A name is the only one of its kind.
    {
      name: 'valor',
      type: 'number',
      decimalChar: ',',
      title: 'Valor',
      column: 'valor',
      kind: 'decimal',
      currency: 'BRL',
    },
    { name: 'outro', type: 'number', decimalChar: ',', title: 'Valor', column: 'outro', kind: 'decimal' },
    { name: 'dia', type: 'date', format: '%d/%m/%Y', column: 'dia', kind: 'date' },
    {
      name: 'quando',
      type: 'string',
      description: 'DD/MM/YYYY HH:MM:SS[,ffffff] in America/Sao_Paulo, without the offset',
      column: 'quando',
      kind: 'timestamp',
    },
    {
      name: 'ativo',
      type: 'boolean',
      trueValues: ['true'],
      falseValues: ['false'],
      column: 'ativo',
      kind: 'boolean',
    },
    { name: 'dados', type: 'string', description: 'JSON', column: 'dados', kind: 'json' },
  ]);
  assert.deepEqual(dialect, {
    $schema: 'https://datapackage.org/profiles/2.0/tabledialect.json',
    header: true,
    delimiter: ';',
    lineTerminator: '\r\n',
    quoteChar: '"',
    doubleQuote: true,
    nullSequence: '',
    skipInitialSpace: false,
  });
  assert.deepEqual(whole, {
    $schema: 'https://datapackage.org/profiles/2.0/tableschema.json',
    title: 'Relatório',
    missingValues: [''],
    primaryKey: ['Código', 'dia'],
    path: 'r_20241005.csv.gz',
    format: 'csv',
    mediatype: 'application/gzip',
    encoding: 'utf-8',
    bom: true,
    compression: 'gzip',
    bytes: 12,
    hash: `sha256:${'a'.repeat(64)}`,
    timezone: 'America/Sao_Paulo',
  });
});

test('of a workbook: types of its own, no CSV dialect, the name of the sheet', () => {
  const schema = tableSchemaOf({
    ...MANIFEST,
    key: 'r.xlsx',
    format: 'xlsx',
    compress: null,
    dialect: { sheet: 'Vendas' },
  });
  assert.deepEqual(schema.dialect, {
    $schema: 'https://datapackage.org/profiles/2.0/tabledialect.json',
    header: true,
    sheetName: 'Vendas',
  });
  assert.deepEqual(
    [schema.missingValues, schema.encoding, schema.compression],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(
    schema.fields.map(({ type }) => type),
    ['integer', 'number', 'number', 'date', 'datetime', 'boolean', 'string'],
  );
});

test('a timestamp says whether it has an offset, and of which zone it is', () => {
  const fieldOf = (offset: 'always' | 'never' | 'sometimes', manifest: Partial<Manifest>) => {
    const columns: Manifest['columns'] = [{ name: 'em', kind: 'timestamp', offset }];
    return tableSchemaOf({ ...MANIFEST, columns, gates: [], ...manifest }).fields[0];
  };
  const iso = 'YYYY-MM-DD HH:MM:SS[.ffffff]';
  assert.deepEqual(fieldOf('never', { dialect: {} }), {
    name: 'em',
    type: 'datetime',
    format: 'any',
    description: `${iso} of no zone`,
    column: 'em',
    kind: 'timestamp',
    offset: 'never',
  });
  const descriptions = [
    [fieldOf('always', { dialect: {} }), `${iso}±HH[:MM] in America/Sao_Paulo`],
    [
      fieldOf('sometimes', { dialect: {} }),
      `${iso}±HH[:MM] in America/Sao_Paulo; without the offset where the source has none`,
    ],
    [fieldOf('never', {}), 'DD/MM/YYYY HH:MM:SS[,ffffff] of no zone'],
    [fieldOf('always', {}), 'DD/MM/YYYY HH:MM:SS[,ffffff] in America/Sao_Paulo, without the offset'],
    [fieldOf('never', { format: 'xlsx', dialect: {} }), 'of no zone'],
    [fieldOf('always', { format: 'xlsx', dialect: {} }), 'in America/Sao_Paulo'],
  ] as const;
  for (const [field, description] of descriptions) assert.equal(field?.description, description);
});

test('a field has the name that the header has, with the apostrophe before a formula', () => {
  const columns = [{ name: 'soma', kind: 'decimal', title: '=1+1' }] as Manifest['columns'];
  const nameIn = (manifest: Partial<Manifest>) =>
    tableSchemaOf({ ...MANIFEST, columns, gates: [], ...manifest }).fields[0]?.name;
  assert.equal(nameIn({}), "'=1+1");
  assert.equal(nameIn({ dialect: { formulas: 'keep' } }), '=1+1');
  assert.equal(nameIn({ format: 'xlsx', dialect: {} }), '=1+1');
});

test('no primary key with nulls in it, nor of a gate that did not hold', () => {
  assert.equal(tableSchemaOf({ ...MANIFEST, nulls: { id: 0, dia: 1 } }).primaryKey, undefined);
  const gates = MANIFEST.gates.map((gate) => ({ ...gate, ok: false }));
  assert.equal(tableSchemaOf({ ...MANIFEST, gates }).primaryKey, undefined);
});

test('the columns of the gate unique may have quotes and commas in their names', () => {
  const [gate] = MANIFEST.gates;
  assert.ok(gate);
  const columns = ['a", "b', 'id'];
  const gates = [
    { gate: 'not-null "id"', expected: 'no nulls', found: '0', ok: true },
    { ...gate, gate: 'unique "a", "b", "id"', columns },
  ];
  assert.deepEqual(uniqueColumns(gates), columns);
});
