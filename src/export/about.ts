// What a workbook tells of itself beside the rows, out of the report and what was asked of it.
import type { Period } from '../core/calendar.js';
import type { Request } from '../core/source.js';
import { toolVersion } from '../core/version.js';
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
}

/** For createWriter(). */
export function aboutOf({ report, request, period, definition, revision, started }: Asked): About {
  return {
    report: report.name,
    title: report.title,
    period: period && days(period),
    timezone: report.timezone,
    filters: Object.fromEntries(request.filters.map(({ filter }) => [filter.dimension, filter.values])),
    params: paramValues(request),
    limit: request.limit,
    sources: report.sources,
    definition,
    revision,
    started,
    tool: toolVersion(),
    totals: report.totals,
    dimensions: {
      organization: report.filters.organization,
      'product-type': report.filters['product-type'],
    },
  };
}

function days({ from, lastDay }: Period): string {
  return from === lastDay ? lastDay : `${from} a ${lastDay}`;
}
