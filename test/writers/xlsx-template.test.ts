// A workbook that somebody designed takes the rows: what is replaced, what grows with it, and that all else stays as it is.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type excel from 'exceljs';
import { ReportError } from '../../src/core/errors.js';
import type { Batch, Column } from '../../src/core/table.js';
import { definitionHash } from '../../src/reports/definition-hash.js';
import { loadReport } from '../../src/reports/load-report.js';
import { checkTemplate, readTemplate } from '../../src/writers/xlsx/template/open.js';
import { cellBatch, copyTextBatch } from '../support/copy-text.js';
import {
  COLUMNS,
  designed,
  type Filling,
  filled,
  packed,
  ROWS,
  rewrite,
  sheetOf,
  withoutRows,
} from '../support/template.js';
import { openXlsx, valuesOf } from '../support/xlsx.js';

const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const CHART =
  '<?xml version="1.0"?><c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart/></c:chartSpace>';

describe('the rows', () => {
  test('take the place of the model row and of all below it, with its styles, and what is above stays', async () => {
    const { bytes, notes } = await filled(await designed());
    const sheet = (await openXlsx(bytes)).getWorksheet('Dados');
    assert.ok(sheet);
    assert.deepEqual(valuesOf(sheet, 4).slice(3), [
      ['Código', 'Dia', 'Valor (R$)', 'Quantidade'],
      ['007', new Date('2024-10-05'), 1234.5, 3],
      ['=1+1', '1899-12-31', '', 4],
      ['', new Date('2024-10-07'), -0.1, '12345678901234567'],
    ]);
    assert.equal(sheet.getCell('A1').value, 'Relatório da casa');
    assert.equal(sheet.getCell('A2').formula, 'COUNTA(A5:A1048576)');
    assert.equal(sheet.getImages().length, 1);
    for (let row = 5; row <= 7; row++) {
      assert.equal(sheet.getRow(row).height, 21);
      for (const [index, format] of ['@', 'dd/mm/yyyy', '"R$" #,##0.00', '0'].entries()) {
        const cell = sheet.getCell(row, index + 1);
        assert.equal(cell.numFmt, format);
        assert.equal((cell.fill as excel.FillPattern).fgColor?.argb, 'FFFFEECC', cell.address);
      }
    }
    assert.deepEqual(notes, [
      'the template modelo.xlsx: rows 6 to 9 of the sheet "Dados", below the model row, are left out: 5 cells; put totals above the header or on another sheet',
      'xlsx: 1 number kept as text: more than 15 significant digits, or out of range',
      'xlsx: 1 date kept as text: before 1900-03-01, or after 9999-12-31',
    ]);
  });

  test('make the same bytes from cells and from COPY text, in batches of any size', async () => {
    const template = await packed(await designed());
    const whole = await filled(template);
    const single = await filled(template, { batches: ROWS.map((row) => copyTextBatch([row])) });
    assert.ok(whole.bytes.equals(single.bytes));
  });

  test('are refused with strict when Excel cannot hold them', async () => {
    await assert.rejects(filled(await designed(), { strict: true }), {
      code: 'contract',
      message: /row 2, column "dia"/,
    });
  });

  test('go into the sheet that was named, however its name is written', async () => {
    const name = "Dados d'Órgão & <cia>";
    const parts = await designed((workbook, sheet) => {
      sheet.name = name;
      workbook.definedNames.add(`'${name.replaceAll("'", "''")}'!$C$5:$C$5`, 'valores');
    });
    const { bytes } = await filled(parts, { sheet: name.toUpperCase() });
    const workbook = await openXlsx(bytes);
    assert.equal(workbook.getWorksheet(name)?.getCell('A5').value, '007');
    assert.deepEqual(
      workbook.worksheets.map((sheet) => sheet.name),
      ['Painel', name],
    );
    assert.match(workbook.definedNames.getRanges('valores').ranges[0] ?? '', /!\$C\$5:\$C\$7$/);
  });

  test('none: the header stays, and ranges keep one row', async () => {
    const parts = await designed((_, sheet) => {
      sheet.autoFilter = 'A4:D6';
    });
    const { bytes, parts: written } = await filled(parts, { batches: [] });
    assert.equal((await openXlsx(bytes)).getWorksheet('Dados')?.actualRowCount, 3);
    assert.ok(sheetOf(written).includes('<autoFilter ref="A4:D5"/>'));
  });

  test('more than the sheet has room for are refused: there is no second sheet', async () => {
    const columns: readonly Column[] = [{ name: 'id', kind: 'integer' }];
    const parts = await designed();
    rewrite(parts, 'xl/worksheets/sheet2.xml', (xml) =>
      xml.replace(
        /<sheetData>.*<\/sheetData>/s,
        '<sheetData><row r="1048573"><c r="A1048573" t="str"><v>id</v></c></row></sheetData>',
      ),
    );
    const rows = [['7'], ['8'], ['9']];
    const { parts: full } = await filled(parts, { columns, batches: [cellBatch(rows)] });
    assert.match(sheetOf(full), /<c r="A1048576" s="\d+"><v>9<\/v><\/c><\/row><\/sheetData>/);
    for (const batches of [[cellBatch([...rows, ['10']])], [cellBatch(rows), copyTextBatch([['10']])]]) {
      await assert.rejects(filled(parts, { columns, batches }), {
        code: 'contract',
        message: /more than 3 rows, .* sheet "Dados" of the template modelo\.xlsx/,
      });
    }
  });
});

describe('everything else', () => {
  test('stays byte for byte: charts, drawings, media, themes, other sheets but for the results of their formulas', async () => {
    const parts = await designed();
    parts.set('xl/charts/chart1.xml', Buffer.from(CHART));
    parts.set('xl/printerSettings/printerSettings1.bin', Buffer.from([0, 255, 254, 0]));
    rewrite(parts, 'xl/drawings/_rels/drawing1.xml.rels', (xml) =>
      xml.replace(
        '</Relationships>',
        `<Relationship Id="rId9" Type="${RELATIONSHIPS}/chart" Target="../charts/chart1.xml"/></Relationships>`,
      ),
    );
    const { parts: written } = await filled(parts);
    const touched = ['xl/worksheets/sheet1.xml', 'xl/worksheets/sheet2.xml', 'xl/workbook.xml'];
    assert.deepEqual([...written.keys()].sort(), [...parts.keys()].sort());
    for (const [name, content] of parts) {
      assert.equal(written.get(name)?.equals(content), !touched.includes(name), name);
    }
    assert.ok([...parts.keys()].some((name) => name.startsWith('xl/media/')));
    assert.match(written.get('xl/worksheets/sheet1.xml')?.toString() ?? '', /<f>SUM\(Dados!C:C\)<\/f>/);
  });

  test('is calculated when it is opened, and the calculation chain goes', async () => {
    for (const before of ['<calcPr calcId="171027"/>', '<calcPr calcId="1" fullCalcOnLoad="0"/>', '']) {
      const parts = await designed();
      parts.set('xl/calcChain.xml', Buffer.from('<calcChain><c r="C9" i="2"/></calcChain>'));
      rewrite(parts, 'xl/_rels/workbook.xml.rels', (xml) =>
        xml.replace(
          '</Relationships>',
          `<Relationship Id="rId99" Type="${RELATIONSHIPS}/calcChain" Target="/xl/calcChain.xml"/></Relationships>`,
        ),
      );
      const types = '[Content_Types].xml';
      const chain = '<Override PartName="/xl/calcChain.xml" ContentType="application/calcChain+xml"/>';
      rewrite(parts, types, (xml) => xml.replace('</Types>', `${chain}</Types>`));
      parts.set(
        'xl/workbook.xml',
        Buffer.from((parts.get('xl/workbook.xml')?.toString() ?? '').replace(/<calcPr [^>]*\/>/, before)),
      );
      const { parts: written, bytes } = await filled(parts);
      for (const [name, part] of written) assert.ok(!/calcChain/.test(name + part.toString()), name);
      const [element] = /<calcPr [^>]*>/.exec(written.get('xl/workbook.xml')?.toString() ?? '') ?? [];
      assert.equal(element?.match(/fullCalcOnLoad="1"/g)?.length, 1, before);
      await openXlsx(bytes);
    }
  });
});

describe('ranges over the model row', () => {
  test('reach to the last row: filters, rules, names; what is elsewhere stays', async () => {
    const rule = { type: 'expression', formulae: ['$C5>10'], style: { font: { bold: true } }, priority: 1 };
    const parts = await designed((workbook, sheet) => {
      sheet.autoFilter = 'A4:D6';
      sheet.addConditionalFormatting({ ref: 'A5:D5', rules: [rule as excel.ConditionalFormattingRule] });
      sheet.addConditionalFormatting({ ref: 'A1:B2', rules: [rule as excel.ConditionalFormattingRule] });
      sheet.getCell('D5').dataValidation = { type: 'whole', operator: 'greaterThan', formulae: [0] };
      workbook.definedNames.add('Dados!$C$5:$C$6', 'valores');
      workbook.definedNames.add('Dados!$A$1:$B$1', 'titulo');
      workbook.definedNames.add('Painel!$A$5:$B$5', 'outra');
      sheet.pageSetup.printArea = 'A1:D6';
    });
    rewrite(parts, 'xl/worksheets/sheet2.xml', (xml) =>
      xml.replace(
        '</worksheet>',
        '<extLst><ext xmlns:x14="urn:x14" xmlns:xm="urn:xm"><x14:conditionalFormattings><x14:conditionalFormatting><xm:sqref>C5:C6 A1</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst></worksheet>',
      ),
    );
    // As Excel has it where the filter was set over a header alone.
    const filter =
      '<definedName name="_xlnm._FilterDatabase" localSheetId="1" hidden="1">Dados!$A$4:$D$4</definedName>';
    rewrite(parts, 'xl/workbook.xml', (xml) => xml.replace('</definedNames>', `${filter}</definedNames>`));
    const rows = Array.from({ length: 1500 }, () => ROWS[0] ?? []);
    const { parts: written } = await filled(parts, { batches: [cellBatch(rows)] });
    const sheet = sheetOf(written);
    const [last] = /<row r="(\d+)"(?!.*<row )/s.exec(sheet)?.slice(1) ?? [];
    assert.equal(last, '1504');
    assert.ok(sheet.includes('<autoFilter ref="A4:D1504"/>'));
    assert.deepEqual(
      [...sheet.matchAll(/<conditionalFormatting sqref="([^"]*)"/g)].map((match) => match[1]),
      ['A5:D1504', 'A1:B2'],
    );
    assert.match(sheet, /<dataValidation [^>]*sqref="D5:D1504"/);
    assert.ok(sheet.includes('<xm:sqref>C5:C1504 A1</xm:sqref>'));
    // A range is told by its reader's own means: where the rows end nobody knows when the sheet begins.
    assert.doesNotMatch(sheet, /<dimension/);
    const names = Object.fromEntries(
      [
        ...(written.get('xl/workbook.xml')?.toString() ?? '').matchAll(
          /<definedName name="([^"]*)"[^>]*>([^<]*)/g,
        ),
      ].map(([, name, range]) => [name, range?.replaceAll('&apos;', '').replaceAll("'", '')]),
    );
    assert.deepEqual(names, {
      valores: 'Dados!$C$5:$C$1504',
      titulo: 'Dados!$A$1:$B$1',
      outra: 'Painel!$A$5:$B$5',
      '_xlnm.Print_Area': 'Dados!$A1:$D1504',
      '_xlnm._FilterDatabase': 'Dados!$A$4:$D$1504',
    });
  });

  test('that their author made longer than the samples stay so while the rows fit in', async () => {
    const parts = await designed((workbook) => {
      workbook.definedNames.add('Dados!$C$5:$C$1000', 'valores');
    });
    const name = async (rows: number) => {
      const batch = cellBatch(Array.from({ length: rows }, () => ROWS[0] ?? []));
      const { parts: written } = await filled(parts, { batches: [batch] });
      return /valores"[^>]*>[^$]*([^<]*)/.exec(written.get('xl/workbook.xml')?.toString() ?? '')?.[1];
    };
    assert.equal(await name(2), '$C$5:$C$1000');
    assert.equal(await name(1500), '$C$5:$C$1504');
  });

  test('a table has all rows and no row of totals', async () => {
    const parts = await designed((_, sheet) => {
      sheet.addTable({
        name: 'Vendas',
        ref: 'A4',
        headerRow: true,
        totalsRow: true,
        columns: ['Código', 'Dia', 'Valor (R$)', 'Quantidade'].map((name) => ({ name, filterButton: true })),
        rows: [['x', new Date('2020-01-01'), 1, 2]],
      });
    });
    const { parts: written } = await filled(parts);
    const table = written.get('xl/tables/table1.xml')?.toString() ?? '';
    assert.match(table, /<table [^>]*ref="A4:D7"/);
    assert.match(table, /<autoFilter ref="A4:D7"/);
    assert.doesNotMatch(table, /totalsRowCount/);
    const { parts: empty } = await filled(parts, { batches: [] });
    assert.match(empty.get('xl/tables/table1.xml')?.toString() ?? '', /<table [^>]*ref="A4:D5"/);
  });

  test('merged cells and links of the rows that go, go with them', async () => {
    const parts = await designed();
    rewrite(parts, 'xl/worksheets/sheet2.xml', (xml) =>
      xml.replace(
        '<pageMargins',
        '<hyperlinks><hyperlink ref="A6" location="Painel!A1"/></hyperlinks><pageMargins',
      ),
    );
    const sheet = sheetOf((await filled(parts)).parts);
    assert.match(sheet, /<mergeCells count="1"><mergeCell ref="A1:B1"\/><\/mergeCells>/);
    assert.doesNotMatch(sheet, /hyperlink|A9/);
  });
});

describe('without a model', () => {
  test('columns have the formats that they have without a template', async () => {
    const parts = await designed((_, sheet) => {
      sheet.getCell('D4').value = 'Em';
    });
    withoutRows(parts, 5);
    const columns: readonly Column[] = [...COLUMNS.slice(0, 3), { name: 'em', kind: 'timestamp' }];
    const batches = [cellBatch([['007', '2024-10-05', '1.5', '2024-10-05 10:00:00-03']])];
    for (const [locale, day] of [
      [undefined, 'yyyy-mm-dd'],
      ['pt-BR', 'dd/mm/yyyy'],
    ] as const) {
      const { bytes } = await filled(parts, { columns, batches, locale });
      const sheet = (await openXlsx(bytes)).getWorksheet('Dados');
      const formats = [1, 2, 3, 4].map((column) => sheet?.getCell(5, column).numFmt);
      assert.deepEqual(formats, ['@', day, '#,##0.00', `${day} hh:mm:ss`]);
      assert.deepEqual(sheet?.getCell('B5').value, new Date('2024-10-05'));
    }
  });

  test("a date that was given no format shows no serial number, and keeps the cell's other looks", async () => {
    const parts = await designed((_, sheet) => {
      const fill = { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FF00FF00' } } as const;
      sheet.getCell('B5').style = { fill };
      sheet.getCell('B5').value = 'dia';
    });
    const sheet = (await openXlsx((await filled(parts)).bytes)).getWorksheet('Dados');
    assert.ok(sheet);
    const cell = sheet.getCell('B5');
    assert.equal(cell.numFmt, 'yyyy-mm-dd');
    assert.equal((cell.fill as excel.FillPattern).fgColor?.argb, 'FF00FF00');
  });
});

describe('amounts', () => {
  const columns = COLUMNS.map((column) =>
    column.kind === 'decimal' ? { ...column, currency: 'EUR' } : column,
  );

  test('have the format of the model, and where it has none that of their currency', async () => {
    const format = async (change?: Parameters<typeof designed>[0]) => {
      const { bytes } = await filled(await designed(change), { columns });
      return (await openXlsx(bytes)).getWorksheet('Dados')?.getCell('C5').numFmt;
    };
    assert.equal(await format(), '"R$" #,##0.00');
    const bare = await format((_, sheet) => {
      sheet.getCell('C5').style = { font: { bold: true } };
    });
    assert.equal(bare, '"€" #,##0.00;-"€" #,##0.00');
  });
});

describe('a header', () => {
  test('is the title of its column or its name, with other case, accents, spaces and line breaks', async () => {
    const columns: readonly Column[] = [
      { name: 'codigo', title: 'Código do produto', kind: 'text' },
      { name: 'dia_da_venda', title: 'Data', kind: 'date' },
      ...COLUMNS.slice(2),
    ];
    for (const titles of [
      ['Código do produto', 'Data', 'Valor (R$)', 'quantidade'],
      [' CODIGO\ndo  Produto ', 'dia_da_venda', 'valor', 'QUANTIDADE'],
      ['codigo', 'Dia da Venda', { richText: [{ text: 'Valor ' }, { text: '(R$)' }] }, 'Quantidade '],
    ]) {
      const parts = await designed((_, sheet) => {
        sheet.getRow(4).values = titles;
      });
      const { bytes } = await filled(parts, { columns });
      assert.equal((await openXlsx(bytes)).getWorksheet('Dados')?.getCell('A5').value, '007');
    }
  });
});

describe('a row of totals above the header', () => {
  test('is none, though it has a cell for each column', async () => {
    const parts = await designed((_, sheet) => {
      sheet.getRow(3).values = [
        'Total',
        { formula: 'COUNT(B5:B5)' },
        { formula: 'SUM(C5:C5)' },
        { formula: 'SUM(D5:D5)' },
      ];
    });
    assert.equal(
      (await openXlsx((await filled(parts)).bytes)).getWorksheet('Dados')?.getCell('A5').value,
      '007',
    );
  });
});

describe('what is no template', () => {
  async function refused(template: Buffer, said: RegExp, hint: RegExp, options: Filling = {}) {
    let pulled = false;
    function* never(): Generator<Batch> {
      pulled = true;
      yield cellBatch(ROWS);
    }
    await assert.rejects(filled(template, { batches: never(), ...options }), (error: unknown) => {
      assert.ok(error instanceof ReportError, String(error));
      assert.equal(error.code, 'definition');
      assert.match(error.message, said);
      assert.match(error.message, /^the template modelo\.xlsx: /);
      assert.match(error.hint ?? '', hint);
      return true;
    });
    assert.equal(pulled, false, 'nothing was read');
  }

  test('is refused before anything is read', async () => {
    const whole = await packed(await designed());
    const broken = Buffer.from(whole);
    broken[Math.floor(whole.length / 3)] = (broken[Math.floor(whole.length / 3)] ?? 0) ^ 0xff;
    for (const bytes of [Buffer.alloc(0), Buffer.from('a;b\n1;2\n'), whole.subarray(0, -40), broken]) {
      await refused(bytes, /no \.xlsx workbook, or damaged/, /save it as an Excel workbook/);
    }
    await refused(await packed(new Map([['a.txt', Buffer.from('a')]])), /no \.xlsx workbook/, /\.xlsx/);
    const macros = await designed();
    rewrite(macros, '[Content_Types].xml', (xml) =>
      xml.replace(
        'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main',
        'vnd.ms-excel.sheet.macroEnabled.main',
      ),
    );
    await refused(await packed(macros), /with macros/, /\.xlsx/);
    const old = await designed((workbook) => {
      workbook.properties.date1904 = true;
    });
    await refused(await packed(old), /count from 1904/, /untick/);
  });

  test('has no sheet of the name: those that there are are named', async () => {
    await refused(await packed(await designed()), /no sheet "Vendas"/, /"Painel", "Dados"/, {
      sheet: 'Vendas',
    });
  });

  test('has no header', async () => {
    const empty = await designed();
    withoutRows(empty, 1);
    await refused(await packed(empty), /has no header/, /4 columns/);
  });

  const header = (change: (sheet: excel.Worksheet) => void) =>
    designed((_, sheet) => change(sheet)).then(packed);

  test('has fewer headers than the report has columns, or more', async () => {
    const whole = await packed(await designed());
    await refused(
      whole,
      /: E4 of the sheet "Dados" has no header, and "mais" is expected there$/,
      /^Write "mais" into E4\.$/,
      { columns: [...COLUMNS, { name: 'mais', kind: 'text' }] },
    );
    await refused(
      whole,
      /: D4 of the sheet "Dados" has the header "Quantidade", and the report has 3 columns/,
      /^Remove that header/,
      { columns: COLUMNS.slice(0, 3) },
    );
  });

  test('has the headers in another order', async () => {
    const swapped = await header((sheet) => {
      sheet.getRow(4).values = ['Código', 'Quantidade', 'Valor (R$)', 'Dia'];
    });
    await refused(
      swapped,
      /: B4 of the sheet "Dados" has the header "Quantidade", which is expected in D4; "dia" is expected there$/,
      /: codigo, dia, Valor \(R\$\), quantidade\.$/,
    );
    // By name, and where a title of one column is the name of another.
    const columns: readonly Column[] = [
      { name: 'valor', title: 'Preço', kind: 'decimal' },
      { name: 'total', title: 'Valor', kind: 'decimal' },
    ];
    const both = await header((sheet) => {
      sheet.getRow(4).values = ['Valor', 'total'];
    });
    await refused(both, /A4 .* has the header "Valor", which is expected in B4; "Preço" is/, /Preço, Valor/, {
      columns,
    });
  });

  test('has a header that no column of the report has', async () => {
    const other = await header((sheet) => {
      sheet.getCell('B4').value = { richText: [{ text: 'Data ' }, { text: 'da "venda"' }] };
    });
    await refused(
      other,
      /: B4 of the sheet "Dados" has the header "Data da \\"venda\\"", and "dia" is expected there$/,
      /or give the column dia the title "Data da \\"venda\\"" in the report/,
    );
  });

  test('has a header in merged cells', async () => {
    const merged = await header((sheet) => sheet.mergeCells('B4:C4'));
    await refused(merged, /: C4 .* has no header \(it is merged into B4\), and "Valor/, /undoing the merge/);
  });

  test('has a formula for a header', async () => {
    const formula = await header((sheet) => {
      sheet.getCell('B4').value = { formula: '"Dia"', result: 'Dia' };
    });
    await refused(
      formula,
      /: B4 .* has no header \(a formula is none\), and "dia" is expected there/,
      /"dia"/,
    );
  });

  test('has another row before its header that has as many cells', async () => {
    const above = await header((sheet) => {
      sheet.getRow(3).values = ['a', 'b', 'c', 'd'];
    });
    await refused(
      above,
      /: the header of the report is in row 4 of the sheet "Dados", and row 3 is the first/,
      /^Leave a cell of the rows above 4 empty/,
    );
  });

  test('has a table where the rows go', async () => {
    const parts = await designed((_, sheet) => {
      sheet.addTable({ name: 'Outra', ref: 'F7', columns: [{ name: 'a' }], rows: [[1]] });
    });
    await refused(await packed(parts), /the table Outra begins in row 7/, /below 4/);
  });
});

describe('in a report', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reportctl-template-'));
  after(() => rm(folder, { recursive: true }));
  const report = async (output: string) => {
    const yaml = `source: vendas\ncolumns: { codigo: text, dia: date, valor: { kind: decimal, title: Valor (R$) }, quantidade: integer }\noutputs:\n  - { ${output} }`;
    await writeFile(join(folder, 'vendas.sql'), `/*---\n${yaml}\n---*/\nSELECT 1`);
    return loadReport('vendas', { queries: folder, cwd: '.' });
  };
  const output = 'format: xlsx, key: "a_{YYYYMMDD}.xlsx", template: modelo.xlsx';

  test('its path starts at the report, and the definition is as its content is', async () => {
    const bytes = await packed(await designed());
    await writeFile(join(folder, 'modelo.xlsx'), bytes);
    const before = await report(output);
    assert.deepEqual(JSON.parse(JSON.stringify(before.outputs[0]?.dialect)), {
      template: { file: 'modelo.xlsx', sha256: readTemplate(join(folder, 'modelo.xlsx')).sha256 },
    });
    assert.equal(definitionHash(await report(output), {}), definitionHash(before, {}));
    const changed = await packed(await designed((_, sheet) => sheet.spliceRows(9, 1)));
    await writeFile(join(folder, 'modelo.xlsx'), changed);
    assert.notEqual(definitionHash(await report(output), {}), definitionHash(before, {}));
  });

  test('what is wrong with it is told with its line', async () => {
    await writeFile(join(folder, 'modelo.xlsx'), await packed(await designed()));
    const place = /vendas\.sql:5: outputs\.0: /;
    for (const [wrong, said] of [
      [`${output}, sheet: Vendas`, /no sheet "Vendas"/],
      [output.replace('modelo', 'outro'), /reading the template .*outro\.xlsx: ENOENT/],
      [output.replace('format: xlsx', 'format: csv'), /csv has no option "template"/],
    ] as const) {
      await assert.rejects(report(wrong), (error: unknown) => {
        assert.ok(error instanceof ReportError);
        assert.match(error.message, place);
        assert.match(error.message, said);
        return error.code === 'definition';
      });
    }
    checkTemplate(readTemplate(join(folder, 'modelo.xlsx')), COLUMNS);
  });
});
