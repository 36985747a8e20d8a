// The workbook that a report becomes, as its reader opens it.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT, reportctl, temporaryFolder } from '../support/cli.js';
import { openXlsx, valuesOf } from '../support/xlsx.js';

let folder: string;
before(async () => {
  folder = await temporaryFolder();
});
after(async () => {
  await rm(folder, { recursive: true });
});

test('Resumo says in words what was asked for, with the titles of the report and the period as dates', async () => {
  const path = join(folder, 'a.xlsx');
  const filters = [
    '--product-type',
    'Bebidas',
    '--product-type',
    'Limpeza',
    '--price',
    '..15.99',
    '--limit',
    '7',
  ];
  const { code, stderr } = await reportctl(
    ['export', 'producao', '--date', '2024-08-10..2024-09-05', ...filters, '--locale', 'pt-BR', '-o', path],
    { env: { REPORTCTL_SOURCE_PRODUCAO: `file:${join(ROOT, 'fixtures/producao.ndjson')}` } },
  );
  assert.equal(code, 0, stderr);
  const rows = valuesOf((await openXlsx(await readFile(path))).getWorksheet('Resumo'), 3);
  const headings = rows
    .map(([first]) => first)
    .filter((first) => first === 'Organização' || first === 'Tipo de produto');
  assert.deepEqual(headings, ['Tipo de produto', 'Organização', 'Tipo de produto']);
  assert.deepEqual(rows.slice(2, 7), [
    ['Período', new Date('2024-08-10'), new Date('2024-09-05')],
    ['Tipo de produto', 'Bebidas ou Limpeza', undefined],
    ['Preço unitário', 'até 15,99', undefined],
    ['Limite de linhas', 7, undefined],
    ['Linhas', 7, undefined],
  ]);
});

test('a column has the format of its definition, and a wrong one is one line and no file', async () => {
  const queries = join(folder, 'queries');
  await mkdir(queries);
  await writeFile(
    join(folder, 'docs.ndjson'),
    '{"parte":0.1256,"peso":2.5,"sobra":0.125}\n{"parte":1,"peso":10,"sobra":2}\n',
  );
  const columns = (format: string) =>
    `parte: { kind: decimal, format: '${format}' }, peso: { kind: decimal, format: '0.0 "kg"' }, sobra: decimal`;
  const exported = async (format: string) => {
    const yaml = `source: docs\ncollection: docs\ncolumns: { ${columns(format)} }\ntotals: [peso]\n`;
    await writeFile(join(queries, 'partes.yaml'), yaml);
    return reportctl(['export', 'partes', '-o', join(folder, 'partes.xlsx')], {
      env: { REPORTCTL_QUERIES: queries, REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}` },
    });
  };
  const refused = await exported('#.##0,00');
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /partes\.yaml:3: columns\.parte\.format: found "#\.##0,00"; give a format such as 0\.0%, [^\n]*\n$/,
  );
  await assert.rejects(readFile(join(folder, 'partes.xlsx')), { code: 'ENOENT' });
  const { code, stderr } = await exported('0.0%');
  assert.equal(code, 0, stderr);
  const workbook = await openXlsx(await readFile(join(folder, 'partes.xlsx')));
  const formats = [1, 2, 3].map((column) => workbook.getWorksheet('Dados')?.getCell(2, column).numFmt);
  assert.deepEqual(formats, ['0.0%', '0.0 "kg"', '#,##0.000']);
});
