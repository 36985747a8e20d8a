// What pdfplumber and poppler read on the pages of PDF files is what psql says: every cell, to the cent, and every sum.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { ROOT, reportctl, temporaryFolder } from '../support/cli.js';
import { pageTexts, withoutPrograms } from '../support/pdf-tools.js';
import type { TestPostgres } from '../support/postgres.js';
import { python, withoutModule } from '../support/python.js';
import { createDatabase } from '../support/shared-postgres.js';

/** What pdf-tables.py finds on a page. */
interface PageTable {
  readonly rows: readonly (readonly string[])[];
  readonly sums: string;
}

const script = process.env.REPORTCTL_TEST_NORTHWIND;
const withoutPsql = spawnSync('psql', ['--version']).error ? 'there is no psql to compare with' : false;
const northwind = join(ROOT, 'test/fixtures/northwind');

const GENERATED = `SELECT i AS id, 'Organização ' || lpad((i / 250)::text, 2, '0') AS organizacao,
  CASE WHEN i / 80 % 3 < 2 THEN (ARRAY['Alimentos', 'Bebidas'])[1 + i / 80 % 3] END AS tipo,
  CASE i % 5 WHEN 0 THEN 'Café torrado e moído de nome comprido, com (parênteses) e \\barras\\, ' || i ELSE 'Produto ' || i END AS produto,
  date '2024-01-01' + i % 366 AS dia, round((i * 7919 % 1000003 - 400000)::numeric / 100, 2) AS valor,
  CASE WHEN i % 13 > 0 THEN 9007199254740993 + i END AS centavos FROM generate_series(0, 1499) AS i`;

const REPORT = `/*---
title: Vendas
source: vendas
filters: { organization: organizacao, product-type: tipo }
columns: { id: integer, organizacao: text, tipo: text, produto: text, dia: date, valor: decimal, centavos: integer }
order-by: [organizacao, tipo, id]
totals: [valor, centavos]
---*/
SELECT * FROM vendas
`;

const withoutSpaces = (text: string) => text.replaceAll(/\s/g, '');

/** A cell without spaces, where lines may be broken; a number as psql writes it, without zeros at its end. */
function canonical(cell: string, locale?: 'pt-BR'): string {
  const text = withoutSpaces(cell);
  const [grouped, groups] = locale === undefined ? [/^-?[\d,]+(\.\d+)?$/, ','] : [/^-?[\d.]+(,\d+)?$/, '.'];
  if (!grouped.test(text)) return /^-?\d+\.\d+$/.test(text) ? withoutZeros(text) : text;
  return withoutZeros(text.replaceAll(groups, '').replace(',', '.'));
}

const withoutZeros = (number: string) => (number.includes('.') ? number.replace(/\.?0+$/, '') : number);

/** The lines of sums: `<label> <rows> <sum> …`. */
function sumsOf(text: string, locale?: 'pt-BR'): string[] {
  const line =
    /((?:Subtotal|Total geral|Grand total)(?: .+?)?) \(([\d.,]+) (?:linhas?|rows?)\)((?: -?[\d.,]+)+)/g;
  return [...text.replaceAll(/\s+/g, ' ').matchAll(line)].map(([, label, rows = '', sums = '']) =>
    [label, ...[rows, ...sums.trim().split(' ')].map((number) => canonical(number, locale))].join(' '),
  );
}

/** Such lines of the rows that `GROUP BY ROLLUP (outer, inner)` makes: grouping(outer, inner), outer, inner, count(*), and sums. */
function sumLines(rollup: readonly (readonly string[])[], total: string): string[] {
  return rollup.map(([grouping, outer, inner, ...numbers]) => {
    const label = { 0: `Subtotal ${inner}`, 1: `Subtotal ${outer}` }[Number(grouping)] ?? total;
    return [label.replaceAll(/\s+/g, ' '), ...numbers.map((number) => canonical(number))].join(' ');
  });
}

/** Poppler reads a number as it is in the rows, pdfplumber as it is drawn, with zeros at its end. */
function assertReadInOrder(text: string, { rows }: PageTable, page: number): void {
  let at = 0;
  for (const row of rows) {
    const cells = row.filter(Boolean).map(patternOf);
    const pattern = new RegExp(`(?<!\\S)${cells.join('\\s+')}(?!\\S)`, 'g');
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    assert.ok(found, `page ${page}: ${row.join(' ')} is not read as one row, after what stands before it`);
    at = pattern.lastIndex;
  }
}

/** Lines may be broken anywhere. */
function patternOf(cell: string): string {
  const number = /^(-?[\d.,]*)([.,])(\d*?)(0+)$/.exec(cell);
  const exact = Array.from(withoutSpaces(cell), (letter) =>
    letter.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&'),
  ).join('\\s*');
  if (number === null) return exact;
  const [, whole = '', sign = '', decimals = '', zeros = ''] = number;
  const end =
    decimals === '' ? `(?:[${sign}]0{1,${zeros.length}})?` : `[${sign}]${decimals}0{0,${zeros.length}}`;
  return `${whole.replaceAll('.', '\\.')}${end}`;
}

describe('tables of PDF files', {
  skip: (await withoutModule('pdfplumber')) || withoutPsql || withoutPrograms('pdftotext'),
}, () => {
  let postgres: TestPostgres;
  let folder: string;

  const psql = async (...args: string[]) =>
    (await promisify(execFile)('psql', ['-d', postgres.url, '-qX', ...args], { maxBuffer: 1 << 30 })).stdout;
  const copied = async (query: string): Promise<string[][]> =>
    parse(await psql('-c', `\\copy (${query}) TO STDOUT WITH (FORMAT csv)`)) as string[][];

  before(async () => {
    [postgres, folder] = await Promise.all([createDatabase(), temporaryFolder()]);
    await psql('-c', `CREATE TABLE vendas AS ${GENERATED}`);
  });
  after(async () => {
    await Promise.all([postgres?.stop(), rm(folder, { recursive: true, force: true })]);
  });

  async function exported(name: string, report: string, ...args: string[]): Promise<string> {
    const path = join(folder, `${name}.pdf`);
    const { code, stderr } = await reportctl(['export', report, '-q', '-o', path, ...args], {
      env: { REPORTCTL_SOURCE_NORTHWIND: postgres.url, REPORTCTL_SOURCE_VENDAS: postgres.url },
    });
    assert.equal(code, 0, stderr);
    return path;
  }

  /** Compares every page with the rows in their order, and the reading order of poppler with pdfplumber's. @returns the sums */
  async function compare(
    path: string,
    expected: readonly (readonly string[])[],
    locale?: 'pt-BR',
  ): Promise<string> {
    const program = await readFile(join(ROOT, 'test/support/pdf-tables.py'), 'utf8');
    const pages = (await python(
      `${program}\nprint(json.dumps(tables_of(${JSON.stringify(path)})))`,
    )) as PageTable[];
    const rows = pages.flatMap((page) => page.rows);
    assert.deepEqual(
      rows.map((row) => row.map((cell) => canonical(cell, locale)).join('|')),
      expected.map((row) => row.map((cell) => canonical(cell)).join('|')),
    );
    const texts = await pageTexts(path);
    for (const [index, page] of pages.entries()) assertReadInOrder(texts[index] ?? '', page, index + 1);
    const pageOf = locale === undefined ? ['page', 'of'] : ['página', 'de'];
    for (const [index, text] of texts.entries()) {
      assert.match(text, new RegExp(`${pageOf[0]} ${index + 1}\\s+${pageOf[1]} ${texts.length}\\b`));
    }
    return pages.map(({ sums }) => sums).join(' ');
  }

  test('Northwind in groups, in English', {
    skip: script ? false : 'REPORTCTL_TEST_NORTHWIND does not name the Northwind script',
  }, async () => {
    await psql('-f', script ?? '');
    const path = await exported(
      'northwind',
      join(northwind, 'pedidos.sql'),
      ...[
        '--group-by',
        'organization,product-type',
        '--order-by',
        'organization,product_type',
        '--tagged',
        'false',
      ],
    );
    const { select } = JSON.parse(await readFile(join(northwind, 'equivalents.json'), 'utf8')) as {
      select: string;
    };
    const shown =
      'order_id, product_id, order_date, shipped_date, product, quantity, unit_price, discount, line_total, ship_country, ship_region';
    const order = 'organization COLLATE "C", product_type COLLATE "C"';
    const sums = await compare(
      path,
      await copied(`SELECT ${shown} FROM (${select}) AS rows ORDER BY ${order}, order_id, product_id`),
    );
    const rollup =
      await copied(`SELECT grouping(organization, product_type), organization, product_type, count(*), sum(quantity), sum(line_total)
      FROM (${select}) AS rows GROUP BY ROLLUP (organization, product_type)
      ORDER BY grouping(organization), organization COLLATE "C", grouping(product_type), product_type COLLATE "C"`);
    assert.deepEqual(sumsOf(sums), sumLines(rollup, 'Grand total'));
  });

  test('generated rows in groups with totals, in Portuguese', async () => {
    const report = join(folder, 'vendas.sql');
    await writeFile(report, REPORT);
    const path = await exported(
      'vendas',
      report,
      '--locale',
      'pt-BR',
      '--group-by',
      'organization,product-type',
      '--tagged',
      'true',
    );
    const order = 'organizacao COLLATE "C", tipo COLLATE "C", id';
    const rows = await copied(
      `SELECT id, produto, to_char(dia, 'DD/MM/YYYY'), valor, centavos FROM vendas ORDER BY ${order}`,
    );
    const sums = await compare(path, rows, 'pt-BR');
    const rollup =
      await copied(`SELECT grouping(organizacao, tipo), organizacao, coalesce(tipo, '(sem valor)'), count(*), sum(valor), sum(centavos)
      FROM vendas GROUP BY ROLLUP (organizacao, tipo) ORDER BY grouping(organizacao), organizacao COLLATE "C", grouping(tipo), tipo COLLATE "C"`);
    assert.deepEqual(sumsOf(sums, 'pt-BR'), sumLines(rollup, 'Total geral'));
  });
});
