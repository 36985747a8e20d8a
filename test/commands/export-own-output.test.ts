// What an export takes from the report's own output of its format, and what wins over it.
import assert from 'node:assert/strict';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { assertRefused, reportctl, temporaryFolder } from '../support/cli.js';
import { openXlsx } from '../support/xlsx.js';

const DEFINITION = `source: vendas
collection: vendas
columns: { dia: date, valor: decimal }
outputs:
  - { format: xlsx, key: "{report}.xlsx", template: modelo.xlsx, sheet: Vendas }
  - { format: csv, key: "{report}_{YYYYMMDD}.csv", locale: pt-BR, 'null': "-" }
  - { format: csv, key: "{report}_{YYYYMMDD}_b.csv" }`;

let folder: string;
before(async () => {
  folder = await temporaryFolder();
  await writeFile(
    join(folder, 'vendas.ndjson'),
    '{"dia":"2024-10-05","valor":1234.5}\n{"dia":"2024-10-06"}\n',
  );
  await mkdir(join(folder, 'queries'));
  await writeFile(join(folder, 'queries/modelo.xlsx'), await template());
  await writeFile(join(folder, 'queries/vendas.yaml'), DEFINITION);
});

/** A workbook with the header on its sheet Vendas, as the report itself writes it. */
async function template(): Promise<Buffer> {
  const { default: exceljs } = await import('exceljs');
  const workbook = new exceljs.Workbook();
  workbook.addWorksheet('Vendas').addRow(['dia', 'valor']);
  workbook.addWorksheet('Capa').addRow(['capa']);
  return Buffer.from(await workbook.xlsx.writeBuffer());
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const variables = { REPORTCTL_SOURCE_VENDAS: `file:${folder}/`, ...env };
  return reportctl(['export', ...args], { cwd: folder, env: variables });
}

async function csv(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await run(['vendas', '-o', '-', ...args], env);
  assert.equal(code, 0, stderr);
  return stdout;
}

const BRAZILIAN = '\ufeffdia;valor\r\n05/10/2024;1234,5\r\n06/10/2024;';

test('the dialect of the first output of the format, and flags win over single options of it', async () => {
  assert.equal(await csv([]), `${BRAZILIAN}-\r\n`);
  assert.equal(await csv(['--null', 'nada']), `${BRAZILIAN}nada\r\n`);
  assert.equal(await csv(['--eol', 'lf', '--columns', 'valor']), '\ufeffvalor\n1234,5\n-\n');
});

test('--locale brings its whole dialect, --plain none', async () => {
  assert.equal(await csv(['--locale', 'pt-BR']), `${BRAZILIAN}\r\n`);
  assert.equal(await csv(['--plain']), 'dia,valor\n2024-10-05,1234.5\n2024-10-06,\n');
  assert.equal(await csv(['--plain', '--delimiter', ';']), 'dia;valor\n2024-10-05;1234.5\n2024-10-06;\n');
});

test('REPORTCTL_LOCALE is for what names no locale', async () => {
  const env = { REPORTCTL_LOCALE: 'pt-BR' };
  await writeFile(join(folder, 'queries/sem.yaml'), DEFINITION.slice(0, DEFINITION.indexOf('outputs')));
  const exported = await run(['sem', '-o', '-'], env);
  assert.equal(exported.stdout, `${BRAZILIAN}\r\n`);
  assert.equal(await csv(['--plain'], env), 'dia,valor\n2024-10-05,1234.5\n2024-10-06,\n');
  assertRefused(
    await run(['sem', '-o', '-'], { REPORTCTL_LOCALE: 'pt' }),
    2,
    /REPORTCTL_LOCALE is "pt".*pt-BR/,
  );
});

test('the template, where all columns are exported', async () => {
  const sheets = async (...args: string[]) => {
    const { code, stderr } = await run(['vendas', '-o', 'x.xlsx', '--overwrite', ...args]);
    assert.equal(code, 0, stderr);
    return (await openXlsx(await readFile(join(folder, 'x.xlsx')))).worksheets.map(({ name }) => name);
  };
  assert.deepEqual(await sheets(), ['Vendas', 'Capa']);
  assert.ok(!(await sheets('--columns', 'valor')).includes('Capa'));
  assert.ok(!(await sheets('--plain')).includes('Capa'));
});

test('--no-manifest leaves no companion, not even that of the file it replaces', async () => {
  const there = (name: string) =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  assert.equal((await run(['vendas', '-o', 'm.csv'])).code, 0);
  assert.ok(await there('m.csv.manifest.json'));
  assert.equal((await run(['vendas', '-o', 'm.csv', '--overwrite', '--no-manifest'])).code, 0);
  assert.deepEqual([await there('m.csv'), await there('m.csv.manifest.json')], [true, false]);
});
