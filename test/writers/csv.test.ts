// CSV: what each option does to the bytes, which texts are made harmless, and that a strict reader gets back what was read.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import type { ReportError } from '../../src/core/errors.js';
import type { Batch, Cell, Column, Kind } from '../../src/core/table.js';
import type { CsvOptions } from '../../src/writers/csv/dialect.js';
import { createCsvWriter } from '../../src/writers/csv/write.js';
import { anyText } from '../support/any-text.js';
import { cellBatch, copyTextBatch, type Rows } from '../support/copy-text.js';
import { runs } from '../support/runs.js';

async function written(
  batchOf: (rows: Rows) => Batch,
  rows: Rows,
  options: CsvOptions,
  kinds: readonly Kind[],
) {
  const writer = await createCsvWriter(options);
  const columns: Column[] = kinds.map((kind, index) => ({ name: 'abcdefgh'[index] ?? '', kind }));
  async function* batches() {
    if (rows.length > 0) yield batchOf(rows);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of writer.encode({ columns, batches: batches() })) chunks.push(Buffer.from(chunk));
  return {
    text: Buffer.concat(chunks).toString('utf8'),
    neutralised: writer.neutralised,
    notes: writer.notes?.(),
  };
}

/** From cells, by csv-stringify; and from COPY text, which has to make the same bytes. */
async function csv(rows: Rows, options: CsvOptions = {}, kinds: readonly Kind[] = ['text', 'text']) {
  const fromCells = await written(cellBatch, rows, options, kinds);
  assert.deepEqual(await written(copyTextBatch, rows, options, kinds), fromCells);
  return fromCells;
}

/** One cell of a kind, as it stands in the file after a header of one line. */
async function cell(value: Cell, options: CsvOptions = {}, kind: Kind = 'text') {
  const { text, neutralised } = await csv([[value]], options, [kind]);
  const eol = options.eol === 'crlf' || options.locale === 'pt-BR' ? '\r\n' : '\n';
  assert.ok(text.endsWith(eol));
  return { spelled: text.slice(text.indexOf(eol) + eol.length, -eol.length), neutralised };
}

async function spelled(value: Cell, options: CsvOptions = {}, kind: Kind = 'text'): Promise<string> {
  return (await cell(value, options, kind)).spelled;
}

describe('the dialect', () => {
  const rows: Rows = [
    ['x', 'y z'],
    [null, ''],
  ];

  test('RFC 4180 with a comma and LF, without a BOM, unless told', async () => {
    assert.equal((await csv(rows)).text, 'a,b\nx,y z\n,""\n');
  });

  const cases: readonly [CsvOptions, string][] = [
    [{ delimiter: ';' }, 'a;b\nx;y z\n;""\n'],
    [{ delimiter: '\\t' }, 'a\tb\nx\ty z\n\t""\n'],
    [{ delimiter: '\t' }, 'a\tb\nx\ty z\n\t""\n'],
    [{ delimiter: '|' }, 'a|b\nx|y z\n|""\n'],
    [{ delimiter: ' ' }, 'a b\nx "y z"\n ""\n'],
    [{ delimiter: '§' }, 'a§b\nx§y z\n§""\n'],
    [{ eol: 'crlf' }, 'a,b\r\nx,y z\r\n,""\r\n'],
    [{ bom: true }, '\ufeffa,b\nx,y z\n,""\n'],
    [{ null: 'NULL' }, 'a,b\nx,y z\nNULL,""\n'],
    [{ quote: 'all' }, '"a","b"\n"x","y z"\n,""\n'],
    [{ quote: 'all', null: '\\N' }, '"a","b"\n"x","y z"\n\\N,""\n'],
    [{ locale: 'pt-BR' }, '\ufeffa;b\r\nx;y z\r\n;""\r\n'],
    [{ locale: 'pt-BR', delimiter: ',', bom: false, eol: 'lf', decimal: '.' }, 'a,b\nx,y z\n,""\n'],
    [{ locale: 'pt-BR', delimiter: undefined, bom: undefined }, '\ufeffa;b\r\nx;y z\r\n;""\r\n'],
  ];
  for (const [options, text] of cases) {
    test(JSON.stringify(options), async () => {
      assert.equal((await csv(rows, options)).text, text);
    });
  }

  test('the header is quoted by the same rules', async () => {
    const writer = await createCsvWriter({});
    const columns: Column[] = [
      { name: 'a', kind: 'text', title: 'Valor, "R$"' },
      { name: 'b', kind: 'text', title: 'duas\rlinhas' },
    ];
    const header = await writer.encode({ columns, batches: (async function* () {})() }).next();
    assert.equal(`${header.value}`, '"Valor, ""R$""","duas\rlinhas"\n');
  });

  test('the text that stands for null is quoted where it is a text, and nowhere else', async () => {
    for (const nothing of ['NULL', '-', '\\N', '(null)', 'a.b', 'a|b*', '$', '[x]', 'é']) {
      const rows: Rows = [
        [nothing, null],
        [`${nothing}x`, `x${nothing}`],
        ['', nothing.toUpperCase().concat('!')],
      ];
      const { text } = await csv(rows, { null: nothing, formulas: 'keep' });
      assert.equal(
        text,
        `a,b\n"${nothing}",${nothing}\n${nothing}x,x${nothing}\n"",${nothing.toUpperCase()}!\n`,
      );
    }
    assert.equal(await spelled('0', { null: '0' }, 'integer'), '"0"');
    assert.equal(await spelled('axb', { null: 'a.b' }), 'axb');
  });

  test('what would make the file ambiguous is refused', async () => {
    const refused: readonly [CsvOptions, RegExp][] = [
      ...['.', '-', '+', '0', 'a', 'é', '"', '\n', '\r', '', ';;', '\ufeff', '\\n'].map(
        (delimiter): [CsvOptions, RegExp] => [{ delimiter }, /the delimiter is/],
      ),
      ...['', ';', '.,', '٫'].map((decimal): [CsvOptions, RegExp] => [
        { decimal },
        /the decimal separator is/,
      ]),
      ...['a,b', '"', 'a\nb', '\r'].map((nothing): [CsvOptions, RegExp] => [
        { null: nothing },
        /the text for null is/,
      ]),
      [{ delimiter: '|', null: 'a|b' }, /the text for null is "a\|b"/],
      [{ locale: 'pt-BR', null: ';' }, /the text for null is ";"/],
    ];
    for (const [options, said] of refused) {
      await assert.rejects(createCsvWriter(options), (error: ReportError) => {
        assert.equal(error.code, 'usage');
        assert.match(error.message, said);
        assert.ok(error.hint);
        return true;
      });
    }
  });
});

describe('quoting', () => {
  const cases: readonly [value: string, spelled: string][] = [
    ['a,b', '"a,b"'],
    ['a;b', 'a;b'],
    ['a"b', '"a""b"'],
    ['"', '""""'],
    ['""', '""""""'],
    [' x ', ' x '],
    // Each of them ends a record for some reader.
    ['a\nb', '"a\nb"'],
    ['a\rb', '"a\rb"'],
    ['a\r\nb', '"a\r\nb"'],
  ];
  for (const [value, inFile] of cases) {
    test(JSON.stringify(value), async () => {
      for (const eol of ['lf', 'crlf'] as const) assert.equal(await spelled(value, { eol }), inFile);
    });
  }
});

describe('numbers, dates and the rest', () => {
  test('every number is written as it came', async () => {
    const numbers = [
      '0',
      '-12.50',
      '9223372036854775807',
      '1234567890123456789012345678.0123456789',
      '1e+20',
      '-1.5e-07',
      'NaN',
      '-Infinity',
      '.5',
    ];
    for (const number of numbers) {
      for (const kind of ['integer', 'decimal'] as const)
        assert.deepEqual(await cell(number, {}, kind), { spelled: number, neutralised: 0 });
    }
  });

  test('a decimal comma changes the separator and nothing else', async () => {
    const options = { delimiter: ';', decimal: ',' } as const;
    for (const [number, expected] of [
      ['-12.50', '-12,50'],
      ['1e+20', '1e+20'],
      ['-1.5e-07', '-1,5e-07'],
      ['NaN', 'NaN'],
      ['10', '10'],
    ] as const) {
      assert.equal(await spelled(number, options, 'decimal'), expected);
    }
    assert.equal(await spelled('1.5', options, 'text'), '1.5');
    assert.equal(await spelled('{"a": 1.5}', options, 'json'), '"{""a"": 1.5}"');
  });

  test('between commas, a number with a decimal comma is quoted', async () => {
    const { text } = await csv([['1.5', '2']], { decimal: ',' }, ['decimal', 'decimal']);
    assert.equal(text, 'a,b\n"1,5",2\n');
  });

  test('pt-BR: dates and times as Brazilians write them', async () => {
    const cases: readonly [Kind, string, string][] = [
      ['date', '2024-10-05', '05/10/2024'],
      ['date', '0001-01-01', '01/01/0001'],
      ['date', 'infinity', 'infinity'],
      ['date', '-infinity', '-infinity'],
      ['date', '0044-03-15 BC', '0044-03-15 BC'],
      ['date', '10000-01-01', '10000-01-01'],
      ['timestamp', '2024-10-05 23:59:59.999999-03', '05/10/2024 23:59:59,999999'],
      ['timestamp', '2024-10-05 00:00:00-03', '05/10/2024 00:00:00'],
      ['timestamp', '2024-10-05 13:45:10', '05/10/2024 13:45:10'],
      ['timestamp', '1900-01-01 00:00:00-03:06:28', '01/01/1900 00:00:00'],
      ['timestamp', '2024-10-05 13:45:10.5+05:30', '05/10/2024 13:45:10,5'],
      ['timestamp', 'infinity', 'infinity'],
      ['timestamp', '0044-03-15 12:00:00-03:06:28 BC', '0044-03-15 12:00:00-03:06:28 BC'],
      ['text', '2024-10-05', '2024-10-05'],
      ['boolean', 'true', 'true'],
      ['json', '{"d": "2024-10-05"}', '"{""d"": ""2024-10-05""}"'],
      ['decimal', '1234.5', '1234,5'],
    ];
    for (const [kind, value, expected] of cases)
      assert.equal(await spelled(value, { locale: 'pt-BR' }, kind), expected);
    assert.equal(await spelled('2024-10-05', {}, 'date'), '2024-10-05');
  });
});

test('booleans are true and false, or the words that were asked for', async () => {
  const rows = [['true'], ['false'], [null]];
  assert.equal((await csv(rows, {}, ['boolean'])).text, 'a\ntrue\nfalse\n\n');
  assert.equal((await csv(rows, { booleans: 'Sim/Não' }, ['boolean'])).text, 'a\nSim\nNão\n\n');
  for (const booleans of ['Sim', 'Sim/Sim', 'a/b/c', '/Não', ';/N'])
    await assert.rejects(csv(rows, { booleans }, ['boolean']), /the words for booleans are /);
});

describe('formulas', () => {
  // OWASP, "CSV Injection", with its full-width forms, and payloads that have been used.
  const dangerous: readonly [value: string, harmless: string][] = [
    ['=1+1', "'=1+1"],
    ['+cmd', "'+cmd"],
    ['-1+1', "'-1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t'=1"],
    ['\rx', "'\rx"],
    ['\nx', "'\nx"],
    ['＝1', "'＝1"],
    ['＋1', "'＋1"],
    ['－1', "'－1"],
    ['＠x', "'＠x"],
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["+2+cmd|' /C calc'!A0", "'+2+cmd|' /C calc'!A0"],
    ["-2+3+cmd|' /C calc'!D2", "'-2+3+cmd|' /C calc'!D2"],
    ["@SUM(1+1)*cmd|' /C calc'!A0", "'@SUM(1+1)*cmd|' /C calc'!A0"],
    ['=HYPERLINK("http://example.com","clique")', '\'=HYPERLINK("http://example.com","clique")'],
    ['+55 11 91234-5678', "'+55 11 91234-5678"],
    ['a\n=1+1', "a\n'=1+1"],
    ['a\r\n=1+1', "a\r\n'=1+1"],
    ['a\t=1+1', "a\t'=1+1"],
    ['a\r@x', "a\r'@x"],
    ['-1\n=1', "'-1\n'=1"],
    ['x;=1;@y;-z', "x;'=1;'@y;'-z"],
    // Excel splits these at its own `;`, and reads `""=1` as an empty quoted text and then `=1`.
    ['x;"=1+1;"', 'x;"\'=1+1;"'],
    ['x;"""=1', 'x;"""\'=1'],
  ];
  for (const [value, harmless] of dangerous) {
    test(JSON.stringify(value), async () => {
      const { text, neutralised } = await csv([['ok', value]]);
      assert.equal(parse(text)[1]?.[1], harmless);
      assert.equal(neutralised, 1);
      const kept = await csv([['ok', value]], { formulas: 'keep' });
      assert.equal(parse(kept.text)[1]?.[1], value);
      assert.equal(kept.neutralised, 0);
    });
  }

  for (const value of [
    '-12.50',
    '-1',
    '+5511912345678',
    '+55 11 912345678',
    '-',
    '+',
    '-1.234,56',
    'a=1',
    'a-1',
    'a@b.com',
    "'=1",
    'x; =1',
    'ação',
    '',
    ' =1',
    '0012',
    'a,b;c',
  ]) {
    test(`${JSON.stringify(value)} stays`, async () => {
      const { text, neutralised } = await csv([['ok', value]]);
      assert.equal(parse(text)[1]?.[1], value);
      assert.equal(neutralised, 0);
    });
  }

  test('what another reader would split at counts, the own delimiter does not', async () => {
    assert.equal(await spelled('x;=1', { delimiter: ',' }), "x;'=1");
    assert.equal(await spelled('x;=1', { delimiter: ';' }), '"x;=1"');
    assert.equal(await spelled('x,=1', { delimiter: ';' }), "x,'=1");
    assert.equal(await spelled('x,=1', { delimiter: ',' }), '"x,=1"');
    assert.equal(await spelled('x;=1', { delimiter: '\t' }), "x;'=1");
  });

  test('only text columns are touched, and each cell counts once', async () => {
    const kinds: Kind[] = ['integer', 'decimal', 'timestamp', 'json', 'text', 'text'];
    const row = ['-1', '-1e-07', '-infinity', '"=1"', '=1;=2;=3', '@x'];
    const { text, neutralised } = await csv([row, row.map(() => null)], {}, kinds);
    assert.deepEqual(parse(text)[1], ['-1', '-1e-07', '-infinity', '"=1"', "'=1;'=2;'=3", "'@x"]);
    assert.equal(neutralised, 2);
  });

  test('a null is no text, whatever stands for it', async () => {
    assert.deepEqual(await cell(null, { null: '-x' }), { spelled: '-x', neutralised: 0 });
  });
});

test('a NUL, at which psql joins two rows, becomes U+FFFD and is counted', async () => {
  for (const options of [{}, { formulas: 'keep' }, { quote: 'all' }, { null: '-' }] as const) {
    const { text, notes } = await csv(
      [
        ['a\0\0b', '=\0'],
        ['x', 'y'],
        [null, '\0'],
      ],
      options,
    );
    assert.deepEqual(parse(text).slice(1), [
      ['a\ufffd\ufffdb', 'formulas' in options ? '=\ufffd' : "'=\ufffd"],
      ['x', 'y'],
      ['null' in options ? '-' : '', '\ufffd'],
    ]);
    assert.deepEqual(notes, ['csv: 3 texts with U+FFFD for a NUL (U+0000)']);
  }
  assert.deepEqual((await csv([['\0', 'x']])).notes, ['csv: 1 text with U+FFFD for a NUL (U+0000)']);
  assert.deepEqual((await csv([['x', 'x']])).notes, []);
});

describe('a strict reader gets back what was read', () => {
  const nasty = fc.constantFrom(
    '"',
    '""',
    ',',
    ';',
    '\t',
    '|',
    '\n',
    '\r',
    '\r\n',
    ' ',
    'NULL',
    '\\N',
    '=',
    "'",
    'é',
    '🎉',
    '\ufeff',
    '\0',
    'x',
  );
  const texts = fc.oneof(
    fc.array(nasty, { maxLength: 6 }).map((parts) => parts.join('')),
    anyText({ maxLength: 12 }),
  );
  const dialects = fc.record(
    {
      delimiter: fc.constantFrom(',', ';', '\\t', '|', '~', ' '),
      bom: fc.boolean(),
      eol: fc.constantFrom('lf', 'crlf'),
      quote: fc.constantFrom('all', 'needed'),
      null: fc.constantFrom('', 'NULL', '\\N', '-'),
    },
    { requiredKeys: [], noNullPrototype: true },
  ) as fc.Arbitrary<CsvOptions>;

  function read(
    text: string,
    { delimiter = ',', eol = 'lf', bom = false, null: nothing = '' }: CsvOptions,
  ): Cell[][] {
    assert.equal(text.startsWith('\ufeff'), bom);
    const [, ...rows] = parse(Buffer.from(text), {
      bom,
      delimiter: delimiter === '\\t' ? '\t' : delimiter,
      record_delimiter: eol === 'crlf' ? '\r\n' : '\n',
      cast: (value, { quoting }) => (value === nothing && !quoting ? null : value),
    }) as unknown as Cell[][];
    return rows;
  }

  test('any text in any dialect, null and the empty text told apart', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.option(texts), fc.option(texts), fc.option(texts)), { maxLength: 5 }),
        dialects,
        async (rows, dialect) => {
          const { text } = await csv(rows, { ...dialect, formulas: 'keep' }, ['text', 'text', 'text']);
          const arrived = rows.map((row) => row.map((value) => value?.replaceAll('\0', '\ufffd') ?? null));
          assert.deepEqual(read(text, dialect), arrived);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  test('any record stands on lines that every reader ends alike: none is broken by a bare CR or LF', async () => {
    await fc.assert(
      fc.asyncProperty(texts, dialects, async (value, dialect) => {
        const { text } = await csv([[value, 'end']], { ...dialect, formulas: 'keep' });
        const unquoted = text.replaceAll(/"(?:[^"]|"")*"/g, '');
        const eol = dialect.eol === 'crlf' ? '\r\n' : '\n';
        assert.equal(unquoted.split(eol).length, 3);
        assert.doesNotMatch(unquoted.replaceAll(eol, ''), /[\r\n]/);
      }),
      { numRuns: runs(100) },
    );
  });

  test('neutralising only ever adds apostrophes, and leaves nothing to neutralise', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(nasty, fc.constantFrom('=', '+', '-', '@', '1', '＝')), { maxLength: 8 }),
        async (parts) => {
          const value = parts.join('').replaceAll('\0', '\ufffd');
          const once = read((await csv([[value, 'x']])).text, {})[0]?.[0] ?? '';
          let rest = value;
          for (const character of once) {
            if (rest.startsWith(character)) rest = rest.slice(character.length);
            else assert.equal(character, "'");
          }
          assert.equal(rest, '');
          assert.equal((await csv([[once, 'x']])).neutralised, 0);
        },
      ),
      { numRuns: runs(100) },
    );
  });

  test('rows of every kind, common and odd ones mixed, are the same from cells and from COPY text', async () => {
    const common: Readonly<Record<Kind, fc.Arbitrary<string>>> = {
      text: fc.constantFrom(
        'João da Silva',
        'a',
        'Rua 1, 2',
        '-12.50',
        '=1+1',
        'x;@y',
        'C:\\N',
        '日本語 '.repeat(20),
      ),
      integer: fc.constantFrom('0', '-1', '9223372036854775807'),
      decimal: fc.constantFrom('1.50', '-0.10', '12', 'NaN', 'Infinity', '1e+20'),
      boolean: fc.constantFrom('true', 'false'),
      date: fc.constantFrom('2024-10-05', '0001-01-01', 'infinity', '0044-03-15 BC', '10000-01-01'),
      timestamp: fc.constantFrom(
        '2024-10-05 23:59:59.999999-03',
        '2024-10-05 23:59:59',
        '2024-10-05 00:00:00+05:30',
        '1900-01-01 00:00:00-03:06:28',
        '-infinity',
        '0044-03-15 00:00:00-03 BC',
        '2024-10-05 23:59:59.',
        '2024-10-05 23:59:59-0',
      ),
      json: fc.constantFrom('{"a": "b, c"}', '[]', '"\\n"', 'null'),
    };
    const kinds = Object.keys(common) as Kind[];
    const row = fc.tuple(
      ...kinds.map((kind) => fc.option(fc.oneof({ weight: 4, arbitrary: common[kind] }, texts), { freq: 6 })),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        fc.constantFrom<CsvOptions>(
          {},
          { locale: 'pt-BR' },
          { locale: 'pt-BR', booleans: 'Sim/Não' },
          { booleans: 'S/N', eol: 'crlf' },
          { eol: 'crlf' },
          { formulas: 'keep', delimiter: ';' },
        ),
        // csv() compares the two.
        async (rows, options) => void (await csv(rows, options, kinds)),
      ),
      { numRuns: runs(300) },
    );
  });

  test('any number, with a decimal comma between commas', async () => {
    const numbers = fc
      .tuple(fc.bigInt(), fc.stringMatching(/^\d{0,12}$/))
      .map(([whole, fraction]) => `${whole}${fraction && `.${fraction}`}`);
    await fc.assert(
      fc.asyncProperty(numbers, numbers, async (a, b) => {
        for (const options of [{}, { decimal: ',' }, { locale: 'pt-BR' }] as CsvOptions[]) {
          const { text } = await csv([[a, b]], options, ['decimal', 'decimal']);
          const [, row] = parse(text, { bom: true, delimiter: options.locale ? ';' : ',' });
          assert.deepEqual(
            row?.map((number) => number.replace(',', '.')),
            [a, b],
          );
        }
      }),
      { numRuns: runs(100) },
    );
  });
});
