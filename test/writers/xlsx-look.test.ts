// How a workbook looks on the screen and on paper: widths, alignment, decimals, pages, properties.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cell, Column, Kind } from '../../src/core/table.js';
import type { About, WriterOptions } from '../../src/writers/index.js';
import { cellBatch, copyTextBatch } from '../support/copy-text.js';
import { assertWellFormed, openXlsx, writeXlsx } from '../support/xlsx.js';

const START = { from: '1998-04-01', last: '1998-04-30' };

async function sheetOf(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: WriterOptions = {},
  about: About = {},
) {
  const { bytes, parts } = await writeXlsx(columns, [copyTextBatch(rows)], options, about);
  for (const [name, xml] of parts) assertWellFormed(name, xml);
  const workbook = await openXlsx(bytes);
  const sheet = workbook.getWorksheet('Dados');
  assert.ok(sheet);
  return { bytes, parts, workbook, sheet, xml: parts.get('xl/worksheets/sheet1.xml') ?? '' };
}

/** The columns with these cells, beside each other in one sheet; after its last cell a column has nulls. */
async function columnsOf(columns: readonly Omit<Column, 'name'>[], cells: readonly (readonly Cell[])[]) {
  const length = Math.max(...cells.map((each) => each.length));
  const { sheet } = await sheetOf(
    columns.map((column, index) => ({ ...column, name: `c${index}` })),
    Array.from({ length }, (_, row) => cells.map((each) => each[row] ?? null)),
  );
  return columns.map((_, index) => ({
    format: sheet.getCell(2, index + 1).numFmt,
    width: sheet.getColumn(index + 1).width ?? 0,
  }));
}

describe('columns', () => {
  test('are as wide as the largest amount of the file, wherever it stands', async () => {
    const amounts = Array.from({ length: 3000 }, (_, index) => (index === 2500 ? '-1234567890.12' : '1.50'));
    const shown: readonly [Omit<Column, 'name'>, string][] = [
      [{ kind: 'decimal', currency: 'BRL' }, '-R$ 1.234.567.890,12'],
      [{ kind: 'decimal' }, '-1.234.567.890,12'],
      [{ kind: 'decimal', format: '#,##0.0000 "t"' }, '-1.234.567.890,1200 t'],
      [{ kind: 'decimal', format: '0.0%' }, '-123456789012,0%'],
    ];
    const found = await columnsOf(
      shown.map(([column]) => column),
      shown.map(() => amounts),
    );
    for (const [index, [, text]] of shown.entries()) {
      const { width = 0 } = found[index] ?? {};
      assert.ok(width >= text.length + 1 && width < text.length + 8, `${text}: ${width}`);
    }
    const [short, small] = (
      await columnsOf([{ kind: 'decimal' }, { kind: 'decimal' }], [['1.50'], ['1.5e-7', '1e+3']])
    ).map(({ width }) => width);
    assert.ok(short !== undefined && short < 13, `${short}`);
    assert.ok(small !== undefined && small >= '1.000,00000015'.length, `${small}`);
  });

  test('are as wide as the longest line of a text, in characters, up to 60', async () => {
    const many = Array.from({ length: 400 }, () => 'curto');
    const cases: readonly [Cell[], number, number][] = [
      [[...many, 'uma organização de nome comprido'], 32, 36],
      [[...many, 'São João da Conceição', 'sem acentos, igual'], 21, 25],
      [[...many, 'primeira linha\numa segunda linha, mais comprida'], 32, 36],
      [[...many, 'MAIÚSCULAS SÃO LARGAS'], 23, 28],
      [[...many, '株式会社日本橋'], 14, 18],
      [[...many, 'x'.repeat(500)], 60, 63],
      [[...many, null, ''], 8, 10],
    ];
    const found = await columnsOf(
      cases.map(() => ({ kind: 'text' })),
      cases.map(([cells]) => cells),
    );
    for (const [index, [cells, least, most]] of cases.entries()) {
      const { width = 0 } = found[index] ?? {};
      assert.ok(width >= least && width <= most, `${cells.at(-1)}: ${width}`);
    }
  });

  test('are as wide as their title, with the button of the filter', async () => {
    const [column] = await columnsOf([{ kind: 'integer', title: 'Valor total do período' }], [['1']]);
    const width = column?.width ?? 0;
    assert.ok(width >= 'Valor total do período'.length + 3, `${width}`);
  });

  test('are the same for cells and for COPY text, in one batch or in many', async () => {
    const columns: Column[] = [
      { name: 'a', kind: 'decimal' },
      { name: 'b', kind: 'text' },
    ];
    const rows = Array.from({ length: 50 }, (_, index) => [
      `${index ** 4}.5`,
      `linha ${'é'.repeat(index)}\n<${index}>`,
    ]);
    const all = await writeXlsx(columns, [cellBatch(rows)]);
    const encoded = await writeXlsx(
      columns,
      rows.map((row) => copyTextBatch([row])),
    );
    assert.ok(all.bytes.equals(encoded.bytes));
  });

  test('have their header over their cells: numbers right, texts left, dates and booleans in the middle', async () => {
    const kinds: readonly [Kind, string, string][] = [
      ['integer', '1', 'right'],
      ['decimal', '1.5', 'right'],
      ['decimal', '2.25', 'right'],
      ['text', 'x', 'left'],
      ['json', '{}', 'left'],
      ['date', '1998-04-01', 'center'],
      ['timestamp', '1998-04-01 10:00:00', 'center'],
      ['boolean', 'true', 'center'],
    ];
    const { sheet } = await sheetOf(
      kinds.map(([kind], index) => ({ name: `c${index}`, kind })),
      [kinds.map(([, cell]) => cell)],
    );
    for (const [index, [kind, , expected]] of kinds.entries()) {
      const [header, cell] = [1, 2].map((row) => sheet.getCell(row, index + 1).alignment);
      assert.equal(header?.horizontal, expected, `header of ${kind}`);
      assert.equal(cell?.horizontal, expected, kind);
      assert.equal(header?.indent, cell?.indent, kind);
    }
  });
});

describe('decimals', () => {
  test('are those of the scale, or of the data where it has none', async () => {
    const cases: readonly [string[], string][] = [
      [['0.125', '1.500', '12.000'], '#,##0.000'],
      [['1', '20'], '#,##0'],
      [['0.5', '1.5'], '#,##0.0'],
      [['1234.5678901234', '1.0000000000'], '#,##0.0000000000'],
      // Without a scale: as many as there are, and at least two.
      [['5', '4.5'], '#,##0.00'],
      [['5', '0.125'], '#,##0.000'],
      // An average has sixteen decimals, most of them zeros; the last digits of a float are noise.
      [['29.6600000000000000', '4.2500000000000000'], '#,##0.00'],
      [['1.50', '2.2999999999999998'], '#,##0.00'],
      [['105.22150000000001', '1.5'], '#,##0.0000'],
      // A quotient, or a product of floats: six digits in all, and two decimals at least.
      [['0.3333333333333333', '0.5'], '#,##0.00000'],
      [['713.9999949932098', '1325.999990925193', '22.5'], '#,##0.00'],
      [['-1234567.8912345678'], '#,##0.00'],
      [['0.00000012345678'], '#,##0.0000000000'],
      [['1.5e-3', '2'], '#,##0.0000'],
      [[], '#,##0.00'],
    ];
    const found = await columnsOf(
      cases.map(() => ({ kind: 'decimal', float: true })),
      cases.map(([cells]) => [...cells, null]),
    );
    for (const [index, [cells, expected]] of cases.entries())
      if (cells.length > 0) assert.equal(found[index]?.format, expected, cells.join(' '));
  });

  test('of columns beside each other are their own, in Resumo too, and a format wins over all', async () => {
    const columns: Column[] = [
      { name: 'a', kind: 'decimal' },
      { name: 'b', kind: 'decimal' },
      { name: 'c', kind: 'decimal', format: '0.0%' },
      { name: 'd', kind: 'integer', format: '#,##0' },
      { name: 'e', kind: 'decimal', currency: 'BRL', format: '"R$" #,##0.000' },
      { name: 'f', kind: 'decimal' },
      { name: 'g', kind: 'integer' },
    ];
    const rows = [['0.125', '0.5', '0.256', '1000', '5.899', '1.250', '1234']];
    const totals = columns.map(({ name }) => name);
    const { sheet, workbook, parts } = await sheetOf(columns, rows, {}, { totals });
    const expected = ['#,##0.000', '#,##0.0', '0.0%', '#,##0', '"R$" #,##0.000', '#,##0.000', '0'];
    assert.deepEqual(
      columns.map((_, index) => sheet.getCell(2, index + 1).numFmt),
      expected,
    );
    let found: string[] = [];
    workbook.getWorksheet('Resumo')?.eachRow((row) => {
      if (row.getCell(1).value === 'All rows') {
        found = columns.map((_, index) => row.getCell(index + 3).numFmt);
      }
    });
    // A sum of integers is no code.
    assert.deepEqual(found, [...expected.slice(0, -1), '#,##0']);
    // Excel has room for about 200 formats of its own: each is there once.
    const codes = [...(parts.get('xl/styles.xml') ?? '').matchAll(/<numFmt [^>]*formatCode="([^"]*)"/g)];
    assert.equal(new Set(codes.map(([, code]) => code)).size, codes.length);
    assert.ok(!codes.some(([, code]) => code?.includes('column')));
  });
});

test('booleans have a format, without which LibreOffice shows some as 0', async () => {
  for (const [locale, format] of [
    [undefined, '"TRUE";"TRUE";"FALSE"'],
    ['pt-BR', '"VERDADEIRO";"VERDADEIRO";"FALSO"'],
  ] as const) {
    const { sheet } = await sheetOf([{ name: 'b', kind: 'boolean' }], [['false']], { locale });
    assert.deepEqual([sheet.getCell(2, 1).value, sheet.getCell(2, 1).numFmt], [false, format]);
  }
});

test('texts with line breaks wrap, in rows that are as high as they have lines', async () => {
  const columns: Column[] = [
    { name: 'a', kind: 'text' },
    { name: 'b', kind: 'text' },
  ];
  const rows = [
    ['uma linha', 'x'],
    ['1\n2\n3', 'x\ny'],
    ['depois', `${'comprida '.repeat(20)}\nfim`],
    ['\n'.repeat(250), null],
  ];
  const { sheet, xml } = await sheetOf(columns, rows);
  const wraps = [2, 3, 4, 5].map((row) =>
    [1, 2].map((column) => sheet.getCell(row, column).alignment?.wrapText === true),
  );
  assert.deepEqual(wraps, [
    [false, false],
    [true, true],
    [false, true],
    [true, false],
  ]);
  const heights = [...xml.matchAll(/<row r="\d+"( ht="[\d.]+")?>/g)].map(([, height]) =>
    height?.slice(5, -1),
  );
  assert.deepEqual(heights, [undefined, undefined, '45', '60', '409']);
});

describe('the page', () => {
  const few: Column[] = [
    { name: 'id', kind: 'integer' },
    { name: 'nome', kind: 'text' },
  ];
  const columnsOf = (count: number): Column[] =>
    Array.from({ length: count }, (_, index) => ({ name: `coluna_${index}`, kind: 'text' }));
  const rowOf = (count: number) => [Array.from({ length: count }, () => 'x'.repeat(20))];

  test('is A4 with the title, the period and its number, in the words of the locale', async () => {
    const about = { title: 'Vendas & "trocas" <mês>', period: START };
    for (const [locale, days, foot] of [
      ['pt-BR', 'de 01/04/1998 a 30/04/1998', 'página &P de &N'],
      [undefined, 'from 1998-04-01 to 1998-04-30', 'page &P of &N'],
    ] as const) {
      const { workbook } = await sheetOf(few, [['1', 'x']], { locale }, about);
      for (const { name, pageSetup, headerFooter } of workbook.worksheets) {
        assert.equal(pageSetup.paperSize, 9, name);
        assert.equal(headerFooter.oddHeader, `&L&"-,Bold"Vendas && "trocas" <mês>&R${days}`, name);
        assert.equal(headerFooter.oddFooter, `&L&A&R${foot}`, name);
      }
    }
    const { sheet } = await sheetOf(few, [], {}, { title: `${'& '.repeat(200)}\nfim` });
    assert.ok((sheet.headerFooter.oddHeader ?? '').length < 255);
    for (const letters of [148, 149, 150, 151]) {
      const title = `${'x'.repeat(letters)}&&&`;
      const { sheet: cut } = await sheetOf(few, [], {}, { title, period: START });
      assert.match(cut.headerFooter.oddHeader ?? '', /x(&&)*…&Rfrom/, `${letters}`);
    }
  });

  test('is legible on Resumo and Sobre too: the period does not make them wide, and many totals are in landscape', async () => {
    const totals = Array.from({ length: 9 }, (_, index) => `coluna_${index}`);
    const numbers = totals.map((name): Column => ({ name, kind: 'decimal' }));
    const about = { title: 'Vendas', period: START, definition: 'a'.repeat(64), totals };
    const { workbook } = await sheetOf(numbers, [totals.map(() => '12345678.90')], {}, about);
    const pages = ['Resumo', 'Sobre'].map((name) => {
      const { pageSetup, columns } = workbook.getWorksheet(name) ?? assert.fail(name);
      const width = columns.reduce((sum, column) => sum + (column.width ?? 0), 0);
      return [name, pageSetup.orientation, pageSetup.fitToWidth, Math.round(width)];
    });
    assert.deepEqual(pages, [
      ['Resumo', 'landscape', 1, 163],
      ['Sobre', 'portrait', 1, 112],
    ]);
  });

  test('is upright for few columns, landscape for more, and several pages wide for what nobody could read', async () => {
    for (const [count, orientation, wide, titles] of [
      [2, 'portrait', 1, "'Dados'!$1:$1"],
      [5, 'portrait', 1, "'Dados'!$1:$1"],
      [8, 'landscape', 1, "'Dados'!$1:$1"],
      [14, 'landscape', 2, "'Dados'!$A:$A,'Dados'!$1:$1"],
      [30, 'landscape', 4, "'Dados'!$A:$A,'Dados'!$1:$1"],
    ] as const) {
      const { sheet, parts } = await sheetOf(columnsOf(count), rowOf(count));
      const { orientation: found, fitToWidth, fitToHeight, fitToPage } = sheet.pageSetup;
      assert.deepEqual([found, fitToWidth, fitToHeight, fitToPage], [orientation, wide, 0, true], `${count}`);
      const [, range = ''] =
        /_xlnm\.Print_Titles" localSheetId="1">([^<]*)</.exec(parts.get('xl/workbook.xml') ?? '') ?? [];
      assert.equal(range.replaceAll('&apos;', "'"), titles);
    }
  });
});

test('the properties of the document are its title, its period and the time of the run', async () => {
  const about = { title: 'Vendas', period: START, started: '2024-10-06T04:00:00.000Z' };
  const { workbook } = await sheetOf([{ name: 'a', kind: 'integer' }], [['1']], { locale: 'pt-BR' }, about);
  const { title, subject, creator, created } = workbook;
  assert.deepEqual(
    [title, subject, creator, created],
    ['Vendas', 'de 01/04/1998 a 30/04/1998', 'reportctl', new Date('2024-10-06T04:00:00.000Z')],
  );
});
