// What the writer of PDF writes comes back as it went in, and a file that was damaged or changed is refused or has other rows.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ReportError } from '../../src/core/errors.js';
import type { Cell, Column } from '../../src/core/table.js';
import type { Manifest } from '../../src/publish/documents.js';
import { measure } from '../../src/verify/content.js';
import { createWriter } from '../../src/writers/index.js';
import { languageOf, type PdfOptions } from '../../src/writers/pdf/options.js';
import { readPdf } from '../../src/writers/pdf/read.js';
import { createPdfWriter } from '../../src/writers/pdf/write.js';
import { wordOf } from '../../src/writers/words/booleans.js';
import { brazilianDate } from '../../src/writers/words/brazilian-date.js';
import { anyText } from '../support/any-text.js';
import { BATCH_FORMS, type Rows } from '../support/copy-text.js';
import { pageNumber, streamsOf, withPages, withStreams } from '../support/pdf-rebuilt.js';
import { runs } from '../support/runs.js';

const COLUMNS: readonly Column[] = [
  { name: 'id', kind: 'integer' },
  { name: 'loja', kind: 'text', title: 'Loja (matriz)' },
  { name: 'nome', kind: 'text', title: 'Nome do produto — "título"' },
  { name: 'dia', kind: 'date' },
  { name: 'valor', kind: 'decimal', title: 'Valor', currency: 'BRL' },
  { name: 'ativo', kind: 'boolean' },
  { name: 'em', kind: 'timestamp' },
  { name: 'extra', kind: 'json' },
];
/** Some rows on each page. */
const SMALL = { size: 'A4', orientation: 'landscape', margins: 60 } as const;

/** Rows in a batch. */
const BATCH = 7;

async function written(
  rows: Rows,
  options: PdfOptions = {},
  {
    form = 'cells',
    columns = COLUMNS,
  }: { form?: keyof typeof BATCH_FORMS; columns?: readonly Column[] } = {},
): Promise<Buffer> {
  async function* batches() {
    for (let at = 0; at < rows.length; at += BATCH) yield BATCH_FORMS[form](rows.slice(at, at + BATCH));
  }
  const totals = columns.filter(({ kind }) => kind === 'decimal').map(({ name }) => name);
  const writer = await createPdfWriter(options, { title: 'Vendas', totals }, () => createWriter('csv', {}));
  const chunks: Buffer[] = [];
  for await (const chunk of writer.encode({ columns, batches: batches() })) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function readBack(bytes: Buffer, options: PdfOptions = {}, columns = COLUMNS): Promise<Cell[][]> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
  }
  const rows: Cell[][] = [];
  const file = { options: options as Record<string, unknown>, columns };
  for await (const some of readPdf(pieces(), file)) rows.push(...some);
  return rows;
}

/** The rows as the file spells them: dates and booleans. */
function spelled(rows: Rows, options: PdfOptions, columns = COLUMNS): Cell[][] {
  const { booleans: words } = languageOf(options);
  return rows.map((row) =>
    row.map((cell, index) => {
      const kind = columns[index]?.kind;
      if (cell === null) return null;
      if (kind === 'boolean' && words !== undefined) return wordOf(words, cell);
      const isDate = kind === 'date' || kind === 'timestamp';
      return isDate && options.locale === 'pt-BR' ? brazilianDate(cell) : cell;
    }),
  );
}

async function assertComesBack(rows: Rows, options: PdfOptions, how: Parameters<typeof written>[2] = {}) {
  const bytes = await written(rows, options, how);
  const columns = how.columns ?? COLUMNS;
  const titles = columns.map(({ title, name }) => title ?? name);
  assert.deepEqual(await readBack(bytes, options, columns), [titles, ...spelled(rows, options, columns)]);
}

const NAUGHTY: readonly string[] = [
  '',
  ' ',
  '\r',
  '\r\n',
  '\n\n',
  '\t',
  '()',
  '\\',
  '\\)',
  ')) Tj EMC',
  '⠩小⥜',
  '\0',
  '\u0007',
  '\ufeff',
  '\ufffd\uffff',
  '😀👩‍👩‍👧',
  'שלום עולם',
  'مرحبا',
  'é\u0301',
  '\u202edrawkcab',
  '1.234,56',
  '<FEFF0041>',
  '%PDF-1.7',
  'endstream\nendobj\n',
  '日本語',
  'null',
  '\\N',
  '–—…“”',
  'a'.repeat(40_000),
  'é '.repeat(20_000),
  '小'.repeat(20_000),
  '(\\\r'.repeat(9000),
  'palavra '.repeat(60),
  'x'.repeat(300),
];
const text = fc.oneof(fc.constantFrom(...NAUGHTY), anyText({ maxLength: 30 }), fc.lorem({ maxCount: 30 }));
const long = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
const whole = fc.oneof(
  long.map(String),
  fc.nat(99_999).map(String),
  fc.constantFrom('0', '-0', '9007199254740993'),
);
const decimal = fc.oneof(
  fc.constantFrom(
    '1e+20',
    '-1.5e-40',
    '0.00',
    '-0.00',
    'NaN',
    'Infinity',
    '-Infinity',
    '1E+6144',
    '0.1234567890123456789',
  ),
  fc.tuple(long, fc.nat(9999)).map(([before, after]) => `${before}.${after}`),
  fc.integer().map((cents) => (cents / 100).toFixed(2)),
);
const moment = fc.constantFrom(
  '2024-10-05 12:00:00-03',
  '2024-10-05 18:00:00.5-03',
  '1890-01-01 00:00:00',
  'infinity',
  '0044-03-15 00:00:00 BC',
);
const day = fc.constantFrom('2024-10-05', '1890-01-01', '-infinity', '0044-03-15 BC', '12024-01-01');
const boolean = fc.constantFrom('true', 'false');
const json = fc.oneof(fc.json(), fc.constantFrom('{"a":"<b>&\\\\(é"}', '[]', 'null', '""'));
const orNull = (cells: fc.Arbitrary<string>) => fc.option(cells, { freq: 5 });
const row = fc.tuple(
  orNull(whole),
  orNull(fc.constantFrom('Loja A', 'Loja B', '', NAUGHTY[31] ?? '')),
  orNull(text),
  orNull(day),
  orNull(decimal),
  orNull(boolean),
  orNull(moment),
  orNull(json),
);
const options = fc.record(
  {
    locale: fc.constant('pt-BR' as const),
    booleans: fc.constantFrom('Sim/Não', 'yes/no'),
    overflow: fc.constantFrom('wrap' as const, 'cut' as const),
    page: fc.constantFrom(SMALL, { size: 'A3', margins: 100 } as const),
    tagged: fc.boolean(),
    attach: fc.constantFrom(['csv'] as const, ['manifest'] as const, ['manifest', 'csv'] as const),
    'group-by': fc.constantFrom(['loja'], ['loja', 'dia'], ['ativo', 'loja', 'dia'], ['id']),
  },
  { requiredKeys: [] },
);

/** Rows of one group stand together. */
function grouped(rows: Rows, names: readonly string[] = []): Rows {
  const keyOf = (row: readonly Cell[]) =>
    JSON.stringify(names.map((name) => row[COLUMNS.findIndex((column) => column.name === name)]));
  const keyed = rows.map((each) => ({ each, key: keyOf(each) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ each }) => each);
}

/** Rows whose texts take one to four lines. */
function lined(count: number): Rows {
  return Array.from({ length: count }, (_, index): Cell[] => {
    const id = String(index + 1);
    const store = `Loja ${Math.floor(index / 5)}`;
    const name = index % 4 === 3 ? null : 'palavras que tomam espaço '.repeat(1 + ((index * 7) % 9));
    return [
      id,
      store,
      name,
      `2024-10-${id.padStart(2, '0').slice(-2)}`,
      `${index - 3}.50`,
      'true',
      null,
      null,
    ];
  });
}

describe('what was written comes back', () => {
  test('rows of every kind, with every option', async () => {
    const some = fc.array(fc.tuple(row, fc.integer({ min: 1, max: 4 })), { maxLength: 30 });
    const form = fc.constantFrom('cells' as const, 'COPY text' as const);
    await fc.assert(
      fc.asyncProperty(some, options, form, async (repeated, chosen, each) => {
        // Rows that come again make groups of several rows.
        const rows = repeated.flatMap(([one, times]) => Array.from({ length: times }, () => one));
        await assertComesBack(grouped(rows, chosen['group-by']), chosen, { form: each });
      }),
      { numRuns: runs(60) },
    );
  });

  for (const groupBy of [[], ['loja'], ['loja', 'dia']]) {
    test(`with the end of a page after every row: ${groupBy.join(', ') || 'no groups'}`, async () => {
      for (const count of [...Array(20).keys(), 300]) {
        const chosen: PdfOptions = { page: SMALL, 'group-by': groupBy, tagged: count % 3 === 0 };
        await assertComesBack(lined(count), { ...chosen, ...(count % 2 === 0 && { locale: 'pt-BR' }) });
      }
    });
  }

  test('each text alone, as a cell and as a group', async () => {
    const columns = COLUMNS.slice(1, 3);
    const rows = NAUGHTY.map((each, index) => [each, NAUGHTY[NAUGHTY.length - 1 - index] ?? null]);
    for (const chosen of [
      {},
      { overflow: 'cut' as const },
      { 'group-by': ['loja'] },
      { 'group-by': ['nome'] },
    ]) {
      await assertComesBack(rows, chosen, { columns });
    }
    await assertComesBack([['\ud800', 'a\udc00\ud800']], {}, { columns });
  });

  test('60 columns, and titles of any text', async () => {
    const columns = Array.from({ length: 60 }, (_, index): Column => {
      const title = NAUGHTY[index]?.slice(0, 40);
      return { name: `c${index}`, kind: 'text', ...(title !== undefined && { title }) };
    });
    const rows = [1, 2, 3].map((factor) =>
      columns.map((_, index) => ((index * factor) % 5 === 0 ? null : `${index * factor}`)),
    );
    await assertComesBack(rows, { page: { size: 'A3', orientation: 'landscape' } }, { columns });
  });

  test('cells of a million characters, one on a page, and numbers of hundreds of digits', async () => {
    const columns = COLUMNS.slice(2, 5);
    const long = ['é'.repeat(1_100_000), '2024-10-05', `-${'9'.repeat(200)}.${'1'.repeat(200)}`];
    const rows = [['a', null, '1'], ...Array(4).fill(long), ['b', null, '2']];
    const bytes = await written(rows, { locale: 'pt-BR' }, { columns });
    const [, ...read] = await readBack(bytes, { locale: 'pt-BR' }, columns);
    assert.deepEqual(read, spelled(rows, { locale: 'pt-BR' }, columns));
    assert.equal(streamsOf(bytes).filter((stream) => pageNumber(stream) !== undefined).length, 5);
  });

  test('but a row that is too large for a page is refused', async () => {
    const columns = COLUMNS.slice(2, 3);
    const rows = [['é'.repeat(17_000_000)]];
    await assert.rejects(written(rows, {}, { columns }), (error) => {
      assert.ok(error instanceof ReportError && error.code === 'contract', String(error));
      assert.match(error.message, /^writing pdf: the row on page 1 has more than 64 MiB of text$/);
      return true;
    });
  });
});

describe('what was changed', () => {
  const rows = lined(40).map((each, index) => [...each.slice(0, 2), `nome ${index + 1}`, ...each.slice(3)]);
  const chosen: PdfOptions = { page: SMALL, 'group-by': ['loja'], tagged: false };
  const utf16 = (text: string) => Buffer.from(text, 'utf16le').swap16().toString('latin1');

  async function assertRefused(bytes: Buffer, said: RegExp) {
    await assert.rejects(readBack(bytes, chosen), (error) => {
      assert.ok(error instanceof ReportError && error.code === 'contract', String(error));
      assert.match(error.message, said);
      return true;
    });
  }

  async function contentOf(bytes: Buffer) {
    async function* download() {
      yield bytes;
    }
    const manifest = {
      format: 'pdf',
      dialect: chosen,
      compress: null,
      columns: COLUMNS,
      totals: { valor: '' },
    };
    const { content } = await measure(download(), manifest as unknown as Manifest);
    assert.ok('rows' in content, JSON.stringify(content));
    return { rows: content.rows, valor: content.totals.valor, nulls: content.nulls.nome };
  }

  test('a value, and a row that is left out: other rows', async () => {
    const bytes = await written(rows, chosen);
    assert.deepEqual(await contentOf(bytes), { rows: 40, valor: '677.00', nulls: 0 });
    const replaced = (from: string, to: string) =>
      withPages(bytes, (content) => content.replace(utf16(from), utf16(to)));
    assert.deepEqual(await contentOf(replaced('nome 7', 'nome X')), { rows: 40, valor: '677.00', nulls: 0 });
    assert.equal((await contentOf(replaced('20.50', '29.50'))).valor, '686.00');
    const without = withPages(bytes, (content) =>
      content
        .split('\n')
        .filter((line) => !line.includes(`(${utf16('nome 7')})`))
        .join('\n'),
    );
    assert.deepEqual(await contentOf(without), { rows: 39, valor: '673.50', nulls: 0 });
    const empty = withPages(bytes, (content) => content.replace(`(${utf16('nome 7')})`, '()'));
    assert.equal((await contentOf(empty)).nulls, 1);
  });

  test('a cell that is left out, a title, a group', async () => {
    const bytes = await written(rows, chosen);
    const replaced = (from: string, to: string) => withPages(bytes, (content) => content.replace(from, to));
    await assertRefused(replaced(`(${utf16('nome 7')})`, ''), /^page \d+ has \d+ cells in rows of 7$/);
    const title = withPages(bytes, (content, page) =>
      page === 2 ? content.replace(utf16('extra'), utf16('outra')) : content,
    );
    await assertRefused(title, /^page 2 has other titles than page 1$/);
    await assertRefused(replaced('/RPTC_G<</L 0>>', '/RPTC_G<</L 1>>'), /^page 1 has a group of level 1/);
  });

  test('pages: another order, one that is missing, one again', async () => {
    const bytes = await written(rows, chosen);
    const streams = streamsOf(bytes);
    const [first, second, ...more] = streams.filter((stream) => pageNumber(stream) !== undefined);
    assert.ok(first !== undefined && second !== undefined && more.length > 0);
    const others = streams.filter((stream) => pageNumber(stream) === undefined);
    const withOrder = (...pages: readonly (typeof first)[]) => withStreams(bytes, [...pages, ...others]);
    assert.equal((await contentOf(withOrder(first, second, ...more))).rows, 40);
    await assertRefused(withOrder(second, first, ...more), /^page 1 should follow, not page "2"$/);
    await assertRefused(withOrder(first, ...more), /^page 2 should follow, not page "3"$/);
    await assertRefused(withOrder(first, second), /^object \d+ is not where object \d+ says$/);
    await assertRefused(withOrder(first, second, second), /^object \d+ comes twice$/);
  });

  test('bytes: cut anywhere, appended, or changed in some places', async () => {
    const bytes = await written(rows, chosen);
    for (let length = 0; length < bytes.length; length += Math.ceil(bytes.length / 60)) {
      await assertRefused(bytes.subarray(0, length), /^it is cut off after|^it has ".*" at byte/);
    }
    const update = '\n1 0 obj\n<<>>\nendobj\nxref\n0 0\ntrailer\n<</Size 1/Prev 9>>\nstartxref\n9\n%%EOF\n';
    await assertRefused(Buffer.concat([bytes, Buffer.from(update)]), /^it goes on after \d+ bytes, its end$/);
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, byte] of changes) changed[at] = byte;
        await readBack(changed, chosen).catch((error) => {
          assert.ok(error instanceof ReportError && error.code === 'contract', String(error));
        });
      }),
      { numRuns: runs(200) },
    );
  });
});
