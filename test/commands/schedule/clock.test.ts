// When the later look comes: after what the reports promise, around midnight too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plannedRuns } from '../../../src/commands/schedule/planned.js';
import { parseReport } from '../../../src/reports/load-report.js';

const report = parseReport(
  'queries/x.sql',
  '/*---\nsource: vendas\ncolumns: { id: integer }\noutputs: [{ format: csv, key: "{YYYYMMDD}.csv" }]\n---*/\nSELECT 1 AS id\n',
);

function looksAt(at: string, ...expected: string[]): string | undefined {
  const reports = expected.map((time) => ({ ...report, expectBy: { time, days: 1 } }));
  const choice = { areNamed: false, at, zone: undefined, folder: { queries: 'queries', cwd: '.' } };
  return plannedRuns([report, ...reports], choice)[0]?.statusAt;
}

test('half an hour after the last expected time, else two hours after the start', () => {
  assert.equal(looksAt('01:00'), '03:00');
  assert.equal(looksAt('01:00', '02:00', '06:45', '04:00'), '07:15');
  assert.equal(looksAt('23:00'), '01:00');
  assert.equal(looksAt('23:00', '23:45', '00:50'), '01:20');
});
