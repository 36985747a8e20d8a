// What a reader computes from a published file is what its manifest says: LibreOffice, pandas and DuckDB sum every column of
// every report in queries/, and of reports on Northwind, in each format and dialect.
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import excel from 'exceljs';
import type { Column } from '../../src/core/table.js';
import type { Manifest } from '../../src/publish/documents.js';
import { parseReport } from '../../src/reports/load-report.js';
import { columnLetters } from '../../src/writers/xlsx/letters.js';
import { ROOT, reportctl, temporaryFolder } from '../support/cli.js';
import { type Calculation, calculate, withoutLibreOffice } from '../support/libreoffice.js';
import type { TestPostgres } from '../support/postgres.js';
import { python, withoutModule } from '../support/python.js';
import { createDatabase } from '../support/shared-postgres.js';

const { REPORTCTL_TEST_NORTHWIND: northwind } = process.env;
/** A column of a database's own arithmetic in floating point, and one with more digits than Excel shows. */
const FLOATS = `/*---
source: northwind
columns:
  order_id: integer
  product: { kind: text, title: Produto }
  quantity: { kind: integer, title: Quantidade }
  unit_price: decimal
  discount: decimal
  valor: { kind: decimal, currency: USD }
  parcela: { kind: decimal, long-numbers: number }
  pequeno: decimal
order-by: [order_id, product]
totals: [quantity, unit_price, discount, valor, parcela, pequeno]
---*/
SELECT d.order_id, p.product_name AS product, d.quantity, d.unit_price, d.discount,
       d.quantity * d.unit_price * (1 - d.discount) AS valor, d.unit_price::numeric / 3 AS parcela,
       d.unit_price / 1e9 AS pequeno
FROM order_details AS d JOIN products AS p USING (product_id)`;

interface Fixture {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Params in the SQL, which is run without them. */
  readonly params: Readonly<Record<string, string>>;
}
const own = (file: string, params: Fixture['params'] = {}): Fixture => ({
  name: file,
  file: join(ROOT, file),
  args: Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`]),
  params,
});
const REPORTS: readonly Fixture[] = [
  own('queries/transacoes.sql'),
  own('queries/pedidos.sql', { moeda: 'USD' }),
  own('queries/vendas_por_produto.sql'),
  own('queries/producao.yaml'),
  ...(northwind === undefined ? [] : [own('test/fixtures/northwind/pedidos.sql')]),
];

const LINES = {
  'en-US': { separator: ',', locale: 'en-US' },
  'pt-BR': { separator: ';', locale: 'pt-BR' },
} as const;
const FORMS = {
  xlsx: { ending: 'xlsx', args: [], as: 'xlsx' },
  'xlsx pt-BR': { ending: 'xlsx', args: ['--locale', 'pt-BR'], as: 'xlsx' },
  template: { ending: 'xlsx', args: [], as: 'xlsx' },
  csv: { ending: 'csv', args: [], as: LINES['en-US'] },
  'csv pt-BR': { ending: 'csv', args: ['--locale', 'pt-BR'], as: LINES['pt-BR'] },
} as const satisfies Record<string, { ending: string; args: readonly string[]; as: Calculation['as'] }>;
type Form = keyof typeof FORMS;

/** Of a file: its path and manifest, and of each column of numbers the sum that the source itself computes. */
interface Exported {
  readonly path: string;
  readonly manifest: Manifest;
  readonly numbers: readonly { readonly column: Column; readonly index: number; readonly exact: string }[];
}

let folder: string;
let databases: readonly TestPostgres[] = [];
const reports =
  northwind === undefined ? REPORTS : [...REPORTS, { ...own('floats.sql'), name: 'floating point' }];
const exported = new Map<string, Exported>();

before(async () => {
  folder = await temporaryFolder();
  databases = await Promise.all([createDatabase('vendas'), createDatabase()]);
  const [vendas, other] = databases as [TestPostgres, TestPostgres];
  const clients = { vendas: await vendas.connect(), northwind: await other.connect() };
  if (northwind !== undefined) {
    // A setting of 2010 that servers no longer know.
    const script = (await readFile(northwind, 'utf8')).replace(/^SET default_with_oids.*$/m, '');
    await clients.northwind.query(script);
    await clients.northwind.query('RESET search_path');
  }
  const env = {
    REPORTCTL_SOURCE_VENDAS: vendas.url,
    REPORTCTL_SOURCE_NORTHWIND: other.url,
    REPORTCTL_SOURCE_PRODUCAO: `file:${join(ROOT, 'fixtures/producao.ndjson')}`,
  };
  await writeFile(join(folder, 'floats.sql'), FLOATS);
  for (const [number, fixture] of reports.entries()) {
    const file = fixture.name === 'floating point' ? join(folder, 'floats.sql') : fixture.file;
    const { columns, query, sources } = parseReport(file, await readFile(file, 'utf8'));
    const numbers = columns.flatMap((column, index) =>
      column.kind === 'integer' || column.kind === 'decimal' ? [{ column, index }] : [],
    );
    const sums =
      typeof query === 'string'
        ? await sumsOf(clients[sources[0] === 'vendas' ? 'vendas' : 'northwind'], query, fixture, numbers)
        : await sumsOfDocuments(numbers);
    const template = join(folder, `modelo-${number}.xlsx`);
    await writeTemplate(template, columns, numbers);
    for (const [form, { ending, args }] of Object.entries(FORMS)) {
      const path = join(folder, `${number}-${form.replace(' ', '-')}.${ending}`);
      const more = form === 'template' ? ['--template', template] : [];
      const command = ['export', file, ...fixture.args, ...args, ...more, '-o', path];
      const { code, stderr } = await reportctl(command, { env });
      assert.equal(code, 0, `${fixture.name} as ${form}: ${stderr}`);
      const manifest = JSON.parse(await readFile(`${path}.manifest.json`, 'utf8')) as Manifest;
      const exact = numbers.map((each, at) => ({ ...each, exact: sums[at] ?? '' }));
      exported.set(keyOf(fixture, form as Form), { path, manifest, numbers: exact });
    }
  }
  await Promise.all(Object.values(clients).map((client) => client.end()));
});
after(async () => {
  await Promise.all([...databases.map((each) => each.stop()), rm(folder, { recursive: true, force: true })]);
});

const keyOf = ({ name }: Fixture, form: Form) => `${name} as ${form}`;
const of = (fixture: Fixture, form: Form) =>
  exported.get(keyOf(fixture, form)) ?? assert.fail(keyOf(fixture, form));

type Numbers = readonly { readonly column: Column; readonly index: number }[];
type Client = Awaited<ReturnType<TestPostgres['connect']>>;

/** Sums by PostgreSQL, exact: of floating point, of the shortest decimals. */
async function sumsOf(
  client: Client,
  query: string,
  { params }: Fixture,
  numbers: Numbers,
): Promise<string[]> {
  const text = query.replace(/:'(\w+)'/g, (_, name: string) => `'${params[name]}'`);
  const sums = numbers.map(({ column: { name } }) => `coalesce(sum("${name}"::text::numeric), 0)::text`);
  const { rows } = await client.query<string[]>({
    text: `SELECT ${sums.join(', ')} FROM (${text}\n) AS q`,
    rowMode: 'array',
  });
  return rows[0] ?? [];
}

async function sumsOfDocuments(numbers: Numbers): Promise<string[]> {
  const lines = (await readFile(join(ROOT, 'fixtures/producao.ndjson'), 'utf8')).trim().split('\n');
  const valueAt = (document: unknown, path: string) =>
    path
      .split('.')
      .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document);
  const numberOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? Number(Object.values(value)[0]) : Number(value ?? 0);
  return numbers.map(({ column: { name, path = name } }) =>
    String(lines.reduce((sum, line) => sum + numberOf(valueAt(JSON.parse(line), path)), 0)),
  );
}

/** A workbook with the header of the report, and a sheet with the total of each column of numbers. */
async function writeTemplate(path: string, columns: readonly Column[], numbers: Numbers): Promise<void> {
  const workbook = new excel.Workbook();
  workbook.addWorksheet('Dados').addRow(columns.map(({ title, name }) => title ?? name));
  const totals = workbook.addWorksheet('Total');
  for (const [at, { index }] of numbers.entries()) {
    const letters = columnLetters(index);
    totals.getCell(at + 1, 1).value = { formula: `SUM(Dados!${letters}:${letters})`, date1904: false };
  }
  await workbook.xlsx.writeFile(path);
}

/** Floating point adds up to about 15 digits. */
function assertSum(found: unknown, { name, total }: { name: string; total: string }, where: string): void {
  const expected = Number(total);
  assert.ok(
    Math.abs(Number(found) - expected) <= Math.max(1e-6, Math.abs(expected)) * 1e-11,
    `${where}: the sum of "${name}" is ${found}, not ${total}`,
  );
}

/** The total in the manifest, which is that of the source; of a column without one, that of the source. */
function totalOf(
  { manifest }: Exported,
  { column, exact }: Exported['numbers'][number],
  where: string,
): string {
  const total = manifest.totals[column.name];
  if (total !== undefined) assertSum(total, { name: column.name, total: exact }, `the manifest of ${where}`);
  return total ?? exact;
}

describe('LibreOffice', { skip: withoutLibreOffice() }, () => {
  const answers = new Map<string, (number | string)[]>();
  before(async () => {
    const keys = [...exported.keys()];
    const found = await calculate(
      keys.map((key): Calculation => {
        const { path, manifest, numbers } = exported.get(key) as Exported;
        const form = key.split(' as ')[1] as Form;
        const { as } = FORMS[form];
        const sheet = as === 'xlsx' ? '$Dados.' : '@';
        const formulas = numbers.flatMap(({ index }, at) => {
          const range = `${sheet}${columnLetters(index)}2:${columnLetters(index)}${manifest.rows + 1}`;
          return [
            `=SUM(${range})`,
            `=COUNT(${range})`,
            ...(form === 'template' ? [`=$Total.A${at + 1}`] : []),
          ];
        });
        return { file: path, as, formulas };
      }),
    );
    for (const [at, key] of keys.entries()) answers.set(key, found[at] ?? []);
  });

  for (const fixture of reports) {
    for (const form of Object.keys(FORMS) as Form[]) {
      const key = keyOf(fixture, form);
      test(key, () => {
        const file = of(fixture, form);
        const values = [...(answers.get(key) ?? [])];
        for (const number of file.numbers) {
          const { name } = number.column;
          const total = totalOf(file, number, key);
          // Such as keys of 19 digits: text, as the manifest says, and nothing that anybody sums.
          const texts = file.manifest.textNumbers?.[name] ?? 0;
          const [sum, cells] = values.splice(0, 2);
          const count = file.manifest.rows - (file.manifest.nulls[name] ?? 0) - texts;
          assert.equal(cells, count, `${key}: the numbers of "${name}"`);
          const cell = form === 'template' ? [values.shift()] : [];
          if (texts === 0) for (const found of [sum, ...cell]) assertSum(found, { name, total }, key);
          else if (file.manifest.totals[name] !== undefined || form === 'template') {
            const gate = file.manifest.gates.find((each) => each.gate === `long-numbers "${name}"`);
            assert.equal(gate?.ok, false, `${key}: "${name}" is summed, and a run would refuse it`);
          }
        }
        assert.ok(file.manifest.rows > 0 && file.numbers.length > 0);
      });
    }
  }
});

/** Each program prints, file by file, the sums of its columns of numbers. */
const PROGRAMS = {
  pandas: `
import json, sys, pandas
for file in json.loads(%s):
    brazilian = file["brazilian"]
    data = pandas.read_csv(file["path"], sep=";" if brazilian else ",", decimal="," if brazilian else ".",
        encoding="utf-8-sig", usecols=file["columns"], float_precision="round_trip")
    answers.append([float(data.iloc[:, list(data.columns).index(name)].astype(float).sum()) for name in file["names"]])`,
  duckdb: `
import duckdb
for file in json.loads(%s):
    brazilian = file["brazilian"]
    sums = ", ".join('sum("' + name + '"::DOUBLE)' for name in file["names"])
    data = duckdb.read_csv(file["path"], header=True, sep=";" if brazilian else ",", decimal="," if brazilian else ".")
    answers.append(list(duckdb.sql("SELECT " + sums + " FROM data").fetchall()[0]))`,
};

for (const [module, program] of Object.entries(PROGRAMS)) {
  describe(module, { skip: await withoutModule(module) }, () => {
    test('sums every CSV as its manifest does', async () => {
      const files = reports.flatMap((fixture) =>
        (['csv', 'csv pt-BR'] as const).map((form) => ({
          key: keyOf(fixture, form),
          form,
          file: of(fixture, form),
        })),
      );
      const given = files.map(({ form, file }) => ({
        path: file.path,
        brazilian: form === 'csv pt-BR',
        columns: file.numbers.map(({ index }) => index),
        names: file.numbers.map(({ column: { title, name } }) => title ?? name),
      }));
      const lines = program.replace('%s', JSON.stringify(JSON.stringify(given)));
      const found = (await python(
        `import json\nanswers = []${lines}\nprint(json.dumps(answers))`,
      )) as number[][];
      for (const [at, { key, file }] of files.entries()) {
        for (const [column, number] of file.numbers.entries()) {
          assertSum(
            found[at]?.[column],
            { name: number.column.name, total: totalOf(file, number, key) },
            key,
          );
        }
      }
    });
  });
}

test('Northwind is summed, too', {
  skip: northwind === undefined && 'REPORTCTL_TEST_NORTHWIND does not name the Northwind script',
}, () => {
  assert.equal(of(reports.at(-1) as Fixture, 'xlsx').manifest.rows, 2155);
});
