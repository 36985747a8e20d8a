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
