// Dates, periods and beginnings of days, over leap years and changes of the clock.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  addDays,
  assertTimeZone,
  compactDate,
  type DateSpan,
  formatDates,
  instantAt,
  isClosed,
  lastClosedPeriod,
  lastClosedPeriods,
  PERIOD_KINDS,
  parseDates,
  periodContaining,
  periodsBetween,
  spellInstant,
  spellPeriod,
  startOfDay,
  todayIn,
} from '../../src/core/calendar.js';
import { ReportError } from '../../src/core/errors.js';

const TODAY = '2026-03-10';
const DAY = 86_400_000;

// Dates of the tests come from epoch days, not from the code under test.
const isoDay = (epochDay: number) => new Date(epochDay * DAY).toISOString().slice(0, 10);
const anyDate = fc.integer({ min: Date.UTC(1890, 0) / DAY, max: Date.UTC(2110, 0) / DAY }).map(isoDay);
const anyKind = fc.constantFrom(...PERIOD_KINDS);

describe('parseDates', () => {
  const spans: Record<string, readonly [string | undefined, string | undefined]> = {
    '2026-01-31': ['2026-01-31', '2026-02-01'],
    '2024-02-29': ['2024-02-29', '2024-03-01'],
    '2026-01': ['2026-01-01', '2026-02-01'],
    '2025-12': ['2025-12-01', '2026-01-01'],
    '2026': ['2026-01-01', '2027-01-01'],
    '0001': ['0001-01-01', '0002-01-01'],
    '9998-12-31': ['9998-12-31', '9999-01-01'],
    '2026-01-H1': ['2026-01-01', '2026-01-16'],
    '2026-02-H2': ['2026-02-16', '2026-03-01'],
    today: ['2026-03-10', '2026-03-11'],
    yesterday: ['2026-03-09', '2026-03-10'],
    'this-month': ['2026-03-01', '2026-04-01'],
    'last-month': ['2026-02-01', '2026-03-01'],
    'this-fortnight': ['2026-03-01', '2026-03-16'],
    'last-fortnight': ['2026-02-16', '2026-03-01'],
    '2026-01..2026-02': ['2026-01-01', '2026-03-01'],
    '2026-01-20..2026-01': ['2026-01-20', '2026-02-01'],
    '2026-01-31..2026-01-31': ['2026-01-31', '2026-02-01'],
    '2026..': ['2026-01-01', undefined],
    '..2026-01-31': [undefined, '2026-02-01'],
    '2026-01-H2..yesterday': ['2026-01-16', '2026-03-10'],
  };
  for (const [text, [from, to]] of Object.entries(spans)) {
    test(text, () => assert.deepEqual(parseDates(text, TODAY), { from, to }));
  }

  test('the named dates cross the ends of fortnights and years', () => {
    assert.deepEqual(parseDates('last-fortnight', '2026-01-16'), { from: '2026-01-01', to: '2026-01-16' });
    assert.deepEqual(parseDates('last-fortnight', '2026-01-15'), { from: '2025-12-16', to: '2026-01-01' });
    assert.deepEqual(parseDates('last-month', '2026-01-31'), { from: '2025-12-01', to: '2026-01-01' });
    assert.deepEqual(parseDates('yesterday', '2024-03-01'), { from: '2024-02-29', to: '2024-03-01' });
  });

  const refused: Record<string, readonly [message: RegExp, hint: RegExp]> = {
    '': [/""/, /2026-01-31/],
    '..': [/"\.\."/, /2026-01-31/],
    '2026..2027..2028': [/allowed are YYYY-MM-DD/, /for example/],
    '2026-01-01...': [/"2026-01-01\.\.\."/, /for example/],
    'next-week': [/"next-week".*allowed are .*last-fortnight/, /for example/],
    Yesterday: [/"Yesterday".*yesterday/, /for example/],
    ' 2026': [/" 2026"/, /for example/],
    '2026-01-H3': [/H1/, /for example/],
    '2026-01-01T00:00': [/YYYY-MM-DD/, /for example/],
    '２０２６': [/YYYY/, /for example/],
    '2026\n': [/"2026\\n"/, /for example/],
    '2026-02-30': [/"2026-02-30".*no such date/, /2026-02-28.*2026-02/],
    '2025-02-29': [/no such date/, /2025-02-28/],
    '2026-01..2026-04-31': [/"2026-04-31" in the date "2026-01\.\.2026-04-31"/, /2026-04-30/],
    '2026-13': [/no such date/, /2026-01-31/],
    '2026-00-10': [/no such date/, /2026-01-31/],
    '0000': [/0001 to 9998/, /left open/],
    '9999-12-31': [/0001 to 9998/, /left open|last day/],
    '2026-02..2026-01': [/ends before it starts/, /2026-01\.\.2026-02/],
    '2026-02-01..2026-01-31': [/ends before it starts/, /2026-01-31\.\.2026-02-01/],
    '31/01/2026': [/"31\/01\/2026"/, /year-month-day: 2026-01-31$/],
    '1-2-2026': [/"1-2-2026"/, /2026-02-01$/],
    '01/2026': [/"01\/2026"/, /2026-01$/],
    '2026/1/5': [/"2026\/1\/5"/, /2026-01-05$/],
    '01/01/2026..31/01/2026': [/"01\/01\/2026" in/, /2026-01-01\.\.2026-01-31$/],
    '31/02/2026': [/"31\/02\/2026"/, /for example/],
  };
  for (const [text, [message, hint]] of Object.entries(refused)) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseDates(text, TODAY),
        (error) => {
          assert.ok(error instanceof ReportError);
          assert.equal(error.code, 'usage');
          assert.match(error.message, message);
          assert.match(error.hint ?? '', hint);
          assert.ok(!error.message.includes('\n'));
          return true;
        },
      );
    });
  }

  test('refuses the names of properties that every JavaScript object has', () => {
    for (const text of ['toString', 'constructor', '__proto__']) {
      assert.throws(() => parseDates(text, TODAY), { code: 'usage' });
    }
  });

  test('any text gives a span or a ReportError, never another error', () => {
    const piece = fc.constantFrom('2026', '-', '01', '31', '..', '/', 'H1', 'today', '0', '99');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 8 }).map((a) => a.join('')),
        ),
        (text) => {
          try {
            const { from, to } = parseDates(text, TODAY);
            assert.ok(from === undefined || to === undefined || from < to);
          } catch (error) {
            assert.ok(error instanceof ReportError && error.code === 'usage', String(error));
          }
        },
      ),
    );
  });

  test('parseDates reads what formatDates writes', () => {
    fc.assert(
      fc.property(
        anyDate,
        fc.integer({ min: 1, max: 800 }),
        fc.constantFrom('from', 'to', 'both'),
        (from, days, ends) => {
          const span: DateSpan = {
            from: ends === 'to' ? undefined : from,
            to: ends === 'from' ? undefined : addDays(from, days),
          };
          assert.deepEqual(parseDates(formatDates(span), TODAY), span);
        },
      ),
    );
    assert.equal(formatDates({ from: '2026-01-31', to: '2026-02-01' }), '2026-01-31');
  });
});

describe('periods', () => {
  test('the last day is the one before the end', () => {
    assert.deepEqual(periodContaining('fortnight', '2024-02-20'), {
      kind: 'fortnight',
      from: '2024-02-16',
      to: '2024-03-01',
      lastDay: '2024-02-29',
    });
    assert.equal(periodContaining('day', '2024-10-05').lastDay, '2024-10-05');
    assert.equal(periodContaining('fortnight', '2026-01-15').lastDay, '2026-01-15');
    assert.equal(periodContaining('month', '2026-04-01').lastDay, '2026-04-30');
  });

  test('every day lies in exactly one period: all days of a period have that period', () => {
    fc.assert(
      fc.property(anyKind, anyDate, (kind, date) => {
        const period = periodContaining(kind, date);
        assert.ok(period.from <= date && date <= period.lastDay && period.lastDay < period.to);
        let days = 0;
        for (let day = period.from; day < period.to; day = addDays(day, 1)) {
          assert.deepEqual(periodContaining(kind, day), period);
          days += 1;
        }
        const [least, most] = { day: [1, 1], fortnight: [13, 16], month: [28, 31] }[kind] as [number, number];
        assert.ok(days >= least && days <= most, `${kind} of ${days} days`);
      }),
    );
  });

  test('the periods over any span have no gap and no overlap, and no more than the span needs', () => {
    fc.assert(
      fc.property(anyKind, anyDate, fc.nat(900), (kind, since, days) => {
        const until = addDays(since, days);
        const periods = periodsBetween(kind, since, until);
        periods.forEach((period, index) => {
          assert.ok(period.lastDay >= since && period.from <= until);
          if (index > 0) assert.equal(period.from, periods[index - 1]?.to);
        });
        assert.ok((periods[0]?.from ?? '') <= since && until < (periods.at(-1)?.to ?? ''));
      }),
    );
  });

  test('the last closed period is closed and the one after it is not', () => {
    fc.assert(
      fc.property(anyKind, anyDate, (kind, today) => {
        const closed = lastClosedPeriod(kind, today);
        const open = periodContaining(kind, today);
        assert.equal(closed.to, open.from);
        assert.ok(isClosed(closed, today) && !isClosed(open, today) && isClosed(open, open.to));
      }),
    );
  });

  test('since after until is refused even within one period', () => {
    assert.throws(() => periodsBetween('month', '2026-01-20', '2026-01-10'), { code: 'usage' });
    assert.equal(periodsBetween('month', '2026-01-10', '2026-01-10').length, 1);
  });

  test('addDays and compactDate agree with the Gregorian calendar', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -20_000, max: 40_000 }),
        fc.integer({ min: -5_000, max: 5_000 }),
        (day, days) => {
          assert.equal(addDays(isoDay(day), days), isoDay(day + days));
        },
      ),
    );
    assert.equal(compactDate('2024-10-05'), '20241005');
  });
});

describe('time zones', () => {
  const starts: readonly (readonly [zone: string, date: string, start: string])[] = [
    ['America/Sao_Paulo', '2026-01-31', '2026-01-31 00:00:00-03:00'],
    ['America/Sao_Paulo', '2018-11-04', '2018-11-04 01:00:00-02:00'],
    ['America/Sao_Paulo', '2019-02-16', '2019-02-16 00:00:00-02:00'],
    ['America/Sao_Paulo', '2019-02-17', '2019-02-17 00:00:00-03:00'],
    ['America/Sao_Paulo', '1900-01-01', '1900-01-01 00:00:00-03:06:28'],
    ['America/Havana', '2024-03-10', '2024-03-10 01:00:00-04:00'],
    ['America/Havana', '2024-11-03', '2024-11-03 00:00:00-04:00'],
    ['America/Havana', '2024-11-04', '2024-11-04 00:00:00-05:00'],
    ['America/Toronto', '1919-03-31', '1919-03-31 00:30:00-04:00'],
    ['Pacific/Apia', '2011-12-29', '2011-12-29 00:00:00-10:00'],
    ['Pacific/Apia', '2011-12-30', '2011-12-31 00:00:00+14:00'],
    ['Pacific/Apia', '2011-12-31', '2011-12-31 00:00:00+14:00'],
    ['Asia/Kathmandu', '2026-01-01', '2026-01-01 00:00:00+05:45'],
    ['UTC', '0001-01-01', '0001-01-01 00:00:00+00:00'],
  ];
  for (const [zone, date, start] of starts) {
    test(`${date} begins in ${zone} at ${start}`, () => assert.equal(startOfDay(date, zone), start));
  }

  test('the beginning of a day is its first millisecond, and the one before shows an earlier date', () => {
    const zones = [
      'America/Sao_Paulo',
      'America/Havana',
      'Pacific/Apia',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
    ];
    // Since 1950 these zones have whole minutes, which Date.parse can read.
    const date = fc.integer({ min: Date.UTC(1950, 0) / DAY, max: Date.UTC(2040, 0) / DAY }).map(isoDay);
    fc.assert(
      fc.property(fc.constantFrom(...zones), date, (zone, day) => {
        fc.pre(!(zone === 'Pacific/Apia' && day === '2011-12-30'));
        const instant = Date.parse(startOfDay(day, zone).replace(' ', 'T'));
        assert.equal(todayIn(zone, instant), day);
        assert.ok(todayIn(zone, instant - 1) < day);
        assert.ok(Date.parse(startOfDay(addDays(day, 1), zone).replace(' ', 'T')) > instant);
      }),
    );
  });

  test('01:00 UTC is still yesterday in São Paulo', () => {
    const now = Date.UTC(2024, 9, 6, 1);
    assert.equal(todayIn('UTC', now), '2024-10-06');
    assert.equal(todayIn('America/Sao_Paulo', now), '2024-10-05');
  });

  test('assertTimeZone accepts names only', () => {
    for (const name of [
      'America/Sao_Paulo',
      'UTC',
      'Brazil/East',
      'Etc/GMT+3',
      'America/Argentina/Buenos_Aires',
    ]) {
      assert.doesNotThrow(() => assertTimeZone(name));
    }
    for (const name of [
      '',
      'BRT',
      'Sao_Paulo',
      '+03:00',
      '-0300',
      'GMT+3',
      '2026-01-01T00:00[UTC]',
      'UTC\n',
    ]) {
      assert.throws(() => assertTimeZone(name), { code: 'definition', hint: /America\/Sao_Paulo/ });
    }
  });
});

describe('instantAt', () => {
  const cases: readonly [what: string, date: string, time: string, zone: string, instant: string][] = [
    ['a usual night', '2024-10-06', '02:00', 'America/Sao_Paulo', '2024-10-06T05:00:00.000Z'],
    ['half an hour off', '2024-10-06', '02:00', 'Asia/Kolkata', '2024-10-05T20:30:00.000Z'],
    [
      'skipped: Lisbon, from 01:00 to 02:00',
      '2024-03-31',
      '01:30',
      'Europe/Lisbon',
      '2024-03-31T01:30:00.000Z',
    ],
    [
      'skipped: the first hour of a day',
      '2018-11-04',
      '00:30',
      'America/Sao_Paulo',
      '2018-11-04T03:30:00.000Z',
    ],
    ['just before it', '2024-03-31', '00:59', 'Europe/Lisbon', '2024-03-31T00:59:00.000Z'],
    ['just after it', '2024-03-31', '02:00', 'Europe/Lisbon', '2024-03-31T01:00:00.000Z'],
    ['twice: Lisbon, the second', '2024-10-27', '01:30', 'Europe/Lisbon', '2024-10-27T01:30:00.000Z'],
    ['twice: half an hour only', '2024-04-07', '01:45', 'Australia/Lord_Howe', '2024-04-06T15:15:00.000Z'],
    ['before what happens twice', '2024-10-27', '00:59', 'Europe/Lisbon', '2024-10-26T23:59:00.000Z'],
    ['after it', '2024-10-27', '02:00', 'Europe/Lisbon', '2024-10-27T02:00:00.000Z'],
    ['on a day that there was not', '2011-12-30', '02:00', 'Pacific/Apia', '2011-12-30T12:00:00.000Z'],
  ];
  for (const [what, date, time, zone, instant] of cases) {
    test(what, () => assert.equal(new Date(instantAt(date, time, zone)).toISOString(), instant));
  }
});

test('lastClosedPeriods: as many as asked for, without a gap, the last closed one at the end', () => {
  fc.assert(
    fc.property(anyKind, anyDate, fc.integer({ min: 1, max: 60 }), (kind, today, count) => {
      const periods = lastClosedPeriods(kind, today, count);
      assert.equal(periods.length, count);
      assert.deepEqual(periods.at(-1), lastClosedPeriod(kind, today));
      for (const [index, { to }] of periods.slice(0, -1).entries())
        assert.equal(to, periods[index + 1]?.from);
    }),
  );
});

test('spellPeriod: what --date takes for it', () => {
  for (const kind of PERIOD_KINDS) {
    for (const day of ['2024-02-15', '2024-02-16', '2024-02-29', '2023-12-31']) {
      const period = periodContaining(kind, day);
      const { from, to } = parseDates(spellPeriod(period), '2026-01-01');
      assert.deepEqual([from, to], [period.from, period.to]);
    }
  }
  const [half, month] = [
    periodContaining('fortnight', '2024-02-29'),
    periodContaining('month', '2024-02-29'),
  ];
  assert.deepEqual([spellPeriod(half), spellPeriod(month)], ['2024-02-H2', '2024-02']);
  assert.equal(spellPeriod({ ...month, from: '2023-12-01' }), '2023-12..2024-02');
});

test('spellInstant: the local time to the minute, with its offset', () => {
  const instant = '2024-10-06T02:59:59.999Z';
  const zones = ['America/Sao_Paulo', 'UTC', 'Asia/Kolkata'];
  assert.deepEqual(
    zones.map((zone) => spellInstant(instant, zone)),
    ['2024-10-05 23:59-03', '2024-10-06 02:59+00', '2024-10-06 08:29+05:30'],
  );
});
