// Days, fortnights and months take every row once: the sum of the exports over any span equals the whole, on a real PostgreSQL.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type pg from 'pg';
import {
  addDays,
  type DateSpan,
  PERIOD_KINDS,
  type PeriodKind,
  periodContaining,
  periodsBetween,
} from '../src/core/calendar.js';
import type { Source } from '../src/core/source.js';
import { periodFilter } from '../src/filters/index.js';
import { parseReport } from '../src/reports/load-report.js';
import type { Report } from '../src/reports/report.js';
import { requestOf } from '../src/reports/request.js';
import { RowCounter } from '../src/rows/counters.js';
import { postgresDialect } from '../src/sources/postgres/dialect.js';
import { openUrl, type TestPostgres } from './support/postgres.js';
import { runs } from './support/runs.js';
import { createDatabase } from './support/shared-postgres.js';

/** Days around which clocks change, a zone has no day, February or a year ends. */
const TURNS = [
  '2011-12-30', // Pacific/Apia went from the 29th to the 31st.
  '2011-12-31',
  '2018-11-04', // America/Sao_Paulo had no midnight,
  '2019-02-17', // and two of them.
  '2023-02-28',
  '2023-04-28', // Africa/Cairo had no midnight.
  '2023-12-31',
  '2024-02-29',
  '2024-03-31', // Europe/Lisbon, spring
  '2024-04-07', // Australia/Lord_Howe goes back by half an hour.
  '2024-10-27', // Europe/Lisbon, autumn
  '2024-11-03', // America/Havana has the first hour of the day twice.
];
const ZONES = [
  'America/Sao_Paulo',
  'Europe/Lisbon',
  'Pacific/Apia',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Africa/Cairo',
  'America/Havana',
  'UTC',
];

/** A column of each type, and its local date as PostgreSQL itself has it. */
const COLUMNS = { com_zona: 'timestamptz', sem_zona: 'timestamp', dia: 'date' } as const;
type ColumnName = keyof typeof COLUMNS;
const localDate = (column: ColumnName, zone: string) =>
  column === 'com_zona' ? `(com_zona AT TIME ZONE '${zone}')::date` : `${column}::date`;

const LINES = `
CREATE TABLE linhas AS
WITH momentos (momento) AS (
  SELECT d::timestamptz + n * interval '30 min' + m * interval '1 microsecond'
  FROM unnest('{${TURNS.join(',')}}'::text[]) AS d, generate_series(-120, 120) AS n, generate_series(-1, 1) AS m
  UNION ALL
  SELECT generate_series(a::timestamptz, b::timestamptz, interval '7 hours 13 min')
  FROM (VALUES ('2011-09-01', '2012-04-01'), ('2018-08-01', '2019-06-01'), ('2023-01-01', '2025-01-15')) AS v (a, b)
)
SELECT row_number() OVER (ORDER BY momento)::int AS id,
       momento AS com_zona,
       momento AT TIME ZONE 'UTC' AS sem_zona,
       (momento AT TIME ZONE 'UTC')::date AS dia,
       -- Digits that no binary number can add up, some of them negative.
       ((('x' || substr(md5(momento::text), 1, 12))::bit(48)::bigint - 100000000000000) / 10000000000.0)::numeric(38,10) AS valor
FROM momentos;
CREATE INDEX ON linhas (com_zona); CREATE INDEX ON linhas (sem_zona); CREATE INDEX ON linhas (dia);
ANALYZE linhas`;

interface Case {
  readonly zone: string;
  readonly column: ColumnName;
  readonly kind: PeriodKind;
  /** From the first day of a period to the last one of another. */
  readonly span: DateSpan & { readonly from: string; readonly to: string };
}

/** @param most how many periods a span has at most */
const cases = (most: number): fc.Arbitrary<Case> =>
  fc
    .record({
      zone: fc.constantFrom(...ZONES),
      column: fc.constantFrom(...(Object.keys(COLUMNS) as ColumnName[])),
      kind: fc.constantFrom(...PERIOD_KINDS),
      turn: fc.constantFrom(...TURNS),
      before: fc.integer({ min: 0, max: most - 1 }),
      count: fc.integer({ min: 1, max: most }),
    })
    .map(({ turn, before, count, ...rest }) => {
      const { from } = Array.from({ length: before }).reduce<{ from: string }>(
        (period) => periodContaining(rest.kind, addDays(period.from, -1)),
        periodContaining(rest.kind, turn),
      );
      let to = from;
      for (let index = 0; index < count; index++) to = periodContaining(rest.kind, to).to;
      return { ...rest, span: { from, to } };
    });

const periodsOf = ({ kind, span }: Case) => periodsBetween(kind, span.from, addDays(span.to, -1));

let server: TestPostgres;
let client: pg.Client;
let source: Source;
before(async () => {
  server = await createDatabase();
  client = await server.connect();
  await client.query("SET TimeZone = 'UTC'");
  await client.query(LINES);
  source = await openUrl(server.url);
});
after(async () => {
  await source?.close();
  await client?.end();
  await server?.stop();
});

test('by the conditions: every row in one period, the one of its local date, and the sums equal', async (t) => {
  const done = { cases: 0, periods: 0, rows: 0, clocks: new Set<string>() };
  const property = async (each: Case) => {
    const { zone, column, span } = each;
    const condition = (covered: DateSpan) =>
      postgresDialect(client).condition(periodFilter(covered, zone), {
        expression: column,
        type: COLUMNS[column],
      });
    const date = localDate(column, zone);
    const periods = periodsOf(each);
    const parts = periods.map(
      (period, index) =>
        `SELECT ${index} AS parte, id, valor, ${date} BETWEEN '${period.from}' AND '${period.lastDay}' AS certa FROM linhas WHERE ${condition(period)}`,
    );
    const { rows } = await client.query(`
      WITH partes AS (${parts.join(' UNION ALL ')}),
           todo AS (SELECT id, valor FROM linhas WHERE ${condition(span)}),
           certo AS (SELECT id FROM linhas WHERE ${date} >= '${span.from}' AND ${date} < '${span.to}')
      SELECT (SELECT count(*) FROM partes)::int AS parts, (SELECT count(*) FROM todo)::int AS whole,
             (SELECT count(*) FROM certo)::int AS right,
             (SELECT sum(valor) FROM partes) AS "sumOfParts", (SELECT sum(valor) FROM todo) AS sum,
             (SELECT count(*) FROM partes WHERE NOT certa)::int AS "inAnother",
             (SELECT count(*) FROM (SELECT id FROM todo EXCEPT ALL SELECT id FROM partes) AS v)::int AS missing,
             (SELECT count(*) FROM (SELECT id FROM certo EXCEPT ALL SELECT id FROM partes) AS v)::int AS lost`);
    const [{ parts: found, whole, right, sumOfParts, sum, inAnother, missing, lost }] = rows;
    assert.deepEqual([found, sumOfParts, right], [whole, sum, whole]);
    assert.deepEqual({ inAnother, missing, lost }, { inAnother: 0, missing: 0, lost: 0 });
    done.cases += 1;
    done.periods += periods.length;
    done.rows += whole;
    done.clocks.add(`${zone} ${column} ${each.kind}`);
  };
  await fc.assert(fc.asyncProperty(cases(14), property), { numRuns: runs(300) });
  t.diagnostic(
    `${done.cases} spans, ${done.periods} periods, ${done.rows} rows, ${done.clocks.size} of ${ZONES.length * 9} zones, types and kinds`,
  );
  assert.ok(done.rows > 50_000, 'the spans have rows');
});

describe('by the exports themselves', () => {
  const reportOf = ({ zone, column, kind }: Case): Report =>
    parseReport(
      'linhas.sql',
      `/*---\nsource: base\ntimezone: ${zone}\nperiod: ${kind}\nfilters: { date: ${column} }\ncolumns: { id: integer, com_zona: timestamp, valor: decimal }\norder-by: [id]\ntotals: [valor]\n---*/\nSELECT * FROM linhas`,
    );

  const read = async (report: Report, spans: readonly DateSpan[]) => {
    const ids: string[] = [];
    const counter = new RowCounter(report.columns, report.totals);
    for (const span of spans) {
      const filters = [periodFilter(span, report.timezone)];
      const prepared = await source.prepare(requestOf(report, { filters, params: {} }));
      for await (const batch of prepared.read()) {
        counter.add(batch);
        ids.push(...batch.rows().map(([id]) => id ?? ''));
      }
    }
    return { rows: counter.rows, totals: counter.totals(), ids };
  };

  test('rows and totals of the periods, one after the other, are those of the span', async (t) => {
    const done = { cases: 0, periods: 0, rows: 0 };
    const property = async (each: Case) => {
      const report = reportOf(each);
      const periods = periodsOf(each);
      const [parts, whole] = [await read(report, periods), await read(report, [each.span])];
      assert.deepEqual([parts.rows, parts.totals], [whole.rows, whole.totals]);
      assert.deepEqual(parts.ids.toSorted(), whole.ids.toSorted());
      assert.equal(new Set(parts.ids).size, parts.ids.length);
      done.cases += 1;
      done.periods += periods.length;
      done.rows += whole.rows;
    };
    await fc.assert(fc.asyncProperty(cases(6), property), { numRuns: runs(60) });
    t.diagnostic(`${done.cases} spans, ${done.periods} exports of one period, ${done.rows} rows`);
    assert.ok(done.rows > 5000, 'the spans have rows');
  });
});
