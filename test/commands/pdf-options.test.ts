// The options of a PDF on the command line of export, and what it takes from the report's own output.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatOptions } from '../../src/commands/export/format-options.js';
import type { Config } from '../../src/core/config.js';
import { parseReport } from '../../src/reports/load-report.js';
import { requestOf } from '../../src/reports/request.js';
import { orderTermsOf } from '../../src/reports/where.js';

const REPORT = parseReport(
  'queries/v.sql',
  `/*---
source: vendas
columns: { org: text, tipo: text, dia: date, valor: decimal }
filters: { organization: org, product-type: tipo }
order-by: [org, tipo, dia]
outputs:
  - { format: csv, key: a.csv, delimiter: ";" }
  - { format: pdf, key: a.pdf, locale: pt-BR, booleans: S/N, page: A3, overflow: cut, group-by: [organization, product-type] }
---*/
SELECT 1
`,
);
const CONFIG = { cwd: '/', locale: undefined, maxTemplateSize: undefined } as unknown as Config;

interface Line {
  readonly columns?: readonly string[];
  readonly orderBy?: readonly string[];
  readonly plain?: true;
}

/** What a PDF is written with. @param given as commander has it */
function chosen(given: object, { columns, orderBy, plain }: Line = {}) {
  const order = orderBy === undefined ? {} : { orderBy: orderTermsOf(REPORT, orderBy) };
  const request = requestOf(REPORT, { filters: [], params: {}, columns, ...order });
  const isPlain = plain === true;
  return formatOptions(
    REPORT,
    given,
    { format: 'pdf', compress: undefined, isPlain, isWhole: columns === undefined, request },
    CONFIG,
  );
}

const OWN = {
  locale: 'pt-BR',
  booleans: 'S/N',
  page: { size: 'A3' },
  overflow: 'cut',
  'group-by': ['org', 'tipo'],
};
const { 'group-by': _, ...UNGROUPED } = OWN;

describe("the report's own output", () => {
  test('gives all its options', () => assert.deepEqual(chosen({}), OWN));

  test('single options win over it', () => {
    assert.deepEqual(chosen({ page: 'landscape', groupBy: 'organization', tagged: 'false' }), {
      ...OWN,
      page: { orientation: 'landscape' },
      'group-by': ['org'],
      tagged: false,
    });
  });

  test('another locale changes the words, not the pages', () => {
    assert.deepEqual(chosen({ locale: 'pt-BR' }), {
      locale: 'pt-BR',
      page: OWN.page,
      overflow: 'cut',
      'group-by': OWN['group-by'],
    });
  });

  test('--plain takes nothing of it', () => assert.deepEqual(chosen({}, { plain: true }), {}));

  test('its groups are left out where the columns or their order do not have them', () => {
    assert.deepEqual(chosen({}, { columns: ['org', 'valor'] }), UNGROUPED);
    assert.deepEqual(chosen({}, { columns: ['org', 'tipo'] }), UNGROUPED);
    assert.deepEqual(chosen({}, { orderBy: ['valor:desc'] }), UNGROUPED);
    assert.deepEqual(chosen({}, { columns: ['valor', 'tipo', 'org'], orderBy: ['org:desc'] }), OWN);
  });
});

describe('--group-by', () => {
  test('with the order that it needs', () => {
    assert.deepEqual(chosen({ groupBy: 'dia' }, { plain: true, orderBy: ['dia:desc'] }), {
      'group-by': ['dia'],
    });
    assert.deepEqual(chosen({ groupBy: 'organization, product-type' }, { plain: true }), {
      'group-by': ['org', 'tipo'],
    });
  });

  test('with another order, with what to write', () => {
    assert.throws(() => chosen({ groupBy: 'dia' }), {
      code: 'usage',
      message: 'group-by "dia" needs rows in that order, and order-by begins with "org"',
      hint: 'Write order-by: [dia, org, tipo] in the report, or --order-by dia.',
    });
  });

  test('of a column that is not exported', () => {
    assert.throws(() => chosen({ groupBy: 'org' }, { columns: ['dia', 'valor'] }), {
      code: 'usage',
      message: 'group-by has "org", which is not among the exported columns',
    });
    assert.throws(() => chosen({ groupBy: 'vendedor' }), {
      code: 'usage',
      message: /"vendedor", which is no word/,
    });
  });
});

test('words that mean nothing are refused', () => {
  assert.throws(() => chosen({ page: 'B5' }), { code: 'usage', message: /"B5"/ });
  assert.throws(() => chosen({ attach: 'csv,xml' }), { code: 'usage', message: /"xml"/ });
  assert.throws(() => chosen({ logo: 'nicht-da.png' }), { code: 'definition', message: /nicht-da\.png/ });
  assert.throws(() => chosen({ delimiter: ';' }), {
    code: 'usage',
    message: /pdf has no option "delimiter"/,
  });
});
