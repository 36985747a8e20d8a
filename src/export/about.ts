// What a workbook tells of itself beside the rows, out of the report and what was asked of it.
import { addDays, type Period } from '../core/calendar.js';
import type { Request } from '../core/source.js';
import type { Column } from '../core/table.js';
import { toolVersion } from '../core/version.js';
import type { ReportedDays } from '../core/writer.js';
import type { Report } from '../reports/report.js';
import { paramValues } from '../reports/request.js';
import type { About } from '../writers/index.js';

interface Asked {
  readonly report: Report;
  readonly request: Request;
  readonly period: Period | undefined;
  /** See definitionHash(). */
  readonly definition: string;
  readonly revision: number;
  /** ISO 8601, UTC. */
  readonly started: string;
  /** The unique id of the run; undefined for the files of a test, which depend on the rows only. */
  readonly token: string | undefined;
}

/** For createWriter(). */
export function aboutOf({ report, request, period, definition, revision, started, token }: Asked): About {
  return {
    report: report.name,
    run: token,
    title: report.title,
    period: period === undefined ? daysAsked(request) : { from: period.from, last: period.lastDay },
    timezone: report.timezone,
    filters: request.filters.map(({ filter: { dimension, test, values }, column, onResult }) => {
      const typed = onResult === undefined ? undefined : values.join(', ');
      return { word: dimension, title: columnAt(report, column)?.title, test, typed };
    }),
    params: paramValues(request),
    limit: request.limit,
    sources: report.sources,
    definition,
    revision,
    started,
    tool: toolVersion(),
    volatile: report.volatile,
    totals: report.totals,
    dimensions: {
      organization: columnAt(report, report.filters.organization)?.name,
      'product-type': columnAt(report, report.filters['product-type'])?.name,
    },
  };
}

/** The days of an ad-hoc export; undefined when it is of all days, or of several spans. */
function daysAsked({ filters }: Request): ReportedDays | undefined {
  const spans = filters.flatMap(({ filter: { dimension, test } }) =>
    dimension === 'date' && test.of === 'dates' ? test.anyOf : [],
  );
  const [span, ...more] = spans;
  if (span === undefined || more.length > 0) return undefined;
  return { from: span.from?.date, last: span.to && addDays(span.to.date, -1) };
}

/** @param place a column's name, or its path in documents */
function columnAt({ columns }: Report, place: string | undefined): Column | undefined {
  return columns.find(({ name, path = name }) => path === place);
}
