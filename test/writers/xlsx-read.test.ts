// Reading workbooks back: what the writer wrote comes out as it went in, and everything else is refused in one line.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import excel from 'exceljs';
import fc from 'fast-check';
import { ReportError } from '../../src/core/errors.js';
import type { WrittenFile } from '../../src/core/format.js';
import type { Cell, Column } from '../../src/core/table.js';
import type { Manifest } from '../../src/publish/documents.js';
import { measure } from '../../src/verify/content.js';
import { SheetText } from '../../src/writers/xlsx/read/sheet-text.js';
import { readXlsx } from '../../src/writers/xlsx/read.js';
import { templateOf } from '../../src/writers/xlsx/template/open.js';
import { Zip } from '../../src/writers/xlsx/zip.js';
import { anyText } from '../support/any-text.js';
import { cellBatch, copyTextBatch, type Rows } from '../support/copy-text.js';
import { runs } from '../support/runs.js';
import { writeXlsx } from '../support/xlsx.js';

const COLUMNS: readonly Column[] = [
  { name: 'id', kind: 'integer' },
  { name: 'nome', kind: 'text', title: 'Nome & "título" _x000D_' },
  { name: 'valor', kind: 'decimal', title: 'Valor' },
  { name: 'ativo', kind: 'boolean' },
  { name: 'dia', kind: 'date' },
  { name: 'em', kind: 'timestamp' },
  { name: 'extra', kind: 'json' },
];
const HEADER = ['id', 'Nome & "título" _x000D_', 'Valor', 'ativo', 'dia', 'em', 'extra'];
const ROWS: Rows = [
  ['1', 'Café', '10.50', 'true', '2024-10-05', '2024-10-05 12:00:00-03', '{"a":"<b>&"}'],
  ['-2', '', '-0.10', 'false', '1890-01-01', '2024-10-05 18:00:00.5-03', '[]'],
  [null, null, null, null, null, null, null],
  ['9223372036854775807', 'a\r\n\tb\u0007_x0041_ 😀', '1234567890.1234567890', null, null, null, ' x '],
  ['4', '\ud800\uffff', 'NaN', 'true', null, null, null],
];

async function readBack(
  bytes: Buffer,
  columns: readonly Column[] = COLUMNS,
  described: Partial<WrittenFile> = {},
): Promise<Cell[][]> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
  }
  const rows: Cell[][] = [];
  const file = { options: {}, columns, bytes: bytes.length, ...described };
  for await (const some of readXlsx(pieces(), file)) rows.push(...some);
  return rows;
}

/** With a message of one line. */
async function assertRefused(
  bytes: Buffer,
  said: RegExp,
  columns = COLUMNS,
  described: Partial<WrittenFile> = {},
) {
  await assert.rejects(readBack(bytes, columns, described), (error) => {
    assert.ok(error instanceof ReportError && error.code === 'contract', String(error));
    assert.match(error.message, said);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}

/** Zipped again, with other content in one part. */
async function rezipped(
  parts: ReadonlyMap<string, string>,
  change: (name: string, content: string) => string | undefined,
  more: readonly (readonly [name: string, content: string])[] = [],
): Promise<Buffer> {
  const zip = new Zip();
  const chunks: Buffer[] = [];
  for (const [name, content] of [...parts, ...more]) {
    const changed = change(name, content);
    if (changed !== undefined) chunks.push(await zip.whole(name, Buffer.from(changed)));
  }
  return Buffer.concat([...chunks, zip.end()]);
}

const SHEET = 'xl/worksheets/sheet1.xml';

/** A change of one part, which must be one. */
function replaced(part: string, from: string | RegExp, to: string) {
  return (name: string, content: string) => {
    if (name !== part) return content;
    const changed = content.replace(from, to);
    assert.ok(changed !== content, `${from} is in ${part}`);
    return changed;
  };
}

function measured(
  bytes: Buffer,
  totals: Readonly<Record<string, string>> = { id: '', valor: '' },
  compress: string | null = null,
) {
  async function* download() {
    yield bytes;
  }
  const manifest = {
    format: 'xlsx',
    dialect: {},
    compress,
    columns: COLUMNS,
    totals,
    bytes: bytes.length,
  };
  return measure(download(), manifest as unknown as Manifest);
}

describe('what was written comes back', () => {
  for (const options of [{}, { locale: 'pt-BR' as const }, { sheet: "D'Ávila & <filhos>" }]) {
    test(JSON.stringify(options), async () => {
      const { bytes } = await writeXlsx(COLUMNS, [cellBatch(ROWS)], options);
      assert.deepEqual(await readBack(bytes, COLUMNS, { options }), [
        HEADER,
        ['1', 'Café', '10.50', 'true', '45570', '45570.5', '{"a":"<b>&"}'],
        ['-2', '', '-0.10', 'false', '1890-01-01', '45570.750005787037', '[]'],
        [null, null, null, null, null, null, null],
        ROWS[3],
        ROWS[4],
      ]);
    });
  }

  test('rows, exact totals and nulls', async () => {
    const { bytes } = await writeXlsx(COLUMNS, [copyTextBatch(ROWS.slice(0, 4))]);
    const { content } = await measured(bytes);
    assert.deepEqual(content, {
      header: HEADER,
      rows: 4,
      totals: { id: '9223372036854775806', valor: '1234567900.5234567890' },
      nulls: { id: 1, nome: 1, valor: 1, ativo: 2, dia: 2, em: 2, extra: 1 },
      textNumbers: { id: 1, valor: 1 },
    });
  });

  test('no rows', async () => {
    const { bytes } = await writeXlsx(COLUMNS, []);
    assert.deepEqual(await readBack(bytes), [HEADER]);
  });

  test('any text and number', async () => {
    const columns: readonly Column[] = [
      { name: 'a', kind: 'text' },
      { name: 'b', kind: 'decimal' },
    ];
    const text = fc.oneof(
      fc.constantFrom(null, '', '_x005F_', '_x000D_', '&lt;', ']]>', '</row>', '\r', '\ufeff', ' '),
      anyText({ maxLength: 20 }),
    );
    const number = fc.oneof(
      fc.constantFrom(null, '1e+20', '-1e-400', '0.00', 'NaN', '-Infinity', '1E+6144'),
      fc.tuple(fc.bigInt(), fc.nat()).map(([whole, fraction]) => `${whole}.${fraction}`),
    );
    const rows = fc.array(fc.tuple(text, number), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, async (some) => {
        const { bytes } = await writeXlsx(columns, some.length === 0 ? [] : [cellBatch(some)]);
        assert.deepEqual(await readBack(bytes, columns), [['a', 'b'], ...some]);
      }),
      { numRuns: runs(25) },
    );
  });

  test('rows longer than what is inflated at once, and characters cut between two pieces', async () => {
    const columns = Array.from({ length: 60 }, (_, index): Column => ({ name: `c${index}`, kind: 'text' }));
    const rows = [0, 1, 2].map((row) => columns.map((_, index) => `${'é😀'.repeat(5000 + row + index)}`));
    const { bytes } = await writeXlsx(columns, [cellBatch(rows)]);
    assert.deepEqual((await readBack(bytes, columns)).slice(1), rows);
  });
});

describe('in a template', () => {
  const columns = COLUMNS.slice(0, 3);
  const rows = ROWS.map((row) => row.slice(0, 3));

  /** A title above, the header in row 3, styled sample rows below. */
  async function designed() {
    const workbook = new excel.Workbook();
    workbook.addWorksheet('Capa').getCell('A1').value = 'Relatório';
    const sheet = workbook.addWorksheet('Vendas');
    sheet.getCell('A1').value = 'Relatório da casa';
    sheet.getRow(3).values = columns.map(({ name }) => name.toUpperCase());
    for (const number of [4, 5]) sheet.getRow(number).values = [1, 'x', 2];
    for (const column of [1, 2, 3]) sheet.getCell(4, column).style = { font: { bold: true } };
    sheet.getRow(4).height = 21;
    return templateOf('modelo.xlsx', Buffer.from(await workbook.xlsx.writeBuffer()));
  }

  test('the rows are those below its header, and its sheets and titles its own affair', async () => {
    const options = { sheet: 'Vendas', template: await designed() };
    for (const some of [rows, rows.slice(0, 1), []]) {
      const { bytes, parts } = await writeXlsx(columns, some.length === 0 ? [] : [cellBatch(some)], options);
      assert.deepEqual(await readBack(bytes, columns, { options }), [HEADER.slice(0, 3), ...some]);
      if (some.length === 0) continue;
      const bad = replaced('xl/worksheets/sheet2.xml', '<v>10.50</v>', '<f>1</f><v>10.50</v>');
      const changed = await rezipped(parts, bad);
      await assertRefused(changed, /^row 4 of "Vendas" has ".*" where a cell/, columns, { options });
    }
  });

  test('a sheet that is not there, and one without its header', async () => {
    const options = { sheet: 'Vendas', template: await designed() };
    const { bytes, parts } = await writeXlsx(columns, [cellBatch(rows)], options);
    await assertRefused(bytes, /^it has no sheet "Outra", or several$/, columns, {
      options: { ...options, sheet: 'Outra' },
    });
    const none = await rezipped(
      parts,
      replaced('xl/worksheets/sheet2.xml', /<sheetData>.*<\/sheetData>/s, ''),
    );
    await assertRefused(none, /^the start of "Vendas" is not followed by the sheet's end$/, columns, {
      options,
    });
  });
});

describe('a sheet in pieces', () => {
  test('of any length gives the same rows', async () => {
    const { parts } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
    const xml = parts.get(SHEET) ?? '';
    const read = (piece: number) => {
      const sheet = new SheetText('Dados', { columns: COLUMNS });
      const rows: Cell[][] = [];
      for (let at = 0; at < xml.length; at += piece) {
        for (const some of sheet.add(xml.slice(at, at + piece))) rows.push(...some);
      }
      for (const some of sheet.end()) rows.push(...some);
      return rows;
    };
    const whole = read(xml.length);
    assert.equal(whole.length, 6);
    const tail = xml.length - xml.indexOf('</sheetData>');
    const pieces = [1, 7, 100, 999, ...[1, 10, tail, tail + 10, tail + 100].map((left) => xml.length - left)];
    for (const piece of pieces) assert.deepEqual(read(piece), whole, String(piece));
  });
});

describe('what was changed', () => {
  test('a value in a cell: another total; a cell that went, and one that is now empty: other nulls', async () => {
    const { parts } = await writeXlsx(COLUMNS, [cellBatch(ROWS.slice(0, 4))]);
    const contentOf = async (from: string | RegExp, to: string) => {
      const { content } = await measured(await rezipped(parts, replaced(SHEET, from, to)));
      assert.ok('rows' in content, JSON.stringify(content));
      return content;
    };
    const { totals } = await contentOf('<v>10.50</v>', '<v>10.51</v>');
    assert.equal(totals.valor, '1234567900.5334567890');
    const long = await contentOf('9223372036854775807', '9223372036854775808');
    assert.equal(long.totals.id, '9223372036854775807');
    assert.equal((await contentOf(/<c r="B3".*?<\/c>/, '')).nulls.nome, 2);
    assert.equal((await contentOf(/<row r="5"[^<>]*>.*?<\/row>/s, '')).rows, 3);
    assert.equal((await contentOf('>Valor<', '>Outro<')).header[2], 'Outro');
  });

  const cases: readonly [what: string, part: string, from: string | RegExp, to: string, said: RegExp][] = [
    ['a row left out', SHEET, /<row r="3">.*?<\/row>/, '', /^row 2 of "Dados" is followed by row 4$/],
    ['a row again', SHEET, /(<row r="3">.*?<\/row>)/, '$1$1', /^row 3 of "Dados" is followed by row 3$/],
    ['a cell of another row', SHEET, '"A3"', '"A2"', /^row 3 of "Dados" has the cell A2 in the wrong place$/],
    ['a cell beyond the columns', SHEET, '"G2"', '"H2"', /the cell H2 in the wrong place$/],
    ['a formula', SHEET, '<v>10.50</v>', '<f>1+1</f><v>10.50</v>', /^row 2 of "Dados" has ".*" where a cell/],
    [
      'a shared string',
      SHEET,
      /(<c r="B2" s="\d+" t=)"str"/,
      '$1"s"',
      /^row 2 of "Dados" has ".*", no text$/,
    ],
    ['no number', SHEET, '<v>10.50</v>', '<v>10,50</v>', /no decimal$/],
    ['a number to fill the memory', SHEET, '<v>10.50</v>', '<v>1e99999999</v>', /no decimal$/],
    [
      'text for a number',
      SHEET,
      't="inlineStr"><is><t xml:space="preserve">NaN',
      't="str"><v>x',
      /where a cell/,
    ],
    ['a boolean that is none', SHEET, 't="b"><v>1<', 't="b"><v>2<', /no boolean$/],
    ['an entity', SHEET, 'Café', 'Caf&#233;', /^row 2 of "Dados" has "&#233;"$/],
    ['a comment', SHEET, '</sheetData>', '</sheetData><!-- -->', /has a comment/],
    [
      'rows after the end',
      SHEET,
      '</sheetData>',
      '</sheetData><sheetData><row r="9"/></sheetData>',
      /after the end$/,
    ],
    ['no end', SHEET, '</worksheet>', '', /^row 6 of "Dados" is not followed by the sheet's end$/],
    ['no rows', SHEET, /<sheetData>.*<\/sheetData>/s, '<sheetData></sheetData>', /^the start of "Dados"/],
    ['no worksheet', SHEET, /<worksheet /, '<other ', /^the start of "Dados" is no worksheet$/],
    [
      'another name',
      'xl/workbook.xml',
      'name="Dados"',
      'name="Data"',
      /^sheet 2 is "Data", not a visible "Dados"$/,
    ],
    [
      'a hidden sheet',
      'xl/workbook.xml',
      /(name="Dados" state=)"visible"/,
      '$1"hidden"',
      /not a visible "Dados"$/,
    ],
    ['no list of sheets', 'xl/workbook.xml', '<sheets>', '<other>', /no list of sheets/],
    [
      'a sheet in another spelling',
      'xl/workbook.xml',
      '</sheets>',
      '<sheet name="x"></sheet></sheets>',
      /has odd sheets$/,
    ],
    [
      'a part that is not there',
      'xl/_rels/workbook.xml.rels',
      'worksheets/sheet1.xml',
      'x.xml',
      /^it has no xl\/x\.xml$/,
    ],
  ];
  for (const [what, part, from, to, said] of cases) {
    test(what, async () => {
      const { parts } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
      await assertRefused(await rezipped(parts, replaced(part, from, to)), said);
    });
  }

  test('a sheet more, with its own header or another', async () => {
    const { parts } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
    const second = parts.get(SHEET) ?? '';
    const sheets = (name: string) => (part: string, content: string) => {
      if (part === 'xl/_rels/workbook.xml.rels') {
        return content.replace('</Rel', '<Relationship Id="rId99" Target="worksheets/sheet9.xml"/></Rel');
      }
      if (part !== 'xl/workbook.xml') return content;
      return content.replace(
        /<sheet [^>]*name="Sobre"/,
        `<sheet sheetId="9" name="${name}" r:id="rId99"/>$&`,
      );
    };
    const made = (name: string, xml: string) =>
      rezipped(parts, sheets(name), [['xl/worksheets/sheet9.xml', xml]]);
    const rows = await readBack(await made('Dados (2)', second));
    assert.equal(rows.length, 1 + 2 * ROWS.length);
    assert.deepEqual(rows.slice(6), rows.slice(1, 6));
    await assertRefused(await made('Mais', second), /^sheet 3 is "Mais", not a visible "Dados \(2\)"$/);
    const other = second.replace('>Valor<', '>Outro<');
    await assertRefused(
      await made('Dados (2)', other),
      /^the header of "Dados \(2\)" is not the first sheet's$/,
    );
  });

  test('what is not UTF-8', async () => {
    const { parts } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
    const zip = new Zip();
    const chunks: Buffer[] = [];
    for (const [name, content] of parts) {
      const encoding = name === SHEET ? 'latin1' : 'utf8';
      chunks.push(await zip.whole(name, Buffer.from(content, encoding)));
    }
    await assertRefused(
      Buffer.concat([...chunks, zip.end()]),
      /^the start of "Dados" is followed by what is not UTF-8$/,
    );
  });

  test('two parts of one name', async () => {
    const { parts } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
    const bytes = await rezipped(parts, (_, content) => content, [[SHEET, 'x']]);
    await assertRefused(bytes, /^it has xl\/worksheets\/sheet1\.xml twice$/);
  });
});

describe('a broken archive', () => {
  test('cut anywhere, or with a byte more', async () => {
    const { bytes } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
    for (const length of [0, 1, 21, 22, 100, bytes.length >> 1, bytes.length - 22, bytes.length - 1]) {
      await assertRefused(bytes.subarray(0, length), /^it is no zip archive that can be read: /);
    }
    await assertRefused(Buffer.concat([bytes, Buffer.from('x')]), /goes on after/, COLUMNS, {
      bytes: bytes.length,
    });
    const { content } = await measured(bytes, {}, 'gzip');
    assert.deepEqual(content, { unreadable: 'xlsx is never compressed a second time (gzip)' });
    await assertRefused(bytes, /^no sheet can be called "\?"/, COLUMNS, { options: { sheet: '?' } });
  });

  test('any byte changed is read or refused, never a crash', async () => {
    const { bytes } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
    const directory = bytes.readUInt32LE(bytes.length - 6);
    const at = fc.oneof(fc.nat(bytes.length - 1), fc.integer({ min: directory, max: bytes.length - 1 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (changes) => {
          const broken = Buffer.from(bytes);
          for (const [position, byte] of changes) broken[position] = byte;
          const { bytes: counted } = await measured(broken);
          assert.equal(counted, bytes.length);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test('a position that no file has', async () => {
    const locator = Buffer.alloc(42);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(2n ** 60n, 8);
    locator.writeUInt32LE(1, 16);
    locator.writeUInt32LE(0x06054b50, 20);
    locator.fill(0xff, 28, 40);
    await assertRefused(locator, /^it is no zip archive that can be read: /);
  });

  test('a checksum, or a size, that is another', async () => {
    const { bytes } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
    const entry = bytes.lastIndexOf(SHEET) - 46;
    const changed = (offset: number, value: number) => {
      const copy = Buffer.from(bytes);
      copy.writeUInt32LE(value, entry + offset);
      return copy;
    };
    await assertRefused(changed(16, 1), /^xl\/worksheets\/sheet1\.xml cannot be read: its checksum differs$/);
    await assertRefused(changed(24, 5), /sheet1\.xml cannot be read: it is not of 5 bytes$/);
    await assertRefused(changed(20, 100), /sheet1\.xml cannot be read: unexpected end of file$/);
    await assertRefused(changed(42, 3), /sheet1\.xml cannot be read: invalid local file header/);
  });

  test('a bomb is refused where it begins, and rows without cells come a few at a time', async () => {
    const { parts } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
    const [before = '', after = ''] = (parts.get(SHEET) ?? '').split('Café');
    const bomb = await bombed(parts, before, Buffer.alloc(16 * 1024 ** 2, 'a'), 16, after);
    assert.ok(bomb.length < 1024 ** 2);
    await assertRefused(bomb, /^row 1 of "Dados" is followed by more than 67108864 characters$/);

    const wide = Array.from({ length: 16_384 }, (_, index): Column => ({ name: `c${index}`, kind: 'text' }));
    const header = await writeXlsx(wide, []);
    const empty = Array.from({ length: 2000 }, (_, index) => `<row r="${index + 2}"></row>`).join('');
    const bytes = await rezipped(header.parts, replaced(SHEET, '</sheetData>', `${empty}</sheetData>`));
    async function* download() {
      yield bytes;
    }
    let count = 0;
    const described = { options: {}, columns: wide, bytes: bytes.length };
    for await (const rows of readXlsx(download(), described)) {
      count += rows.length;
      assert.ok(rows.length <= 4, `${rows.length} rows of 16,384 cells at once`);
    }
    assert.equal(count, 2001);
  });

  test('leaves nothing in the temporary folder, whoever stops reading', async () => {
    const { bytes } = await writeXlsx(COLUMNS, [cellBatch(ROWS)]);
    async function* download() {
      yield bytes;
    }
    const described = { options: {}, columns: COLUMNS, bytes: bytes.length };
    for await (const rows of readXlsx(download(), described)) {
      assert.ok(rows.length > 0);
      const files = await readdir(tmpdir());
      assert.deepEqual(
        files.filter((name) => name.startsWith('reportctl-verify-')),
        [],
      );
      break;
    }
    async function* broken() {
      yield bytes.subarray(0, 100);
      throw new ReportError('destination', 'the connection was reset');
    }
    await assert.rejects(readXlsx(broken(), described).next(), /the connection was reset/);
  });
});

/** The sheet is what stands before, so many times the block, and what stands after. */
async function bombed(
  parts: ReadonlyMap<string, string>,
  before: string,
  block: Buffer,
  times: number,
  after: string,
): Promise<Buffer> {
  const zip = new Zip();
  const chunks: Buffer[] = [];
  for (const [name, content] of parts) {
    if (name !== SHEET) chunks.push(await zip.whole(name, Buffer.from(content)));
  }
  const { header, entry } = zip.begin(SHEET);
  chunks.push(header);
  const add = (content: Buffer, packed: Buffer) => {
    entry.plain(content);
    chunks.push(entry.packed(packed));
  };
  const flushed = (content: Buffer) => deflateRawSync(content, { finishFlush: 2 });
  const packed = flushed(block);
  add(Buffer.from(before), flushed(Buffer.from(before)));
  for (let count = 0; count < times; count++) add(block, packed);
  add(Buffer.from(after), deflateRawSync(Buffer.from(after)));
  chunks.push(entry.finish());
  return Buffer.concat([...chunks, zip.end()]);
}
