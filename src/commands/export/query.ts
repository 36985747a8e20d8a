// The report of `export --sql`: a query without a file, whose columns the server describes.
import { ReportError } from '../../core/errors.js';
import { withSources } from '../../export/with-sources.js';
import { parseReport } from '../../reports/load-report.js';
import type { Report } from '../../reports/report.js';
import { draftQuery } from '../new/draft.js';
import type { CommandSession } from '../shared/context.js';

/** The name of the report, as manifests and the server's list of sessions show it. */
const NAME = 'ad-hoc';

/**
 * @param sql a query, or the name of a table or view
 * @param source the name of the source in the environment
 * @throws ReportError `definition` for a source that is no SQL server, and what describing the query throws
 */
export function reportOfQuery(session: CommandSession, sql: string, source: string): Promise<Report> {
  return withSources(session, { name: NAME, sources: [source] }, async ([opened]) => {
    if (opened === undefined) throw new Error('one name opens one source');
    const outline = await opened.outline(sql);
    if (typeof outline.query !== 'string') {
      throw new ReportError('definition', `export --sql: ${opened.label} holds documents`, {
        hint: `Draft a report of it: reportctl new NAME --from COLLECTION --source ${source}.`,
      });
    }
    return parseReport(`${NAME}.sql`, draftQuery(source, outline, outline.query), {
      cwd: session.config.cwd,
    });
  });
}
