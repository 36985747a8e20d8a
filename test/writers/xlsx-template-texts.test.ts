// The place-holders of a template, and the lines that say what it loses to the rows and what cannot follow them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type excel from 'exceljs';
import type { About } from '../../src/core/writer.js';
import { templateCautions, templateOf } from '../../src/writers/xlsx/template/open.js';
import { COLUMNS, designed, filled, type Parts, packed, rewrite } from '../support/template.js';
import { openXlsx } from '../support/xlsx.js';

const ABOUT: About = {
  report: 'vendas',
  title: 'Vendas & <custos>',
  period: { from: '2024-10-01', last: '2024-10-31' },
  filters: [
    { word: 'date', test: { of: 'dates', anyOf: [{ from: undefined, to: undefined }] } },
    { word: 'product', test: { of: 'texts', anyOf: ['Chá', 'Café'] } },
    { word: 'quantity', title: 'Unidades', test: { of: 'numbers', anyOf: [{ from: '1.5', to: undefined }] } },
  ],
  params: { moeda: 'BRL' },
  limit: 10,
};
const SHARED = 'xl/sharedStrings.xml';

function panelOf(workbook: excel.Workbook): excel.Worksheet {
  const sheet = workbook.getWorksheet('Painel');
  assert.ok(sheet);
  return sheet;
}

/** The texts of the panel's column B from row 1, as exceljs reads them. */
async function panel(texts: readonly excel.CellValue[], about = ABOUT, locale: 'pt-BR' | 'none' = 'pt-BR') {
  const parts = await designed((workbook) => {
    for (const [index, text] of texts.entries()) panelOf(workbook).getCell(index + 1, 2).value = text;
  });
  const { bytes, notes } = await filled(parts, { about, ...(locale === 'none' ? {} : { locale }) });
  const sheet = (await openXlsx(bytes)).worksheets[0];
  return { texts: texts.map((_, index) => sheet?.getCell(index + 1, 2).value), notes };
}

describe('place-holders', () => {
  test('are filled in the words of the locale', async () => {
    const all = ['{title}', 'Período: {period}.', '{filters}', '{PERIOD} {Title}'];
    assert.deepEqual((await panel(all)).texts, [
      'Vendas & <custos>',
      'Período: de 01/10/2024 a 31/10/2024.',
      'Produto: Chá ou Café; Unidades: a partir de 1,5; Parâmetro moeda: BRL; Limite de linhas: 10',
      'de 01/10/2024 a 31/10/2024 Vendas & <custos>',
    ]);
    assert.equal((await panel(['{period}'], ABOUT, 'none')).texts[0], 'from 2024-10-01 to 2024-10-31');
    assert.deepEqual((await panel(['{title}', '{period}', '{filters}'], {})).texts, [
      'Relatório',
      'todos os dias',
      'Nenhum',
    ]);
    const day = { ...ABOUT, period: { from: '2024-10-05', last: '2024-10-05' } };
    assert.equal((await panel(['{period}'], day)).texts[0], '05/10/2024');
  });

  test('keep the looks of a text with several, also where one begins in one and ends in another', async () => {
    const bold = { bold: true };
    const rich = { richText: [{ font: bold, text: 'De: {per' }, { text: 'io' }, { text: 'd}; {title}!' }] };
    const { texts } = await panel([rich]);
    assert.deepEqual(
      (texts[0] as excel.CellRichTextValue).richText.map(({ text, font }) => [text, font?.bold]),
      [
        ['De: de 01/10/2024 a 31/10/2024', true],
        ['', undefined],
        ['; Vendas & <custos>!', undefined],
      ],
    );
  });

  test('are filled in inline texts, page heads, charts and text boxes, and not in the names of table columns', async () => {
    const parts = await designed((workbook, sheet) => {
      const first = panelOf(workbook);
      first.headerFooter.oddHeader = '&L&14{title}&R{period}';
      first.headerFooter.evenFooter = '{filters}';
      sheet.getCell('D4').value = 'Quantidade';
      first.addTable({ name: 'Outra', ref: 'D1', columns: [{ name: '{title}' }], rows: [[1]] });
    });
    rewrite(parts, sheetOfPanel, (xml) =>
      xml.replace(
        '<sheetData>',
        '<sheetData><row r="20"><c r="A20" t="inlineStr"><is><t>{period}</t></is></c></row>',
      ),
    );
    const drawing = 'xl/drawings/drawing1.xml';
    rewrite(parts, drawing, (xml) =>
      xml.replace(
        '</xdr:wsDr>',
        '<x xmlns:a="urn:a"><a:p><a:r><a:t>Em {per</a:t></a:r><a:r><a:t>iod}: {title}</a:t></a:r></a:p></x></xdr:wsDr>',
      ),
    );
    const long = {
      ...ABOUT,
      filters: [{ word: 'product', test: { of: 'texts', anyOf: ['&'.repeat(300)] } }],
    } as About;
    const { parts: written } = await filled(parts, { about: long, locale: 'pt-BR' });
    const sheet = textOf(written, sheetOfPanel);
    assert.match(
      sheet,
      /<oddHeader>&amp;L&amp;14 Vendas &amp;&amp; &lt;custos&gt;&amp;Rde 01\/10\/2024 a 31\/10\/2024<\/oddHeader>/,
    );
    const [, foot = ''] = /<evenFooter>(.*)<\/evenFooter>/.exec(sheet) ?? [];
    assert.match(foot, /^Produto: (&amp;&amp;)+$/);
    assert.ok(foot.replaceAll('&amp;', '&').length <= 255);
    assert.match(sheet, /<is><t xml:space="preserve">de 01\/10\/2024 a 31\/10\/2024<\/t><\/is>/);
    assert.match(
      textOf(written, drawing),
      /<a:t>Em de 01\/10\/2024 a 31\/10\/2024<\/a:t><\/a:r><a:r><a:t>: Vendas &amp; &lt;custos&gt;<\/a:t>/,
    );
    assert.match(textOf(written, SHARED), /<t>\{title\}<\/t>/);
  });

  test('that do not exist in page heads and text boxes stay, with a line', async () => {
    const parts = await designed((workbook) => {
      panelOf(workbook).headerFooter.oddFooter = '&L{rodape} {title}';
    });
    rewrite(parts, 'xl/drawings/drawing1.xml', (xml) =>
      xml.replace(
        '</xdr:wsDr>',
        '<x xmlns:a="urn:a"><a:p><a:r><a:t>{cai</a:t></a:r><a:r><a:t>xa}</a:t></a:r></a:p></x></xdr:wsDr>',
      ),
    );
    const { notes } = await filled(parts);
    assert.deepEqual(
      notes.flatMap((note) => /\{\w+\}(?= is no place-holder)/.exec(note) ?? []),
      ['{rodape}', '{caixa}'],
    );
  });

  test('that do not exist stay, with a line', async () => {
    const { texts, notes } = await panel(['{perido} {title', '{1,2} {}', '{título}']);
    assert.deepEqual(texts, ['{perido} {title', '{1,2} {}', '{título}']);
    assert.deepEqual(
      notes.filter((note) => note.includes('place-holder')),
      ['{perido}', '{título}'].map(
        (word) =>
          `the template modelo.xlsx: ${word} is no place-holder and stays as it is; there are {title}, {period} and {filters}`,
      ),
    );
  });
});

const sheetOfPanel = 'xl/worksheets/sheet1.xml';
const textOf = (parts: Parts, name: string) => parts.get(name)?.toString() ?? '';

describe('what a template loses', () => {
  /** Without the file's name, and without the line for the rows that every such template has below its model row. */
  async function cautions(
    change: Parameters<typeof designed>[0],
    edit: (parts: Parts) => void = () => undefined,
  ) {
    const parts = await designed(change);
    edit(parts);
    const lines = templateCautions(templateOf('/x/modelo.xlsx', await packed(parts)), COLUMNS);
    assert.ok(lines.every((line) => line.startsWith('the template modelo.xlsx: ')));
    return lines.map((line) => line.slice('the template modelo.xlsx: '.length));
  }

  test('rows below the model row, with their formulas, and cells beside it', async () => {
    const [below, beside] = await cautions((_, sheet) => {
      sheet.getRow(8).values = ['Total', '', { formula: 'SUM(C5:C7)' }, { formula: 'SUM(D5:D7)' }];
      sheet.getCell('F5').value = { formula: 'C5*2' };
    });
    assert.equal(
      below,
      'rows 6 to 9 of the sheet "Dados", below the model row, are left out: 9 cells, with a formula in C8, D8; put totals above the header or on another sheet',
    );
    assert.equal(beside, 'what stands beside the model row of the sheet "Dados" is left out: F5, after D');
  });

  test('a sheet of last month, with more rows than a call takes arguments', async () => {
    const parts = await designed();
    const rows = Array.from({ length: 130_000 }, (_, index) => {
      const number = index + 10;
      return `<row r="${number}"><c r="A${number}" t="inlineStr"><is><t>{x}</t></is></c></row>`;
    });
    rewrite(parts, 'xl/worksheets/sheet2.xml', (xml) =>
      xml.replace('</sheetData>', `${rows.join('')}</sheetData>`),
    );
    const template = { ...templateOf('modelo.xlsx', Buffer.alloc(0)), parts: () => parts };
    const lines = templateCautions(template, COLUMNS).join('\n');
    assert.match(lines, /rows 6 to 130009 of the sheet "Dados"/);
    assert.match(lines, /\{x\} is no place-holder/);
  });

  test('references to those rows, and to one cell of the model row', async () => {
    const lines = await cautions((workbook) => {
      const panelSheet = panelOf(workbook);
      panelSheet.getCell('B1').value = { formula: 'Dados!C8' };
      panelSheet.getCell('B2').value = { formula: 'Dados!C5*1.1' };
      panelSheet.getCell('B3').value = { formula: 'Dados!$C$5&Dados!B$5' };
      panelSheet.getCell('B4').value = { formula: 'SUM(Dados!C5)+SUM(Dados!C5:C9)+Dados!C500' };
      panelSheet.getCell('B5').value = { formula: 'SUM(INDIRECT("Dados!C5:C5"))&INDIRECT("Dados!C1")' };
      panelSheet.getCell('B6').value = { formula: 'INDIRECT("Dados!C"&ROW())&INDIRECT("Outra!C5")' };
      panelSheet.getCell('B7').value = { formula: "SUM(Dados:Outra!D5:D5)+SUM('Dados:Outra'!C5)" };
      panelSheet.getCell('B8').value = { formula: 'SUM(Dados:Outra!D1:D2)' };
      workbook.definedNames.add('Dados!$C$9', 'total');
    });
    assert.deepEqual(lines.slice(1), [
      'Painel!B1, the name total refer to rows below the model row, which are replaced',
      'Painel!B2 refers to one cell of the model row, and so to the first row alone; write a range such as C5:C5 for all rows, or a $ before the row for the first',
      'Painel!B7 refers to the model row of several sheets at once, which does not follow the rows; write the range of the one sheet',
      'Painel!B5 refers to the model row in a text of INDIRECT, which does not follow the rows; write the range itself',
    ]);
  });

  test('sparklines of single rows', async () => {
    const spark =
      '<extLst><ext xmlns:x14="urn:x14" xmlns:xm="urn:xm"><x14:sparkline><xm:f>A5:D5</xm:f><xm:sqref>F5</xm:sqref></x14:sparkline></ext></extLst></worksheet>';
    const lines = await cautions(undefined, (parts) =>
      rewrite(parts, 'xl/worksheets/sheet2.xml', (xml) => xml.replace('</worksheet>', spark)),
    );
    assert.match(lines[1] ?? '', /^sparklines in F5 of the sheet "Dados" stand among the rows/);
  });

  test('pictures over the rows', async () => {
    const lines = await cautions((workbook, sheet) => {
      const image = workbook.addImage({ base64: 'iVBORw0KGgo=', extension: 'png' });
      sheet.addImage(image, 'B5:C9');
      sheet.addImage(image, 'F5:G9');
    });
    assert.deepEqual(lines.slice(1), [
      'a picture or chart lies over the rows of the sheet "Dados"; put them above the header or after column D',
    ]);
  });

  test('nothing: no line', async () => {
    const lines = await cautions((_, sheet) => {
      for (const row of [6, 9]) sheet.getRow(row).values = [];
    });
    assert.deepEqual(lines, []);
  });
});
