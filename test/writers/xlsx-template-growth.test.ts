// What refers to the model row of a template refers to all rows afterwards: formulas, charts, sparklines, pivot tables.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type excel from 'exceljs';
import { withCellFormulas, withoutResults } from '../../src/writers/xlsx/template/cells.js';
import { chartFor, grown, type Place } from '../../src/writers/xlsx/template/growth.js';
import { shifted } from '../../src/writers/xlsx/template/references.js';
import { cellBatch } from '../support/copy-text.js';
import { designed, filled, type Parts, ROWS, rewrite, sheetOf } from '../support/template.js';

const PANEL = 'xl/worksheets/sheet1.xml';
const reach = { model: 5, lastModel: 7, last: 104 };
const grow = (formula: string, place: Place = 'cell', isOwn = false, sheetName = 'Dados') =>
  grown(formula, { sheetName, isOwn }, place, reach);

describe('a formula', () => {
  test('of the model row is one of all rows', () => {
    for (const [before, after] of [
      ['SUM(Dados!C5:C5)', 'SUM(Dados!C5:C104)'],
      ['SUM(Dados!C5)', 'SUM(Dados!C5:C104)'],
      ['SUBTOTAL( 9 , Dados!$C$5 )', 'SUBTOTAL( 9 , Dados!$C$5:$C$104 )'],
      ['SUMIF(Dados!A5:A5,"C5:C5",Dados!C5:C7)*2', 'SUMIF(Dados!A5:A104,"C5:C5",Dados!C5:C104)*2'],
      // Samples below the model row, the header, and room that the author made.
      ['COUNTA(Dados!A4:A7)-1', 'COUNTA(Dados!A4:A104)-1'],
      ['SUM(Dados!C5:C50,dados!C5:C500)', 'SUM(Dados!C5:C104,dados!C5:C500)'],
      ["SUM('Dados'!C5:D5)", "SUM('Dados'!C5:D104)"],
      ['SUM(Dados!5:5)+SUM(Dados!$5:$5)', 'SUM(Dados!5:104)+SUM(Dados!$5:$104)'],
      // As libraries write it that take formulas as they are typed.
      ['sum(dados!c5:c5)+1.5e5+log10(d5)', 'sum(dados!C5:C104)+1.5e5+log10(D5)'],
      ['IF(1.5E5>0,SUM(Dados!E5),0)', 'IF(1.5E5>0,SUM(Dados!E5:E104),0)'],
    ])
      assert.equal(grow(before ?? ''), after);
  });

  test('of anything else stays', () => {
    for (const formula of [
      'SUM(C5:C5)',
      'Dados!C5*1.1',
      'OFFSET(Dados!$C$5,0,0,COUNTA(Dados!A:A))',
      'COUNTIF(Dados!C:C,Dados!C5)',
      'SUM(Outra!C5:C5,[1]Dados!C5:C5)',
      'SUM(Vendas[[#All],[C5]])&"Dados!C5:C5"',
      'SUM(Dados!C1:C4)+LOG10(5)',
      "SUM('Dados 2'!C5:C5)",
      "SUM('Dados:P'!D5:D5)+SUM(Dados:P!D5:D5)+SUM(P:Dados!D5)",
    ])
      assert.equal(grow(formula), formula);
    const long = `SUM(Dados!C5:C5)&"${'x'.repeat(9000)}"`;
    assert.equal(grow(long), long);
  });

  test('finds its sheet by any spelling of its name', () => {
    assert.equal(grow("SUM('D''or & cia'!C5)", 'cell', false, "D'OR & CIA"), "SUM('D''or & cia'!C5:C104)");
    assert.equal(grow('SUM(C5:C5)+SUM(Painel!C5:C5)', 'cell', true), 'SUM(C5:C104)+SUM(Painel!C5:C5)');
  });

  test('of a rule is about its own row unless the row has a $', () => {
    assert.equal(
      grow('COUNTBLANK($A5:$D5)>AVERAGE(C$5:C$5)', 'rule', true),
      'COUNTBLANK($A5:$D5)>AVERAGE(C$5:C$104)',
    );
  });

  test('of a name is a range, or has ranges with $ in it', () => {
    assert.equal(grow('Dados!$C$5', 'name'), 'Dados!$C$5:$C$104');
    assert.equal(grow('Dados!$A$1:$B$2,Dados!$A$4:$D$5', 'name'), 'Dados!$A$1:$B$2,Dados!$A$4:$D$104');
    assert.equal(grow('OFFSET(Dados!$C$5,0,0,9)', 'name'), 'OFFSET(Dados!$C$5,0,0,9)');
  });

  test('that is filled into another cell moves what has no $', () => {
    assert.equal(
      shifted('A1+$B2+C$3+$D$4+E:E+$F:G+7:$8+Dados!A1:B$2', 2, 10),
      'C11+$B12+E$3+$D$4+G:G+$F:I+17:$8+Dados!C11:D$2',
    );
    assert.equal(shifted('"A1"&Vendas[A1]&LOG10(Z9)', 1, 1), '"A1"&Vendas[A1]&LOG10(AA10)');
  });
});

describe('the results that a template was saved with', () => {
  test('are gone with their types, on every sheet, and what is no result stays', () => {
    const row = (cells: string) => `<sheetData><row r="2">${cells}</row></sheetData>`;
    const before = row(
      '<c r="A2"><f>SUM(B2)</f><v>7</v></c><c r="B2" s="3" t="str"><f>"a"</f><v>a</v></c><c r="C2" t="b"><f>TRUE</f><v>1</v></c>' +
        '<c r="D2" t="e"><f t="shared" si="0"/><v>#N/A</v></c><c r="E2"><f t="array" ref="E2:F2">A2:B2</f><v>1</v></c>' +
        '<c r="F2"><v>2</v></c><c r="G2"/><c r="H2"><v>8</v></c><c r="I2" t="s"><v>0</v></c>',
    );
    const after = row(
      '<c r="A2"><f>SUM(B2)</f></c><c r="B2" s="3"><f>"a"</f></c><c r="C2"><f>TRUE</f></c>' +
        '<c r="D2"><f t="shared" si="0"/></c><c r="E2"><f t="array" ref="E2:F2">A2:B2</f></c>' +
        '<c r="F2"></c><c r="G2"/><c r="H2"><v>8</v></c><c r="I2" t="s"><v>0</v></c>',
    );
    assert.equal(withoutResults(before), after);
  });

  test('of all sheets of a workbook', async () => {
    const { parts } = await filled(await designed());
    assert.match(parts.get(PANEL)?.toString() ?? '', /<c r="A1"><f>SUM\(Dados!C:C\)<\/f><\/c>/);
    assert.match(sheetOf(parts), /<c r="A2"><f>COUNTA\(A5:A1048576\)<\/f><\/c>/);
  });

  test('of charts too: the points and their names are read from the cells', () => {
    for (const c of ['c:', '']) {
      const chart = (range: string, cache: string) =>
        `<${c}ser><${c}cat><${c}strRef><${c}f>Dados!$A$${range}</${c}f>${cache.replaceAll('num', 'str')}</${c}strRef></${c}cat>` +
        `<${c}val><${c}numRef><${c}f>'Dados'!$C$${range}</${c}f>${cache}</${c}numRef></${c}val></${c}ser>`;
      const cache = `<${c}numCache><${c}ptCount val="1"/><${c}pt idx="0"><${c}v>7</${c}v></${c}pt></${c}numCache>`;
      assert.equal(
        chartFor(chart('5', cache), 'Dados', reach),
        chart('5', '').replace(/(\$([AC])\$5)/g, '$1:$$$2$$104'),
      );
    }
  });
});

describe('a template', () => {
  const rows = Array.from({ length: 100 }, () => ROWS[0] ?? []);
  const fill = async (
    change: Parameters<typeof designed>[0],
    edit: (parts: Parts) => void = () => undefined,
  ) => {
    const parts = await designed(change);
    edit(parts);
    return (await filled(parts, { batches: [cellBatch(rows)] })).parts;
  };
  const formulasIn = (xml = '') => [...xml.matchAll(/<f[^>]*>([^<]*)/g)].map(([, formula]) => formula);
  const names = (parts: Parts) =>
    [
      ...(parts.get('xl/workbook.xml')?.toString() ?? '').matchAll(
        /<definedName name="([^"]*)"[^>]*>([^<]*)/g,
      ),
    ].map(([, name, range]) => `${name}=${range}`);

  test('has names for the ranges of formulas above its rows, whose number is known at the end', async () => {
    const parts = await fill((workbook, sheet) => {
      sheet.getRow(3).values = [
        'Total',
        { formula: 'SUM($C5:C5)' },
        { formula: "SUM('Dados'!C5)" },
        { formula: 'SUM(C5:C9)+C4' },
      ];
      workbook.definedNames.add('Painel!$A$1', 'linhas_c5');
    });
    assert.deepEqual(formulasIn(sheetOf(parts)).slice(-3), [
      'SUM(Linhas_C5_C5)',
      'SUM(Linhas_C5_2)',
      'SUM(Linhas_C5_C9)+C4',
    ]);
    assert.deepEqual(names(parts), [
      'linhas_c5=Painel!$A$1',
      "Linhas_C5_C5='Dados'!$C$5:$C$104",
      "Linhas_C5_2='Dados'!$C$5:$C$104",
      "Linhas_C5_C9='Dados'!$C$5:$C$104",
    ]);
  });

  test('has such names also where the list of names is missing or empty', async () => {
    for (const list of ['', '<definedNames/>']) {
      const change = (_: excel.Workbook, sheet: excel.Worksheet) => {
        sheet.getCell('C2').value = { formula: 'SUM(C5:C5)' };
      };
      const parts = await fill(change, (before) =>
        before.set(
          'xl/workbook.xml',
          Buffer.from((before.get('xl/workbook.xml')?.toString() ?? '').replace('<calcPr', `${list}<calcPr`)),
        ),
      );
      assert.deepEqual(names(parts), ["Linhas_C5_C5='Dados'!$C$5:$C$104"]);
      assert.match(
        parts.get('xl/workbook.xml')?.toString() ?? '',
        /<\/sheets><definedNames>.*<\/definedNames><calcPr/,
      );
    }
  });

  test('has formulas that cells share in each of them, where they grow', () => {
    const shared = (first: string) =>
      `<row r="1"><c r="B1"><f t="shared" ref="B1:C1" si="0">${first}</f></c><c r="C1" s="1"><f t="shared" si="0"/></c></row>`;
    const change = (formula: string) => grow(formula);
    assert.equal(
      withCellFormulas(shared('SUM(Dados!B5:B5)&amp;$A1'), change),
      '<row r="1"><c r="B1"><f>SUM(Dados!B5:B104)&amp;$A1</f></c><c r="C1" s="1"><f>SUM(Dados!C5:C104)&amp;$A1</f></c></row>',
    );
    assert.equal(withCellFormulas(shared('SUM(B2:B3)'), change), shared('SUM(B2:B3)'));
  });

  test('has sparklines, rules and validations over all rows', async () => {
    const spark = (range: string) =>
      `<extLst><ext xmlns:x14="urn:x14" xmlns:xm="urn:xm"><x14:sparklineGroups><x14:sparklineGroup><x14:sparklines><x14:sparkline><xm:f>${range}</xm:f><xm:sqref>B3</xm:sqref></x14:sparkline></x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext></extLst></worksheet>`;
    const rule = { type: 'expression', formulae: ['$C5>MAX($C$5:$C$5)'], style: {}, priority: 1 };
    const parts = await fill(
      (_, sheet) => {
        sheet.addConditionalFormatting({ ref: 'A5:D5', rules: [rule as excel.ConditionalFormattingRule] });
      },
      (before) => {
        for (const [part, range] of [
          [PANEL, 'Dados!C5'],
          ['xl/worksheets/sheet2.xml', 'C5:C5'],
        ] as const)
          rewrite(before, part, (xml) => xml.replace('</worksheet>', spark(range)));
      },
    );
    assert.match(parts.get(PANEL)?.toString() ?? '', /<xm:f>Dados!C5:C104<\/xm:f><xm:sqref>B3</);
    assert.match(sheetOf(parts), /<xm:f>C5:C104<\/xm:f>/);
    assert.match(sheetOf(parts), /<formula>\$C5&gt;MAX\(\$C\$5:\$C\$104\)<\/formula>/);
  });

  test('has pivot tables of all rows, which are read anew on opening', async () => {
    const cache = (ref: string, refresh: string) =>
      `<pivotCacheDefinition xmlns="urn:x"${refresh}><cacheSource type="worksheet"><worksheetSource ref="${ref}" sheet="Dados"/></cacheSource></pivotCacheDefinition>`;
    const name = 'xl/pivotCache/pivotCacheDefinition1.xml';
    const parts = await fill(undefined, (before) => {
      before.set(name, Buffer.from(cache('A4:D5', '')));
      const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml.pivotCacheDefinition+xml';
      rewrite(before, '[Content_Types].xml', (xml) =>
        xml.replace('</Types>', `<Override PartName="/${name}" ContentType="${type}"/></Types>`),
      );
    });
    assert.equal(parts.get(name)?.toString(), cache('A4:D104', ' refreshOnLoad="1"'));
  });
});
