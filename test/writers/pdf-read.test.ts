// Reading PDF files back: the cells in their pages come out as they went in, and everything else is refused in one line.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { ReportError } from '../../src/core/errors.js';
import type { SpelledOptions } from '../../src/core/format.js';
import type { Cell, Column } from '../../src/core/table.js';
import { textString } from '../../src/writers/pdf/objects.js';
import { readPdf } from '../../src/writers/pdf/read.js';
import { anyText } from '../support/any-text.js';
import { drawn, pageOf, pageStream, pdfOf, replaced, rowsSection } from '../support/pdf-pages.js';
import { runs } from '../support/runs.js';

const COLUMNS: readonly Column[] = [
  { name: 'id', kind: 'integer' },
  { name: 'nome', kind: 'text', title: 'Nome (título)' },
  { name: 'valor', kind: 'decimal' },
];
const TITLES = ['id', 'Nome (título)', 'valor'];
const ROWS: readonly (readonly Cell[])[] = [
  ['1', 'Café', '10.50'],
  ['-2', '', null],
  [null, null, '-0.10'],
];

async function readBack(
  bytes: Buffer,
  options: SpelledOptions = {},
  columns: readonly Column[] = COLUMNS,
  size = 1000,
): Promise<Cell[][]> {
  // The memory of a piece is used again for the next one.
  const memory = Buffer.alloc(size);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) {
      const piece = memory.subarray(0, Math.min(size, bytes.length - at));
      bytes.copy(piece, 0, at);
      yield piece;
      memory.fill('?');
    }
  }
  const rows: Cell[][] = [];
  for await (const some of readPdf(pieces(), { options, columns })) rows.push(...some);
  return rows;
}

function pagesOf(...contents: readonly string[]): Buffer {
  return pdfOf(contents.map((content, index) => pageStream(content, index + 1)));
}

/** With a message of one line. */
async function assertRefused(bytes: Buffer, said: RegExp, ...more: [SpelledOptions?, (readonly Column[])?]) {
  await assert.rejects(readBack(bytes, ...more), (error) => {
    assert.ok(error instanceof ReportError && error.code === 'contract', String(error));
    assert.match(error.message, said);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}

describe('the cells of a page', () => {
  test('come back in their columns, the titles once', async () => {
    const first = pageOf(TITLES, rowsSection(ROWS), rowsSection([]), rowsSection(ROWS.slice(0, 1)));
    const bytes = pagesOf(first, pageOf(TITLES), pageOf(TITLES, rowsSection(ROWS)));
    assert.deepEqual(await readBack(bytes), [TITLES, ...ROWS, ROWS[0], ...ROWS]);
    assert.deepEqual(await readBack(pagesOf(pageOf(TITLES))), [TITLES]);
  });

  test('are the same in pieces of any size', async () => {
    const streams = [1, 2].map((page) => pageStream(pageOf(TITLES, rowsSection(ROWS)), page));
    const bytes = pdfOf(streams, 5000);
    for (const size of [1, 7, 100, 4096, 65_536, bytes.length - 1, bytes.length]) {
      assert.deepEqual(await readBack(bytes, {}, COLUMNS, size), [TITLES, ...ROWS, ...ROWS], String(size));
    }
  });

  test('are strings, texts in place of what is drawn, and both in tagged cells', async () => {
    const long = 'é'.repeat(20_000);
    const pieces = [long.slice(0, 7000), long.slice(7000), ' (ASCII) \\ '].map(textString);
    const cells = [
      `${drawn('1')} Tj`,
      replaced('a (b) \\ c'),
      `/TD <</MCID 12>>BDC 0 g [${drawn('1')}]TJ EMC`,
      '/TD <</MCID 13/Lang(pt-BR)/Alt[1 /Name (x)]>>BDC [()] TJ EMC',
      `/TD<</MCID 14>>BDC/Span<</RPTC_Text[${pieces.join(' ')}]>>BDC[${drawn('cut')}]TJ EMC EMC`,
      `[-5 10]TJ [${drawn('-7')} -3]TJ`,
      '() Tj',
      `/TD <</MCID 15>> BDC /Span <</ActualText ()>> BDC EMC EMC`,
      '() Tj',
    ];
    const page = pageOf(TITLES, `/RPTC_R BMC ${cells.join('\n')}\nEMC `);
    assert.deepEqual((await readBack(pagesOf(page))).slice(1), [
      ['1', 'a (b) \\ c', '1'],
      [null, `${long} (ASCII) \\ `, '-7'],
      [null, '', null],
    ]);
  });

  test('may be any text', async () => {
    const columns = COLUMNS.slice(1, 2);
    const odd = fc.constantFrom(
      '(',
      '⠩',
      '小',
      '\r',
      '\r\n',
      '\\r',
      '()',
      '\ud800',
      '\uffff',
      '\0',
      'EMC',
      '⤨',
    );
    const text = fc.oneof(odd, anyText({ minLength: 1, maxLength: 20 }), fc.constant(null), fc.constant(''));
    const rows = fc.array(fc.tuple(text), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, rows, async (some, others) => {
        const inProperties = others.map(([cell]) => (cell === null ? '() Tj' : replaced(cell))).join(' ');
        const page = pageOf(['Nome (título)'], rowsSection(some), `/RPTC_R BMC ${inProperties} EMC `);
        assert.deepEqual((await readBack(pagesOf(page), {}, columns)).slice(1), [...some, ...others]);
      }),
      { numRuns: runs(60) },
    );
  });
});

describe('groups', () => {
  const columns: readonly Column[] = [
    { name: 'id', kind: 'integer' },
    { name: 'loja', kind: 'text', title: 'Loja' },
    { name: 'nome', kind: 'text' },
    { name: 'ano', kind: 'integer' },
  ];
  const options = { 'group-by': ['ano', 'loja'], locale: 'pt-BR' };
  const group = (level: number, cell: string) =>
    `/P <</MCID 9>> BDC /RPTC_G <</L ${level}>> BDC ${cell} EMC EMC\n`;
  const ano = (year: string) => group(0, `${drawn(year)} Tj`);
  const loja = (name: Cell) => group(1, name === '' ? replaced('') : `[${drawn(name ?? '')}]TJ`);
  const some = (...ids: string[]) => rowsSection(ids.map((id) => [id, 'x']));
  const page = (...sections: string[]) => pageOf(['id', 'nome'], ...sections);

  test('give every row their values, over pages, and the header their titles', async () => {
    const bytes = pagesOf(
      page(ano('2.024'), loja('A'), some('1', '2')),
      page(some('3'), loja(null), some('4'), loja('')),
      page(some('5'), ano('-1'), loja('A'), some('6')),
    );
    assert.deepEqual(await readBack(bytes, options, columns), [
      ['id', 'Loja', 'nome', 'ano'],
      ['1', 'A', 'x', '2024'],
      ['2', 'A', 'x', '2024'],
      ['3', 'A', 'x', '2024'],
      ['4', null, 'x', '2024'],
      ['5', '', 'x', '2024'],
      ['6', 'A', 'x', '-1'],
    ]);
  });

  const cases: readonly [what: string, page: string, said: RegExp][] = [
    ['rows before it', page(some('1')), /^page 1 has rows before the group that they are in$/],
    ['rows before the inner one', page(ano('1'), some('1')), /rows before the group/],
    [
      'an inner one that ended with the outer one',
      page(ano('1'), loja('A'), ano('2'), some('1')),
      /before the group/,
    ],
    [
      'an inner one first',
      page(loja('A'), some('1')),
      /^page 1 has a group of level 1 with 1 cells in the wrong/,
    ],
    [
      'a level more',
      page(ano('1'), loja('A'), group(2, '() Tj'), some('1')),
      /^page 1 has a group of level 2/,
    ],
    ['no value', page(group(0, '')), /^page 1 has a group of level 0 with 0 cells/],
    ['two values', page(group(0, '()Tj ()Tj')), /^page 1 has a group of level 0 with 2 cells/],
    ['no level', page('/RPTC_G BMC ()Tj EMC'), /^page 1 has the mark "RPTC_G" in the wrong place$/],
    [
      'a level of two digits',
      page(group(10, '()Tj')),
      /^page 1 has "10>> BDC .*" at byte \d+, which the writer/,
    ],
    ['a level of none', page('/RPTC_G <</L .>> BDC ()Tj EMC'), /^page 1 has "\.>> BDC/],
  ];
  for (const [what, content, said] of cases) {
    test(`are refused with ${what}`, () => assertRefused(pagesOf(content), said, options, columns));
  }

  test('by what is no column', async () => {
    await assertRefused(pagesOf(page()), /^its rows are grouped by "x", which is no column$/, {
      'group-by': ['x'],
    });
    await assertRefused(pagesOf(page()), /^its rows are grouped by "id"$/, { 'group-by': 'id' });
    await assertRefused(pagesOf(page()), /^its locale is "xx"$/, { locale: 'xx' });
  });
});

describe('numbers', () => {
  const columns = COLUMNS.slice(2);
  const numbers = (texts: readonly string[], locale?: string) => {
    const page = pageOf(['valor'], rowsSection(texts.map((text) => [text])));
    return { bytes: pagesOf(page), options: locale === undefined ? {} : { locale } };
  };
  const same = ['0', '-7', '12345', '9'.repeat(400), '1e+20', '-1.5E-7', 'NaN', 'Infinity', '-Infinity'];
  const portuguese = { '1,5': '1.5', '1.234': '1234', '-12.345.678,90': '-12345678.90', '1234,0': '1234.0' };
  const english = { '1.5': '1.5', '1,234': '1234', '-12,345,678.90': '-12345678.90', '1234.0': '1234.0' };

  for (const [locale, spelled] of [
    ['pt-BR', portuguese],
    [undefined, english],
  ] as const) {
    test(`are canonical again: ${locale ?? 'English'}`, async () => {
      const { bytes, options } = numbers([...same, ...Object.keys(spelled)], locale);
      const rows = (await readBack(bytes, options, columns)).slice(1);
      assert.deepEqual(rows.flat(), [...same, ...Object.values(spelled)]);
    });
  }

  test('of another locale, or of none, are refused', async () => {
    const none = ['', '-', 'x', '1,', ',5', '1e99999', '--1', '1-', ' 1', '+1', '1.234.56', '1234.567,0'];
    for (const text of [...none, '1,2,3', '1.2345', '.123', '１', '1.5', '1,234.5']) {
      const { bytes, options } = numbers([text], 'pt-BR');
      await assertRefused(bytes, /^page 1 has ".*" in "valor", no decimal$/, options, columns);
    }
    for (const text of ['1,5', '1.234,5', '1,234,56', '1234,567', '1.2.3', '1.']) {
      const { bytes } = numbers([text]);
      await assertRefused(bytes, /^page 1 has ".*" in "valor", no decimal$/, {}, columns);
    }
  });
});

describe('a page is refused', () => {
  const rows = (text: string) => pageOf(TITLES, `/RPTC_R BMC ${text} EMC\n`);
  const whole = '()Tj ()Tj ()Tj';
  const cases: readonly [what: string, page: string, said: RegExp][] = [
    ['with half a row', rows('()Tj ()Tj'), /^page 1 has 2 cells in rows of 3$/],
    ['without titles', rowsSection(ROWS), /^page 1 has no titles, or has them twice$/],
    ['with titles twice', pageOf(TITLES) + pageOf(TITLES), /^page 1 has no titles, or has them twice$/],
    ['with a title more', pageOf([...TITLES, 'x']), /^page 1 has 4 titles for 3 columns$/],
    ['when a section goes on', `${pageOf(TITLES)}/RPTC_R BMC ${whole}`, /^page 1 does not end as it should$/],
    ['when operands are left', `${pageOf(TITLES)} 1`, /^page 1 does not end as it should$/],
    [
      'with a section in a section',
      rows(`/RPTC_R BMC ${whole} EMC`),
      /^page 1 has the mark "RPTC_R" in the wrong/,
    ],
    [
      'with rows that have a level',
      `${pageOf(TITLES)}/RPTC_R <</L 1>> BDC EMC`,
      /^page 1 has the mark "RPTC_R"/,
    ],
    ['with an end more', `${pageOf(TITLES)} EMC`, /^page 1 ends marks that did not begin$/],
    [
      'with unknown marks in rows',
      rows(`/P BMC ${whole} EMC`),
      /^page 1 has the mark "P" in the wrong place$/,
    ],
    ['with a span without text', rows(`/Span <</MCID 1>>BDC ${whole} EMC`), /^page 1 has the mark "Span"/],
    ['with a text in a text', rows(`/Span <</ActualText()>>BDC ${replaced('x')} EMC`), /the mark "Span"/],
    [
      'with two texts',
      rows('/Span <</ActualText()/RPTC_Text[]>>BDC EMC'),
      /^page 1 has "\[\]>>BDC.*" at byte \d+,/,
    ],
    ['with a text that is no list', rows('/Span <</RPTC_Text()>>BDC EMC'), /^page 1 has "\(\)>>BDC/],
    ['with marks too deep', '/P BMC '.repeat(101), /^page 1 has marks inside of marks$/],
    ['with a string of hexadecimal digits', rows('<FEFF0041> Tj'), /^page 1 has "<FEFF0041> Tj/],
    ['with a comment', rows(`% comment\n${whole}`), /^page 1 has "% comment\\n/],
    ['with an inline image', rows(`BI ${whole}`), /^page 1 has "BI /],
    ['with strings that another operator shows', rows(`${whole} () '`), /^page 1 has "' EMC/],
    ['with strings for another operator', rows(`${whole} () Td`), /^page 1 has "Td EMC/],
    ['with two strings for one', rows('() () () Tj'), /^page 1 has "Tj EMC/],
    ['with an array in an array', rows('[[()]]TJ'), /^page 1 has "\[\(\)\]\]TJ/],
    ['with an array that goes on', `${pageOf(TITLES)}[()`, /^page 1 has "" at byte/],
    ['with a string for an array', rows('()TJ'), /^page 1 has "TJ EMC/],
    ['with a number that is none', rows('1Tj'), /^page 1 has "1Tj EMC/],
    ['with an operator that is none', rows('Tj1'), /^page 1 has "Tj1 EMC/],
    ['with properties of nothing', rows('<</L 1>> BDC EMC'), /^page 1 has "<<\/L 1>> BDC/],
    ['with an odd property', rows('/TD <</MCID (a) 1>>BDC EMC'), /^page 1 has "1>>BDC EMC/],
    ['with a property that goes on', `${pageOf(TITLES)}/P <</K[1 `, /^page 1 has "" at byte/],
    ['with half a character', rows('(abc)Tj'), /^page 1 has a string that does not end as it should$/],
    ['with a parenthesis in a string', rows('(\0()Tj'), /^page 1 has a string that does not end/],
    ['with another escape', rows('(\0\\n)Tj'), /^page 1 has a string that does not end/],
    ['with a line end in a string', rows('(\0\r)Tj'), /^page 1 has a string that does not end/],
    ['with a string that goes on', `${pageOf(TITLES)}(\0a`, /^page 1 has a string that does not end/],
    ['with an escape at the end', `${pageOf(TITLES)}(\\`, /^page 1 has a string that does not end/],
    ['with an odd text', rows('/Span <</ActualText<0041>>>BDC EMC'), /^page 1 has an odd text$/],
    ['with half a text', rows('/Span <</ActualText<FEFF004>>>BDC EMC'), /^page 1 has an odd text$/],
    [
      'with odd digits',
      rows('/Span <</ActualText<FEFF004g>>>BDC EMC'),
      /^page 1 has a text with digits that are/,
    ],
    [
      'with a text that is not ASCII',
      rows('/Span <</ActualText(\xe9)>>BDC EMC'),
      /^page 1 has a text that is not/,
    ],
    ['with an array for a text', rows('/Span <</ActualText[()]>>BDC EMC'), /^page 1 has an odd text$/],
  ];
  for (const [what, page, said] of cases) test(what, () => assertRefused(pagesOf(page), said));

  test('with other titles than the first', async () => {
    const other = pageOf(['id', 'Nome', 'valor'], rowsSection(ROWS));
    await assertRefused(pagesOf(pageOf(TITLES), other), /^page 2 has other titles than page 1$/);
  });

  test('or read, whatever bytes it has', async () => {
    const content = Buffer.from(pageOf(TITLES, rowsSection(ROWS), rowsSection(ROWS)), 'latin1');
    const change = fc.tuple(
      fc.nat(content.length - 1),
      fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('()[]<>/\\ TEJ'))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = Buffer.from(content);
        for (const [at, byte] of changes) changed[at] = byte;
        await readBack(pagesOf(changed.toString('latin1'))).catch((error) => {
          assert.ok(error instanceof ReportError && error.code === 'contract', String(error));
        });
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe('a file is refused', () => {
  const contents = [1, 2, 3].map((id) => pageOf(TITLES, rowsSection([[`${id}`, 'x', null]])));
  const streams = contents.map((content, index) => pageStream(content, index + 1));
  const bytes = pdfOf(streams);
  const text = bytes.toString('latin1');
  const [first, second, third] = streams as [(typeof streams)[0], (typeof streams)[0], (typeof streams)[0]];
  const changed = (from: string | RegExp, to: string) => {
    const other = text.replace(from, to);
    assert.ok(other !== text, String(from));
    return Buffer.from(other, 'latin1');
  };

  test('cut anywhere, or with more behind its end', async () => {
    const ends = [...text.matchAll(/obj|stream|>>|\n/g)].map(({ index }) => index);
    const lengths = [
      0,
      1,
      8,
      bytes.length - 1,
      ...ends.filter((_, index) => index % 97 === 0 || index > ends.length - 30),
    ];
    for (const length of lengths)
      await assertRefused(bytes.subarray(0, length), /^it is cut off after|^it has ".*" at byte/);
    await assertRefused(Buffer.concat([bytes, Buffer.from('\n')]), /^it goes on after \d+ bytes, its end$/);
    const update = `9 0 obj\n<<>>\nendobj\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 9>>\nstartxref\n9\n%%EOF\n`;
    await assertRefused(Buffer.concat([bytes, Buffer.from(update)]), /^it goes on after \d+ bytes, its end$/);
    await assertRefused(Buffer.concat([bytes, bytes]), /^it goes on after \d+ bytes, its end$/);
  });

  test('with pages swapped, left out or twice', async () => {
    await assertRefused(pdfOf([second, first, third]), /^page 1 should follow, not page "2"$/);
    await assertRefused(pdfOf([first, third]), /^page 2 should follow, not page "3"$/);
    await assertRefused(pdfOf([first, first]), /^page 2 should follow, not page "1"$/);
    await assertRefused(pdfOf([]), /^it has no pages of rows$/);
    // Pages are numbered, so that the last one is missed by its rows only.
    assert.equal((await readBack(pdfOf([first, second]))).length, 3);
  });

  const cases: readonly [what: string, bytes: () => Buffer, said: RegExp][] = [
    [
      'of another version',
      () => changed('1.7', '1.4'),
      /^it has "%PDF-1\.4\\n.*" at byte 0, not its header$/,
    ],
    [
      'with a stream of another length',
      () => changed('/Length 340', '/Length 339'),
      /^it has "\\n\\nendstream.*" at byte \d+, not the end of object 1$/,
    ],
    [
      'with another generation',
      () => changed('2 0 obj', '2 1 obj'),
      /^it has "2 1 obj.* where a stream object/,
    ],
    [
      'with a line more',
      () => changed('2 0 obj', '\n2 0 obj'),
      /^it has "\\n2 0 obj.* where a stream object/,
    ],
    [
      'with an object of another number',
      () => changed('2 0 obj', '3 0 obj'),
      /^object 2 is not where object \d+ says$/,
    ],
    ['with an object twice', () => changed('4 0 obj', '2 0 obj'), /^object 2 comes twice$/],
    [
      'with an object without dictionary',
      () => changed('2 0 obj\n<<', '2 0 obj\n[<'),
      /^it has "2 0 obj\\n\[</,
    ],
    [
      'with a key twice',
      () => changed('/RPTC_Page 1', '/Length 1/X 1'),
      /^object 2 has "\/Length" where another/,
    ],
    [
      'with a key in another spelling',
      () => changed('/RPTC_Page 1', '/RPTC#5FP 1'),
      /^object 2 has "\/RPTC#5FP" where/,
    ],
    [
      'with a value without key',
      () => changed('/RPTC_Page 1', '1234567 1 1 '),
      /^object 2 has "1234567" where/,
    ],
    ['with an odd bracket', () => changed('/RPTC_Page 1', '/RPTC_Page >'), /^object 2 has no dictionary/],
    ['with an odd value', () => changed('/RPTC_Page 1', '/RPTC_Page]>'), /^object 2 has an odd \]/],
    [
      'with more than a dictionary',
      () => changed(/(?<=1\/Filter\/)FlateDecode/, 'Flat>><</A '),
      /^object 2 has more than/,
    ],
    [
      'with a length that is none',
      () => changed(/Length \d\d\d>>/, 'Length 1.2>>'),
      /^object 1 has "1\.2" for its Length$/,
    ],
    ['with an odd page', () => changed('Page 2', 'Page x'), /^page 2 should follow, not page "x"$/],
    [
      'that points elsewhere',
      () => changed(/startxref\n\d/, 'startxref\n0'),
      /^it has "startxref.*, not its last lines$/,
    ],
    [
      'with references in parts',
      () => changed('/Type/XRef', '/Index[0 1]/Type/XRef'),
      /has no cross-references as/,
    ],
    [
      'with wider references',
      () => changed(/\/W\[1 \d 2\]/, '/W[1 8 2]'),
      /has no cross-references as the writer/,
    ],
    [
      'with references for fewer objects',
      () => changed(/XRef\/Size \d+/, 'XRef/Size 07'),
      /^object \d+ is larger than 49 bytes$/,
    ],
    [
      'with references for more objects',
      () => changed(/XRef\/Size \d+/, 'XRef/Size 99'),
      /^object \d+ is not about 99 objects$/,
    ],
    [
      'with another filter',
      () => changed('Page 1/Filter/Flate', 'Page 1/Filter/Brotl'),
      /^page 1 is not deflated$/,
    ],
    [
      'with an empty object stream',
      () => changed(/\/ObjStm\/N \d/, '/ObjStm/N 0'),
      /^object \d+ is not where/,
    ],
    [
      'with a larger object stream',
      () => changed(/\/ObjStm\/N \d/, '/ObjStm/N 9'),
      /^object \d+ leaves objects out$/,
    ],
    [
      'with a longer page',
      () => pdfOf([{ ...first, bytes: Buffer.concat([first.bytes, Buffer.from('x')]) }]),
      /^page 1 goes on behind its end$/,
    ],
    [
      'with half a page',
      () => pdfOf([{ ...first, bytes: first.bytes.subarray(0, 50) }]),
      /^page 1 cannot be inflated: /,
    ],
    [
      'with a page without checksum',
      () => pdfOf([{ ...first, bytes: first.bytes.subarray(0, -4) }]),
      /^page 1 cannot be/,
    ],
    [
      'with parameters',
      () => pdfOf([{ ...first, dictionary: `${first.dictionary}/DecodeParms<</Predictor 12>>` }]),
      /^page 1 is not deflated$/,
    ],
  ];
  for (const [what, made, said] of cases) test(what, () => assertRefused(made(), said));

  /** The file with other references. @param change gets seven bytes for each object: type, place, index */
  function referring(change: (entries: Buffer) => void): Buffer {
    const start = text.lastIndexOf('stream\n', text.lastIndexOf('endstream') - 1) + 'stream\n'.length;
    const end = text.lastIndexOf('\nendstream');
    const entries = inflateSync(bytes.subarray(start, end));
    change(entries);
    const packed = deflateSync(entries);
    const head = text.slice(0, start).replace(/Length \d+>>stream\n$/, `Length ${packed.length}>>stream\n`);
    return Buffer.concat([Buffer.from(head, 'latin1'), packed, bytes.subarray(end)]);
  }

  test('with references that are not those of the file', async () => {
    assert.equal((await readBack(referring(() => undefined))).length, 4);
    const size = 7;
    const changes: readonly [number: number, change: (entries: Buffer, at: number) => void, said: RegExp][] =
      [
        [0, (entries, at) => entries.writeUInt8(1, at), /^object 0 is not where object \d+ says$/],
        [0, (entries, at) => entries.writeUInt16BE(0, at + 5), /^object 0 is not where/],
        [2, (entries, at) => entries.writeUInt32BE(16, at + 1), /^object 2 is not where/],
        [2, (entries, at) => entries.writeUInt16BE(1, at + 5), /^object 2 is not where/],
        [2, (entries, at) => entries.writeUInt8(0, at), /^object 2 is not where/],
        [
          2,
          (entries, at) => entries.copyWithin(at, at + size, at + 2 * size),
          /^object \d+ leaves objects out$/,
        ],
        [3, (entries, at) => entries.writeUInt32BE(2, at + 1), /^object 3 is not where/],
        [3, (entries, at) => entries.writeUInt16BE(5, at + 5), /^object 3 is not where/],
        [3, (entries, at) => entries.writeUInt8(3, at), /^object 3 is not where/],
      ];
    for (const [number, change, said] of changes) {
      await assertRefused(
        referring((entries) => change(entries, number * size)),
        said,
      );
    }
  });

  test('with a page that fills the memory', async () => {
    const bomb = deflateSync(Buffer.alloc(64 * 1024 ** 2 + 1, ' '));
    await assertRefused(pdfOf([{ ...first, bytes: bomb }]), /^page 1 is larger than 67108864 bytes$/);
    const head = Buffer.from(
      `%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</RPTC_Page 1/Length ${10 ** 12}>>stream\n`,
      'latin1',
    );
    await assertRefused(head, /^object 1 has 1000000000000 bytes; 67108864 are the most$/);
    const long = Buffer.from(
      `%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<${'/A 1'.repeat(20_000)}>>stream\n`,
      'latin1',
    );
    await assertRefused(long, /^it has "1 0 obj.*", where a stream object should be$|where a stream object/);
  });

  test('or read, whatever byte is changed', async () => {
    const start = text.indexOf('2 0 obj');
    const at = fc.oneof(
      fc.nat(bytes.length - 1),
      fc.integer({ min: bytes.length - 400, max: bytes.length - 1 }),
      fc.integer({ min: start, max: start + 600 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const other = Buffer.from(bytes);
          for (const [position, byte] of changes) other[position] = byte;
          await readBack(other, {}, COLUMNS, 65_536).catch((error) => {
            assert.ok(error instanceof ReportError && error.code === 'contract', String(error));
          });
        },
      ),
      { numRuns: runs(300) },
    );
  });
});

describe('the bytes', () => {
  const page = pagesOf(pageOf(TITLES, rowsSection(ROWS)), pageOf(TITLES, rowsSection(ROWS)));

  test('are closed when the reader stops', async () => {
    let isClosed = false;
    async function* pieces() {
      try {
        for (let at = 0; at < page.length; at += 100) yield page.subarray(at, at + 100);
      } finally {
        isClosed = true;
      }
    }
    for await (const rows of readPdf(pieces(), { options: {}, columns: COLUMNS })) {
      assert.equal(rows.length, 4);
      break;
    }
    assert.ok(isClosed);
  });

  test('may fail', async () => {
    async function* broken() {
      yield page.subarray(0, 100);
      throw new ReportError('destination', 'the connection was reset');
    }
    await assert.rejects(
      readPdf(broken(), { options: {}, columns: COLUMNS }).next(),
      /the connection was reset/,
    );
  });
});
