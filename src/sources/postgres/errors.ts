// Errors of PostgreSQL and the network as ReportErrors: one line, a hint, and whether trying again can help.
import { messageOf, ReportError } from '../../core/errors.js';
import { quotable } from '../../core/foreign-text.js';

interface PostgresError {
  readonly code?: string;
  readonly message?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
}

/** SQLSTATE classes and codes (PostgreSQL manual, appendix A) and socket errors that can go away by themselves. */
const RETRYABLE =
  /^(08|40001|40P01|53|55P03|57P0[1235]|58|ECONNREFUSED|ECONNRESET|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|EAI_AGAIN)/;

/** Each pattern is tested on the code, a blank and the message; the first match wins. */
const HINTS: readonly [pattern: RegExp, hint: string][] = [
  [
    /^28P01|^28000|client password must be a string/,
    'Check the user and the password in the REPORTCTL_SOURCE_… variable or PGUSER and PGPASSWORD.',
  ],
  [/^3D000/, 'Check the name of the database.'],
  [/^42501/, 'Grant SELECT on it to the user of this source.'],
  [/^42P01/, 'Check the name of the table and the search_path.'],
  [/^25006/, 'Reports only read: the transaction is read-only.'],
  [/^22021/, 'The database has the encoding SQL_ASCII: convert the text in the query with convert_from().'],
  [/^(ECONNREFUSED|ENOENT)/, 'Check the host and the port, and that the server runs.'],
  [/^(ENOTFOUND|EAI_AGAIN)/, 'Check the name of the host.'],
  [/^[A-Z_]*(CERT|SIGNATURE|ISSUER)/, 'Check sslrootcert and the name of the host, or set sslmode=require.'],
  [/does not support SSL/, 'Set up TLS on the server, or set another sslmode.'],
];

/** Any error of the driver as a ReportError `source`; a ReportError stays as it is. @param doing what we were doing */
export function sourceError(doing: string, error: unknown): ReportError {
  if (error instanceof ReportError) return error;
  const { code = '', detail, hint } = (error ?? {}) as PostgresError;
  const message = messageOfAll(error);
  const isLost = /Connection terminated|timeout expired|terminated unexpectedly/.test(message);
  const parts = [message === 'timeout expired' ? 'no answer in time' : message, detail && quotable(detail)];
  const ownHint =
    HINTS.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1] ?? (hint && quotable(hint));
  return new ReportError(
    'source',
    `${doing}: ${parts.filter(Boolean).join(' ')}${/^[0-9A-Z]{5}$/.test(code) ? ` (SQLSTATE ${code})` : ''}`,
    {
      ...(ownHint === undefined ? {} : { hint: ownHint }),
      cause: error,
      retryable: isLost || RETRYABLE.test(code),
    },
  );
}

/** When every address of a host has failed, Node throws an AggregateError without a message of its own. */
function messageOfAll(error: unknown): string {
  const several = error instanceof AggregateError && error.message === '';
  return several ? error.errors.map(messageOf).join(', ') : messageOf(error);
}
