// Errors of PostgreSQL and the network as ReportErrors: one line, a hint, and whether trying again can help.
import { messageOf, ReportError } from '../../core/errors.js';
import { quotable } from '../../core/foreign-text.js';
import { canPass, isSqlState } from './sqlstate.js';

interface PostgresError {
  readonly code?: string;
  readonly message?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
}

/** Node's codes of sockets and resolvers that can go away by themselves. ENOENT: the Unix socket of a server that starts. */
const NETWORK =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOENT|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENETRESET|EPIPE|EAI_AGAIN)$/;

/** Each pattern is tested on the code, a blank and the message; the first match wins. */
const HINTS: readonly [pattern: RegExp, hint: string][] = [
  [
    /^28P01|^28000|client password must be a string/,
    'Check the user and the password in the REPORTCTL_SOURCE_… variable or PGUSER and PGPASSWORD.',
  ],
  [/^3D000/, 'Check the name of the database.'],
  [/^42501/, 'Grant SELECT on it to the user of this source.'],
  [/^42P01/, 'Check the name of the table and the search_path.'],
  [
    /^08P01/,
    'Check that PostgreSQL or a pooler listens there, and that it speaks protocol 3; the log of the server says more.',
  ],
  [/^25006/, 'Reports only read: the transaction is read-only.'],
  [/^22021/, 'The database has the encoding SQL_ASCII: convert the text in the query with convert_from().'],
  [/^(ECONNREFUSED|ENOENT)/, 'Check the host and the port, and that the server runs.'],
  [
    /^ETIMEDOUT nothing came/,
    'Check the network between here and the server; REPORTCTL_IDLE_TIMEOUT says how long it may be silent.',
  ],
  [/^(ENOTFOUND|EAI_AGAIN)/, 'Check the name of the host.'],
  [/^[A-Z_]*(CERT|SIGNATURE|ISSUER)/, 'Check sslrootcert and the name of the host, or set sslmode=require.'],
  [
    /channel_binding is "require"/,
    'It needs TLS and a login by SCRAM: set sslmode=require and a password, or leave channel_binding out.',
  ],
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
    `${doing}: ${parts.filter(Boolean).join(' ')}${isSqlState(code) ? ` (SQLSTATE ${code})` : ''}`,
    {
      ...(ownHint === undefined ? {} : { hint: ownHint }),
      cause: error,
      retryable: isLost || NETWORK.test(code) || canPass(code, message),
    },
  );
}

/** When every address of a host has failed, Node throws an AggregateError without a message of its own. */
function messageOfAll(error: unknown): string {
  const several = error instanceof AggregateError && error.message === '';
  return several ? error.errors.map(messageOf).join(', ') : messageOf(error);
}
