// Gates: what holds, what does not and what is said of it, exactly; and the whole way from a report file over rows.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Counts,
  failedGates,
  GateKeeper,
  type GateOptions,
  type GateResult,
  gateResults,
  refusal,
} from '../../src/export/gates.js';
import { parseReport } from '../../src/reports/load-report.js';
import { compareDecimals } from '../../src/rows/compare-decimals.js';
import { RowCounter } from '../../src/rows/counters.js';
import { BATCH_FORMS, type Rows } from '../support/copy-text.js';

function reportWith(yaml: string) {
  const columns = 'columns: { id: integer, loja: text, valor: decimal }';
  return parseReport('queries/vendas.sql', `/*---\nsource: vendas\n${columns}\n${yaml}\n---*/\nSELECT 1\n`);
}

const COUNTS: Counts = { rows: 10, totals: {}, nulls: {}, duplicates: undefined, former: undefined };

/** The results of a report with these gates. */
function tested(gates: string, counts: Partial<Counts> = {}): GateResult[] {
  return gateResults(reportWith(`gates: { ${gates} }`), { ...COUNTS, ...counts });
}

describe('a gate', () => {
  const former = (rows: number) => ({ rows, period: { lastDay: '2024-10-04' } });
  const cases: readonly [gates: string, counts: Partial<Counts>, ok: boolean, said: string][] = [
    ['min-rows: 10', {}, true, 'gate min-rows: expected at least 10, found 10'],
    ['min-rows: 11', {}, false, 'gate min-rows: expected at least 11, found 10'],
    ['max-rows: 10', {}, true, 'gate max-rows: expected at most 10, found 10'],
    ['max-rows: 9', {}, false, 'gate max-rows: expected at most 9, found 10'],
    ['not-null: [id]', { nulls: { id: 0 } }, true, 'gate not-null "id": expected no nulls, found 0'],
    [
      'not-null: [id]',
      { nulls: { id: 3, loja: 0 } },
      false,
      'gate not-null "id": expected no nulls, found 3',
    ],
    ['not-null: [id]', {}, false, 'gate not-null "id": expected no nulls, found nothing that was counted'],
    [
      'unique: [id]',
      { duplicates: { rows: 0, example: undefined } },
      true,
      'gate unique "id": expected no duplicates, found 0',
    ],
    [
      'unique: [loja, id]',
      { duplicates: { rows: 1, example: { id: '1', loja: null } } },
      false,
      'gate unique "loja", "id": expected no duplicates, found 1 duplicate row, such as {"id":"1","loja":null}',
    ],
    [
      'unique: [loja]',
      { duplicates: { rows: 2, example: { loja: `a\n${'x'.repeat(300)}` } } },
      false,
      `gate unique "loja": expected no duplicates, found 2 duplicate rows, such as {"loja":"a\\n${'x'.repeat(188)}…`,
    ],
    ['unique: [id]', {}, false, 'gate unique "id": expected no duplicates, found nothing that was counted'],
    [
      'total: { valor: { min: 0, max: 1000000.00 } }',
      { totals: { valor: '1000000.000' } },
      true,
      'gate total "valor": expected at least 0 and at most 1000000.00, found 1000000.000',
    ],
    [
      'total: { valor: { max: 1000000.00 } }',
      { totals: { valor: '1000000.0000000000000000001' } },
      false,
      'gate total "valor": expected at most 1000000.00, found 1000000.0000000000000000001',
    ],
    [
      'total: { valor: { min: 0 } }',
      { totals: { valor: '-0.01' } },
      false,
      'gate total "valor": expected at least 0, found -0.01',
    ],
    [
      'total: { id: { min: 1 } }',
      { totals: { id: 'NaN' } },
      false,
      'gate total "id": expected at least 1, found NaN',
    ],
    [
      'total: { id: { max: 1 } }',
      { totals: { id: 'NaN' } },
      false,
      'gate total "id": expected at most 1, found NaN',
    ],
    [
      'total: { id: { max: 9 } }',
      { totals: { id: 'Infinity' } },
      false,
      'gate total "id": expected at most 9, found Infinity',
    ],
    [
      'total: { id: { max: 9 } }',
      { totals: { id: '-Infinity' } },
      true,
      'gate total "id": expected at most 9, found -Infinity',
    ],
    [
      'total: { id: { max: 9 } }',
      {},
      false,
      'gate total "id": expected at most 9, found nothing that was counted',
    ],
    [
      'change: { rows: 50% }',
      { rows: 3, former: former(2) },
      true,
      'gate change rows: expected within 50% of the 2 of 2024-10-04, found 3',
    ],
    [
      'change: { rows: 50% }',
      { rows: 1, former: former(2) },
      true,
      'gate change rows: expected within 50% of the 2 of 2024-10-04, found 1',
    ],
    [
      'change: { rows: 49.999% }',
      { rows: 1, former: former(2) },
      false,
      'gate change rows: expected within 49.999% of the 2 of 2024-10-04, found 1',
    ],
    [
      'change: { rows: 0% }',
      { rows: 9007199254740991, former: former(9007199254740990) },
      false,
      'gate change rows: expected within 0% of the 9007199254740990 of 2024-10-04, found 9007199254740991',
    ],
    [
      'change: { rows: 50% }',
      { rows: 1, former: former(0) },
      false,
      'gate change rows: expected within 50% of the 0 of 2024-10-04, found 1',
    ],
    [
      'change: { rows: 50% }',
      { rows: 0, former: former(0) },
      true,
      'gate change rows: expected within 50% of the 0 of 2024-10-04, found 0',
    ],
    [
      'change: { rows: 50% }',
      {},
      true,
      'gate change rows: expected within 50% of the last published period, found 10, with nothing to compare it to',
    ],
  ];
  for (const [gates, counts, ok, said] of cases) {
    test(`${said}: ${ok ? 'holds' : 'does not hold'}`, () => {
      const results = tested(gates, counts);
      assert.deepEqual(
        results.map((result) => result.ok),
        [ok],
      );
      // The sentence of each, whether it holds or not.
      assert.deepEqual(failedGates(results.map((result) => ({ ...result, ok: false }))), [said]);
      assert.deepEqual(failedGates(results), ok ? [] : [said]);
    });
  }

  test('unique names its columns, for those who read the manifest', () => {
    assert.deepEqual(
      tested('unique: [loja, id], not-null: [id]').map(({ columns }) => columns),
      [undefined, ['loja', 'id']],
    );
  });

  test('is tested as one of many, and all that fail are told', () => {
    const results = tested('min-rows: 11, total: { id: { max: 9 } }, not-null: [id, loja]', {
      nulls: { id: 2, loja: 0 },
      totals: { id: '9.5' },
    });
    assert.deepEqual(
      results.map(({ gate, ok }) => [gate, ok]),
      [
        ['min-rows', false],
        ['not-null "id"', false],
        ['not-null "loja"', true],
        ['total "id"', false],
      ],
    );
    const error = refusal('vendas', results);
    assert.equal(error?.code, 'gate');
    assert.equal(error.exitCode, 3);
    assert.equal(
      error.message,
      '"vendas" is not published: gate min-rows: expected at least 11, found 10; ' +
        'gate not-null "id": expected no nulls, found 2; gate total "id": expected at most 9, found 9.5',
    );
    assert.match(error.hint ?? '', /a gate that is wrong is changed in the report file/);
  });

  test('that is not there is no result, and refuses nothing', () => {
    assert.deepEqual(tested(''), []);
    assert.equal(refusal('vendas', []), undefined);
  });
});

describe('nothing at all', () => {
  for (const { yaml, rows, failed } of [
    { yaml: 'on-empty: fail', rows: 0, failed: ['gate on-empty: expected at least 1 row, found 0'] },
    { yaml: 'on-empty: fail', rows: 1, failed: [] },
    { yaml: 'on-empty: skip', rows: 0, failed: [] },
    { yaml: 'on-empty: publish', rows: 0, failed: [] },
    {
      yaml: 'on-empty: skip\ngates: { min-rows: 1 }',
      rows: 0,
      failed: ['gate min-rows: expected at least 1, found 0'],
    },
  ]) {
    test(`${yaml.replace('\n', ', ')} with ${rows} rows: ${failed.length === 0 ? 'passes' : failed}`, () => {
      assert.deepEqual(failedGates(gateResults(reportWith(yaml), { ...COUNTS, rows })), failed);
    });
  }
});

test('decimals compare as the whole numbers that they are multiples of', () => {
  const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(12));
  const spell = ([units, scale]: readonly [bigint, number]) => {
    const digits = `${units < 0n ? -units : units}`.padStart(scale + 1, '0');
    const point = digits.length - scale;
    return `${units < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`;
  };
  const small = fc.tuple(fc.bigInt({ min: -30n, max: 30n }), fc.nat(3));
  fc.assert(
    fc.property(fc.oneof(decimal, small), fc.oneof(decimal, small), (a, b) => {
      const difference = a[0] * 10n ** BigInt(20 - a[1]) - b[0] * 10n ** BigInt(20 - b[1]);
      assert.equal(
        Math.sign(compareDecimals(spell(a), spell(b))),
        difference < 0n ? -1 : difference > 0n ? 1 : 0,
      );
    }),
  );
});

describe('from a report file over rows', () => {
  const report = reportWith(`order-by: [loja]
totals: [valor]
gates:
  not-null: [id, loja]
  unique: [id]
  total: { id: { max: 100 }, valor: { min: 0.02 } }
on-empty: fail`);
  const rows: Rows = [
    ['1', 'a', '0.01'],
    ['2', 'b', '0.02'],
    ['1', null, '-0.01'],
  ];

  async function gatesOf(
    batches: readonly ReturnType<typeof BATCH_FORMS.cells>[],
    options: GateOptions = {},
  ): Promise<readonly string[]> {
    const gates = new GateKeeper(report, undefined, options);
    try {
      const counter = new RowCounter(options.columns ?? report.columns, gates.totals);
      for (const batch of batches) {
        for (const observer of [counter, ...gates.observers]) await observer.add(batch);
      }
      const results = await gates.test({
        rows: counter.rows,
        totals: counter.totals(),
        nulls: counter.nulls(),
      });
      return results.map(({ gate, found, ok }) => `${ok ? 'ok' : 'not ok'} ${gate} ${found}`);
    } finally {
      await gates.close();
    }
  }

  for (const [form, batch] of Object.entries(BATCH_FORMS)) {
    test(`all is counted that gates need, from ${form}`, async () => {
      assert.deepEqual(await gatesOf([batch(rows.slice(0, 1)), batch(rows.slice(1))]), [
        'ok on-empty 3',
        'ok not-null "id" 0',
        'not ok not-null "loja" 1',
        'not ok unique "id" 1 duplicate row, such as {"id":"1"}',
        'ok total "id" 4',
        'ok total "valor" 0.02',
      ]);
    });
  }

  test('gates over columns that are not exported are left out', async () => {
    const columns = report.columns.slice(1);
    const batch = BATCH_FORMS.cells(rows.map((row) => row.slice(1)));
    assert.deepEqual(await gatesOf([batch], { columns }), [
      'ok on-empty 3',
      'not ok not-null "loja" 1',
      'ok total "valor" 0.02',
    ]);
  });

  test('no rows', async () => {
    assert.deepEqual(await gatesOf([]), [
      'not ok on-empty 0',
      'ok not-null "id" 0',
      'ok not-null "loja" 0',
      'ok unique "id" 0',
      'ok total "id" 0',
      'not ok total "valor" 0',
    ]);
  });

  test('totals are those of the report first, each once', () => {
    assert.deepEqual(new GateKeeper(report, undefined).totals, ['valor', 'id']);
  });
});
