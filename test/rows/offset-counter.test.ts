// Whether timestamps have an offset: as the sources declare it, else as the values are.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cell, Column } from '../../src/core/table.js';
import { OffsetCounter } from '../../src/rows/offset-counter.js';
import { BATCH_FORMS } from '../support/copy-text.js';

const COLUMNS: readonly Column[] = [
  { name: 'id', kind: 'integer' },
  { name: 'em', kind: 'timestamp' },
];

for (const [form, batchOf] of Object.entries(BATCH_FORMS)) {
  describe(`by the values, from ${form}`, () => {
    const cases: readonly [offset: string | undefined, ...values: Cell[]][] = [
      ['always', '2024-10-05 00:00:00-03', '2024-10-05 00:00:00.123456+05:30'],
      ['always', '1900-01-01 08:53:32-03:06:28', '0044-03-15 12:00:00+00 BC', null, 'infinity'],
      ['never', '2024-10-05 00:00:00', '12024-10-05 00:00:00.5', '0044-03-15 12:00:00 BC', '-infinity'],
      ['sometimes', '2024-10-05 00:00:00', '2024-10-05 00:00:00-03'],
      [undefined, null, 'infinity', '-infinity'],
      [undefined],
    ];
    for (const [offset, ...values] of cases) {
      test(`${offset}: ${values.join(', ')}`, () => {
        const counter = new OffsetCounter(COLUMNS, [undefined]);
        for (const value of values) counter.add(batchOf([['1', value]]));
        assert.deepEqual(counter.offsets(), offset === undefined ? {} : { em: offset });
      });
    }
  });
}

test('what all sources declare counts also without rows, and is not looked for', () => {
  const of = (...declared: ('always' | 'never' | undefined)[]) => {
    const counter = new OffsetCounter(
      COLUMNS,
      declared.map((em) => (em === undefined ? undefined : { em })),
    );
    counter.add(BATCH_FORMS.cells([['1', '2024-10-05 00:00:00']]));
    return counter.offsets().em;
  };
  assert.equal(of('always'), 'always');
  assert.equal(of('never', 'never'), 'never');
  assert.equal(of('always', 'never'), 'sometimes');
  assert.equal(of('never', undefined), 'never');
  assert.equal(of('always', undefined), 'sometimes');
});
