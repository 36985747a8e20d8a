// The workbook that a report becomes, as its reader opens it.
import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
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
