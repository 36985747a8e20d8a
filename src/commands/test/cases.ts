// The tests of reports as what is read for each: a request, a period where it is a run, and where its golden lies.
import { dirname, join } from 'node:path';
import { type Period, periodContaining } from '../../core/calendar.js';
import { ReportError } from '../../core/errors.js';
import { DIMENSIONS } from '../../core/filter.js';
import type { Request } from '../../core/source.js';
import { parseFilter, periodFilter } from '../../filters/index.js';
import type { ReportTest } from '../../reports/definition/tests.js';
import type { Report } from '../../reports/report.js';
import { requestOf } from '../../reports/request.js';
import { publishedReports } from '../../reports/scheduled-reports.js';

/** One test of one report; of a report with schedules a run is one for each of them. */
export interface Case {
  /** `transacoes/2024-10-05`, `vendas@ACME Ltda/2024-09-30` */
  readonly title: string;
  readonly report: Report;
  readonly period: Period | undefined;
  readonly request: Request;
  /** The path of its golden, without the endings. */
  readonly golden: string;
}

export interface BrokenCase {
  readonly title: string;
  readonly error: unknown;
}

/** Where fixtures and goldens are: beside the folder of the report's file. */
export function fixturesFolder(report: Pick<Report, 'file'>): string {
  return join(dirname(report.file), '..', 'fixtures');
}

/** Below it one folder for each report. */
export function goldenFolder(fixtures: string): string {
  return join(fixtures, 'golden');
}

export function casesOf(report: Report): (Case | BrokenCase)[] {
  return report.tests.flatMap((test): (Case | BrokenCase)[] => {
    try {
      return test.run === undefined ? exported(report, test) : published(report, test, test.run);
    } catch (error) {
      return [{ title: `${report.name}/${test.name}`, error }];
    }
  });
}

/** What the command line of an export would ask. */
function exported(report: Report, test: ReportTest): Case[] {
  // The file's report has them.
  if (report.organization !== undefined) return [];
  // Nothing relative is among the dates: no day is today.
  const context = { timezone: report.timezone, today: '2000-01-01' };
  const filters = DIMENSIONS.flatMap((dimension) => {
    const values = test.filters[dimension];
    return values === undefined ? [] : [parseFilter(dimension, values, context)];
  });
  const { params, columns, limit } = test;
  return [caseOf(report, test, undefined, requestOf(report, { filters, params, columns, limit }))];
}

function published(report: Report, test: ReportTest, day: string): Case[] {
  const reports = publishedReports(report);
  if (reports.length === 0) {
    throw new ReportError(
      'definition',
      `the test "${test.name}" is a run, but ${report.file} has no outputs`,
      {
        hint: 'Write date in place of run: then it is an export.',
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
