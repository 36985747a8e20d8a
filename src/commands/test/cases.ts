// Turns the tests of a report file into cases: a request, the period if the test is a run, and the path of the golden.
import { dirname, join } from 'node:path';
import { type Period, periodContaining } from '../../core/calendar.js';
import { ReportError } from '../../core/errors.js';
import type { Request } from '../../core/source.js';
import { periodFilter } from '../../filters/index.js';
import type { ReportTest } from '../../reports/definition/tests.js';
import type { Report } from '../../reports/report.js';
import { filterOf, requestOf } from '../../reports/request.js';
import { publishedReports } from '../../reports/scheduled-reports.js';

/** One test of one report. A test that is a run becomes one case for the report and one for each of its schedules. */
export interface Case {
  /** `transacoes/2024-10-05`, `vendas@ACME Ltda/2024-09-30` */
  readonly title: string;
  readonly report: Report;
  readonly period: Period | undefined;
  readonly request: Request;
  /** The path of its golden files, without their endings. */
  readonly golden: string;
}

export interface BrokenCase {
  readonly title: string;
  readonly error: unknown;
}

/** The folder of fixtures and goldens: a sibling of the folder that contains the report's file. */
export function fixturesFolder(report: Pick<Report, 'file'>): string {
  return join(dirname(report.file), '..', 'fixtures');
}

/** The folder that contains a folder of goldens for each report. */
export function goldenFolder(fixtures: string): string {
  return join(fixtures, 'golden');
}

/** The cases of a report's tests. A test that cannot become a case is returned with its error. */
export function casesOf(report: Report): (Case | BrokenCase)[] {
  return report.tests.flatMap((test): (Case | BrokenCase)[] => {
    try {
      return test.run === undefined ? exportCases(report, test) : runCases(report, test, test.run);
    } catch (error) {
      return [{ title: `${report.name}/${test.name}`, error }];
    }
  });
}

/** The case of a test with the options of an export. */
function exportCases(report: Report, test: ReportTest): Case[] {
  // The report file's own report has the export tests, not its schedules.
  if (report.organization !== undefined) return [];
  // A fixed day: dates of tests are never relative to today.
  const today = '2000-01-01';
  const filters = Object.entries(test.filters).map(([word, values]) => filterOf(report, word, values, today));
  const { params, columns, limit } = test;
  return [caseOf(report, test, undefined, requestOf(report, { filters, params, columns, limit }))];
}

/** The cases of a test that is a run: for the report, and for each of its schedules. */
function runCases(report: Report, test: ReportTest, day: string): Case[] {
  const reports = publishedReports(report);
  if (reports.length === 0) {
    throw new ReportError(
      'definition',
      `the test "${test.name}" is a run, but ${report.file} has no outputs`,
      {
        hint: 'Write date instead of run: then the test is an export.',
      },
    );
  }
  return reports.map((each) => {
    const period = periodContaining(each.period, day);
    const filters = each.filters.date === undefined ? [] : [periodFilter(period, each.timezone)];
    return caseOf(each, test, period, requestOf(each, { filters, params: test.params }));
  });
}

function caseOf(report: Report, test: ReportTest, period: Period | undefined, request: Request): Case {
  const golden = join(goldenFolder(fixturesFolder(report)), report.name, test.name);
  return { title: `${report.name}/${test.name}`, report, period, request, golden };
}
