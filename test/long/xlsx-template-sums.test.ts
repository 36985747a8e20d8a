// LibreOffice calculates filled templates: their totals are those of the manifest, and charts have all rows.
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import excel from 'exceljs';
import { unzipped } from '../../src/writers/xlsx/unzip.js';
import { reportctl, temporaryFolder } from '../support/cli.js';
import { savedByLibreOffice, withoutLibreOffice } from '../support/libreoffice.js';
import { type Parts, packed, rewrite } from '../support/template.js';
import { openXlsx } from '../support/xlsx.js';

const REPORT = `title: Vendas
source: docs
collection: vendas
timezone: UTC
columns: { produto: text, quantidade: integer, valor: decimal }
totals: [quantidade, valor]
outputs: [{ format: xlsx, key: a.xlsx }]
`;
const ROWS = Array.from({ length: 1234 }, (_, row) => {
  const produto = row % 3 === 0 ? 'Chá' : 'Café';
  return { produto, quantidade: row % 7, valor: Number(`${row * 17}.${10 + (row % 90)}`) };
});
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const DRAWINGS = 'http://schemas.openxmlformats.org/drawingml/2006';
const TYPES = 'application/vnd.openxmlformats-officedocument.drawing';

/** The panel's cells from B1 down: each formula was saved with the result 1, of which nothing may be seen. */
const PANEL = {
  valor: [
    'SUM(Dados!C5:C5)',
    'SUM(Dados!C5)',
    'SUM(valores)',
    'SUM(Tabela[valor])',
    'SUM(Dados!C:C)-Dados!C2',
    'SUBTOTAL(9,Dados!C5)',
  ],
  cha: ['SUMIF(Dados!A5:A5,"Chá",Dados!C5:C5)', 'SUMPRODUCT((Dados!A5:A5="Chá")*Dados!C5:C5)'],
  quantidade: ['SUM(Dados!B5:B5)'],
  rows: ['COUNTA(Dados!A5:A5)', 'ROWS(Dados!A5:A5)', 'COUNTIF(Dados!C5:C5,">=0")'],
};

/** Totals above the header, one sample in the model row, and a panel with formulas and a chart on another sheet. */
async function designed(): Promise<Buffer> {
  const workbook = new excel.Workbook();
  const panel = workbook.addWorksheet('Painel');
  for (const [index, formula] of Object.values(PANEL).flat().entries())
    panel.getCell(index + 1, 2).value = { formula, result: 1 };
  panel.getCell('A20').value = { formula: '"Linhas: "&COUNTA(Dados!A5:A5)', result: 'Linhas: 1' };
  const sheet = workbook.addWorksheet('Dados');
  sheet.getRow(2).values = ['Total', { formula: 'SUM(B5:B5)', result: 1 }, { formula: 'SUM(C5)', result: 1 }];
  sheet.getRow(3).values = ['Em branco', { formula: 'COUNTBLANK(B5:B5)', result: 1 }];
  sheet.addTable({
    name: 'Tabela',
    ref: 'A4',
    columns: ['produto', 'quantidade', 'valor'].map((name) => ({ name })),
    rows: [['x', 1, 1]],
  });
  workbook.definedNames.add('Dados!$C$5', 'valores');
  const parts = unzipped(Buffer.from(await workbook.xlsx.writeBuffer()));
  addChart(parts);
  return packed(parts);
}

/** A chart on the panel, with the one point that it had in the template. */
function addChart(parts: Parts): void {
  const reference = (range: string, cache: string) => `<c:f>Dados!$${range}$5</c:f>${cache}`;
  const names = `<c:strRef>${reference('A', '<c:strCache><c:ptCount val="1"/><c:pt idx="0"><c:v>x</c:v></c:pt></c:strCache>')}</c:strRef>`;
  const values = `<c:numRef>${reference('C', '<c:numCache><c:ptCount val="1"/><c:pt idx="0"><c:v>1</c:v></c:pt></c:numCache>')}</c:numRef>`;
  const series = `<c:ser><c:idx val="0"/><c:order val="0"/><c:cat>${names}</c:cat><c:val>${values}</c:val></c:ser>`;
  const axis = (name: string, id: number, other: number, at: string) =>
    `<c:${name}><c:axId val="${id}"/><c:scaling/><c:delete val="0"/><c:axPos val="${at}"/><c:crossAx val="${other}"/></c:${name}>`;
  const bars = `<c:barChart><c:barDir val="col"/><c:grouping val="clustered"/>${series}<c:axId val="1"/><c:axId val="2"/></c:barChart>`;
  const plot = `<c:plotArea>${bars}${axis('catAx', 1, 2, 'b')}${axis('valAx', 2, 1, 'l')}</c:plotArea>`;
  const chart = `<c:chartSpace xmlns:c="${DRAWINGS}/chart" xmlns:a="${DRAWINGS}/main"><c:chart>${plot}</c:chart></c:chartSpace>`;
  const place = (name: string, column: number, row: number) =>
    `<xdr:${name}><xdr:col>${column}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>${row}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:${name}>`;
  const frame = `<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="2" name="C"/><xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm><a:graphic><a:graphicData uri="${DRAWINGS}/chart"><c:chart xmlns:c="${DRAWINGS}/chart" r:id="rId1"/></a:graphicData></a:graphic></xdr:graphicFrame>`;
  const drawing = `<xdr:wsDr xmlns:xdr="${DRAWINGS}/spreadsheetDrawing" xmlns:a="${DRAWINGS}/main" xmlns:r="${RELATIONSHIPS}"><xdr:twoCellAnchor>${place('from', 3, 1)}${place('to', 9, 15)}${frame}<xdr:clientData/></xdr:twoCellAnchor></xdr:wsDr>`;
  const related = (type: string, target: string) =>
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${RELATIONSHIPS}/${type}" Target="${target}"/></Relationships>`;
  for (const [name, xml] of Object.entries({
    'xl/charts/chart1.xml': chart,
    'xl/drawings/drawing1.xml': drawing,
    'xl/drawings/_rels/drawing1.xml.rels': related('chart', '../charts/chart1.xml'),
    'xl/worksheets/_rels/sheet1.xml.rels': related('drawing', '../drawings/drawing1.xml'),
  }))
    parts.set(name, Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${xml}`));
  rewrite(parts, 'xl/worksheets/sheet1.xml', (xml) =>
    xml.replace('</worksheet>', `<drawing xmlns:r="${RELATIONSHIPS}" r:id="rId1"/></worksheet>`),
  );
  const types = `<Override PartName="/xl/drawings/drawing1.xml" ContentType="${TYPES}+xml"/><Override PartName="/xl/charts/chart1.xml" ContentType="${TYPES}ml.chart+xml"/>`;
  rewrite(parts, '[Content_Types].xml', (xml) => xml.replace('</Types>', `${types}</Types>`));
}

describe('a filled template in LibreOffice', { skip: withoutLibreOffice() }, () => {
  let folder: string;
  let filled: excel.Workbook;
  let empty: excel.Workbook;
  let saved: Buffer;
  let totals: Readonly<Record<string, string>>;

  async function exported(name: string, ...more: readonly string[]): Promise<Buffer> {
    const { code, stdout, stderr } = await reportctl(
      ['export', 'vendas', '--template', 'modelo.xlsx', '-o', name, '--json', ...more],
      {
        cwd: folder,
        env: { REPORTCTL_SOURCE_DOCS: 'file:vendas.ndjson', REPORTCTL_QUERIES: 'queries' },
      },
    );
    assert.equal(code, 0, stderr);
    totals ??= JSON.parse(stdout).totals;
    return readFile(join(folder, name));
  }

  before(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder, 'queries'));
    await writeFile(join(folder, 'queries/vendas.yaml'), REPORT);
    await writeFile(join(folder, 'vendas.ndjson'), ROWS.map((row) => JSON.stringify(row)).join('\n'));
    await writeFile(join(folder, 'modelo.xlsx'), await designed());
    const calculated = await savedByLibreOffice({
      all: await exported('all.xlsx'),
      none: await exported('none.xlsx', '--limit', '0'),
    });
    saved = calculated.all;
    filled = await openXlsx(calculated.all);
    empty = await openXlsx(calculated.none);
  });
  after(() => rm(folder, { recursive: true }));

  const result = (workbook: excel.Workbook, sheet: string, cell: string) =>
    workbook.getWorksheet(sheet)?.getCell(cell).result;

  test('shows the totals of the manifest', () => {
    const cha = ROWS.filter(({ produto }) => produto === 'Chá').reduce(
      (sum, { valor }) => sum + Number(valor),
      0,
    );
    const expected = {
      valor: Number(totals.valor),
      cha,
      quantidade: Number(totals.quantidade),
      rows: ROWS.length,
    };
    const cells = Object.entries(PANEL).flatMap(([key, formulas]) => {
      return formulas.map((formula) => ({ formula, wanted: expected[key as keyof typeof expected] }));
    });
    for (const [index, { formula, wanted }] of cells.entries()) {
      const value = Number(result(filled, 'Painel', `B${index + 1}`));
      assert.ok(Math.abs(value - wanted) < 0.005, `${formula}: ${value}, wanted ${wanted}`);
    }
    assert.equal(result(filled, 'Painel', 'A20'), `Linhas: ${ROWS.length}`);
    assert.equal(result(filled, 'Dados', 'B2'), expected.quantidade);
    assert.ok(Math.abs(Number(result(filled, 'Dados', 'C2')) - expected.valor) < 0.005);
    assert.equal(result(filled, 'Dados', 'B3'), 0);
  });

  test('draws all rows', () => {
    const chart = unzipped(saved).get('xl/charts/chart1.xml')?.toString() ?? '';
    assert.match(chart, /<c:f>Dados!\$C\$5:\$C\$1238<\/c:f><c:numCache>.*?<c:ptCount val="1234"\/>/);
  });

  test('shows nothing of the template without rows', () => {
    assert.equal(Number(result(empty, 'Painel', 'B1')), 0);
    assert.equal(result(empty, 'Painel', 'A20'), 'Linhas: 0');
  });
});
