// Which moments a date filter selects in a real PostgreSQL, compared with PostgreSQL's own BETWEEN and AT TIME ZONE.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { addDays } from '../../src/core/calendar.js';
import { type FilterBench, startFilterBench } from '../support/filter-bench.js';
import { runs } from '../support/runs.js';

let bench: FilterBench;

before(async () => {
  bench = await startFilterBench();
});

after(() => bench?.stop());

const WINDOWS: readonly (readonly [zone: string, first: string])[] = [
  ['America/Sao_Paulo', '2018-11-02'],
  ['America/Sao_Paulo', '2019-02-14'],
  ['America/Havana', '2024-03-08'],
  ['America/Havana', '2024-11-01'],
  ['Pacific/Apia', '2011-12-28'],
];
// Every half hour of six days and the microsecond before it, both infinities, and null.
const moments = (first: string) => `
  (SELECT v FROM generate_series('${first} 00:00Z'::timestamptz, '${addDays(first, 6)} 00:00Z', '30 min') h,
          LATERAL (VALUES (h), (h - interval '1 microsecond')) AS m(v)
   UNION ALL VALUES ('infinity'::timestamptz), ('-infinity'), (NULL)) AS m`;
const anySpan = fc.tuple(
  fc.integer({ min: -1, max: 7 }),
  fc.nat(4),
  fc.constantFrom('one', 'from', 'to', 'both'),
);

/** The same condition by PostgreSQL's BETWEEN, on the local day. */
const byBetween = (day: string, spans: readonly string[]) =>
  `(${spans
    .map((span) => {
      const [first = '', last = first] = span.split('..');
      return `${day} BETWEEN '${first || '-infinity'}'::date AND '${last || 'infinity'}'::date`;
    })
    .join(' OR ')})`;

for (const [zone, first] of WINDOWS) {
  test(`days of ${zone} from ${first} on, for each type of moment`, async () => {
    const local = `(SELECT v AT TIME ZONE '${zone}' AS v FROM ${moments(first)}) AS l`;
    const days = `(SELECT v::date AS v FROM ${local}) AS d`;
    await fc.assert(
      fc.asyncProperty(fc.array(anySpan, { minLength: 1, maxLength: 2 }), async (picks) => {
        const spans = picks.map(([start, length, shape]) => {
          const from = addDays(first, start);
          const to = addDays(from, length);
          return { one: from, from: `${from}..`, to: `..${to}`, both: `${from}..${to}` }[shape];
        });
        const types: readonly (readonly [string, string, string])[] = [
          ['timestamptz', moments(first), `(v AT TIME ZONE '${zone}')::date`],
          ['timestamp', local, 'v::date'],
          ['date', days, 'v'],
        ];
        for (const [type, relation, day] of types) {
          const selected = await bench.select(relation, bench.condition('date', spans, type, zone));
          assert.deepEqual(selected, await bench.select(relation, byBetween(day, spans)), type);
        }
      }),
      { numRuns: runs(25) },
    );
  });
}

test('the day that São Paulo began at one o’clock has 23 hours, the one before the clock went back has 25', async () => {
  for (const [day, count] of [
    ['2018-11-04', 92],
    ['2019-02-16', 100],
    ['2019-02-17', 96],
  ] as const) {
    const quarters = `(SELECT generate_series('${day} 00:00Z'::timestamptz - interval '1 day', '${day} 00:00Z'::timestamptz + interval '3 days', '15 min') AS v) AS q`;
    const selected = await bench.select(
      quarters,
      bench.condition('date', [day], 'timestamptz', 'America/Sao_Paulo'),
    );
    assert.equal(selected.length, count, day);
  }
});

test('an index on the column serves every type whose literal is cast', async () => {
  for (const type of ['date', 'timestamp', 'timestamptz'])
    assert.match(await bench.plan('date', ['2026-01'], type), /Index Cond/, type);
});
