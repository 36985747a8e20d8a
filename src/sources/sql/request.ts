// A source that speaks SQL refuses requests and questions about documents.
import { ReportError } from '../../core/errors.js';
import type { Question, Request, SqlRequest } from '../../core/source.js';

/**
 * @param label the source's
 * @throws ReportError `definition` when the report reads documents
 */
export function sqlRequest(request: Request, label: string): SqlRequest {
  const { query } = request;
  if (typeof query === 'string') return { ...request, query };
  throw new ReportError('definition', `report "${request.report}" reads documents, but ${label} speaks SQL`, {
    hint: 'Set its source to mongodb://…, file:… or s3://….',
  });
}

/**
 * The question as a request without columns.
 * @param label the source's
 * @throws ReportError `definition` when the question is about documents
 */
export function questionRequest(question: Question, label: string): SqlRequest {
  const { report, about, params, timezone } = question;
  if (typeof about !== 'string') {
    throw new ReportError(
      'definition',
      `"${report}" waits for documents of "${about.collection}", but ${label} speaks SQL`,
      { hint: 'Write wait-for with a query.' },
    );
  }
  return { report, query: about, columns: [], filters: [], mapped: {}, params, orderBy: [], timezone };
}
