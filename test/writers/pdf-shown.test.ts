// What the pages of a PDF show to who reads and signs them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Column } from '../../src/core/table.js';
import { shownPages } from '../support/pdf-shown.js';

const COLUMNS: readonly Column[] = [
  { name: 'pais', kind: 'text', title: 'País' },
  { name: 'cliente', kind: 'text', title: 'Cliente' },
  { name: 'pedido', kind: 'integer', title: 'Pedido' },
  { name: 'valor', kind: 'decimal', title: 'Valor', currency: 'BRL' },
];

describe('the head', () => {
  const rows = [['Brasil', 'Que Delícia', '1', '2.50']];

  test('says that only so many rows were asked for', async () => {
    for (const [locale, expected] of [
      ['pt-BR', 'Limite de linhas: 1.000'],
      [undefined, 'Limit of rows: 1,000'],
    ] as const) {
      const [page = []] = await shownPages(COLUMNS, rows, { locale }, { limit: 1000 });
      assert.ok(page.some(({ text }) => text === expected));
    }
  });

  test('says nothing of a limit without one', async () => {
    const [page = []] = await shownPages(COLUMNS, rows, {});
    assert.ok(!page.some(({ text }) => text.startsWith('Limit')));
  });
});

describe('sums', () => {
  const options = { locale: 'pt-BR', 'group-by': ['pais', 'cliente'] } as const;
  const about = { totals: ['valor'] };
  const linesOf = (texts: readonly { text: string }[]) => texts.map(({ text }) => text);

  test('below zero are red, with their sign before the currency, in every language', async () => {
    const rows = [
      ['Brasil', 'Que Delícia', '1', '-1234.50'],
      ['Brasil', 'Ricardo', '2', '3'],
    ];
    for (const [locale, red, black] of [
      ['pt-BR', '-R$ 1.234,50', 'R$ 3,00'],
      [undefined, '-R$ 1,234.50', 'R$ 3.00'],
    ] as const) {
      const [page = []] = await shownPages(COLUMNS, rows, { ...options, locale }, about);
      const colours = (text: string) =>
        page.filter((shown) => shown.text === text).map(({ before }) => before.includes(' 0 0 rg'));
      assert.deepEqual(colours(red), [true]);
      assert.deepEqual(colours(black), [false]);
    }
  });

  test('of whatever group goes on are carried over, wherever its page ends', async () => {
    const perPage = 60;
    const goingOn = new Set<string | undefined>();
    for (let first = perPage - 24; first < perPage; first++) {
      // Each row is 1, so that a sum is a number of rows.
      const clients = [...Array(first).fill('a'), 'b', 'c', 'c', ...Array(20).fill('d')];
      const rows = clients.map((client, row) => ['Brasil', client, String(row), '1']);
      const pages = (await shownPages(COLUMNS, rows, options, about)).map(linesOf);
      assert.equal(pages.length, 2);
      const [before = [], after = []] = pages;
      const heading = after.find((text) => text.endsWith('(continuação)')) ?? '';
      const client = /Cliente: (.)/.exec(heading)?.[1];
      goingOn.add(client);
      const isGoingOn = (row: readonly unknown[]) => client === undefined || row[1] === client;
      const drawn = rows.filter((row) => isGoingOn(row) && before.includes(row[2] as string));
      const sum = `R$ ${drawn.length},00`;
      assert.match(heading, /^País: Brasil/);
      assert.equal(before[before.indexOf('A transportar') + 1], sum, `${first} rows, ${heading}`);
      assert.equal(after[after.indexOf('De transporte') + 1], sum, `${first} rows, ${heading}`);
    }
    assert.deepEqual(goingOn, new Set(['a', 'b', 'c', 'd', undefined]));
  });
});

describe('titles', () => {
  test('are broken between words, not inside of one, where narrower texts leave room', async () => {
    const long = 'Indústria e Comércio de Peças e Acessórios para Veículos Pesados';
    const columns: Column[] = [
      ...Array.from({ length: 6 }, (_, index) => ({ name: `texto${index}`, kind: 'text' as const })),
      ...Array.from({ length: 4 }, (_, index) => ({ name: `quantidade${index}`, kind: 'integer' as const })),
    ];
    const rows = [columns.map(({ kind }) => (kind === 'text' ? long : '1'))];
    const [page = []] = await shownPages(columns, rows, {});
    for (const { name } of columns)
      assert.ok(
        page.some(({ text }) => text === name),
        name,
      );
  });
});

test('a title stands in one line where the page has room for it', async () => {
  const columns: Column[] = [{ name: 'dia', kind: 'date', title: 'Data do pedido' }, ...COLUMNS];
  const [page = []] = await shownPages(columns, [['2024-01-31', 'Brasil', 'a', '1', '2']], {});
  assert.ok(page.some(({ text }) => text === 'Data do pedido'));
});

describe('the foot', () => {
  test('of few pages has its number at the right margin', async () => {
    const placeOf = async (count: number) => {
      const rows = Array.from({ length: count }, (_, row) => ['Brasil', 'a', String(row), '1']);
      const [page = []] = await shownPages(COLUMNS, rows, { page: { orientation: 'portrait' } });
      const before = page.find(({ text }) => text === 'page 1')?.before ?? '';
      return Number(/\[-(\d+)\]TJ \s*$/.exec(before)?.[1]);
    };
    assert.ok((await placeOf(10)) > (await placeOf(1000)));
  });
});
