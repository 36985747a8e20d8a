// What check warns of: a connection that others can read, a role that may do more than read, and settings that do not count here.
import { isLoopback } from '../../core/loopback.js';
import { cancellable, type Session } from './session.js';

/**
 * Roles that act outside of transactions, and one table that the role may change. A transaction that is read-only stops neither
 * functions of the server's files nor what a function does over a connection of its own.
 */
const RIGHTS = `
SELECT current_user AS name,
  rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_roles
    WHERE rolname IN ('pg_execute_server_program', 'pg_write_server_files') AND pg_catalog.pg_has_role(oid, 'USAGE')) AS super,
  (SELECT c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') LIMIT 1) AS writable
FROM pg_catalog.pg_roles WHERE rolname = current_user`;

interface Rights {
  readonly name: string;
  readonly super: boolean;
  readonly writable: string | null;
}

/** The time limits of the role, the database or the server that beginReadOnly() lifts. */
const TIMEOUTS = `
SELECT string_agg(name || ' = ' || reset_val || coalesce(unit, ''), ', ' ORDER BY name) AS set FROM pg_catalog.pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')
  AND reset_val <> '0'`;

/**
 * @param ignored parameters of the URL that other programs need
 * @returns one line each
 * @throws ReportError `source`, or the signal's reason
 */
export async function cautions(session: Session, ignored: readonly string[] = []): Promise<string[]> {
  const { client, label } = session;
  const doing = `asking ${label} for the rights of its role`;
  const { rows } = await cancellable(session, doing, () => client.query<Rights>(RIGHTS));
  const role = rows[0];
  const advice = 'use a role that may only SELECT';
  const rights =
    role?.super === true
      ? [`${label}: the role "${role.name}" is a superuser or may write files of the server: ${advice}`]
      : role?.writable
        ? [`${label}: the role "${role.name}" may change tables, such as ${role.writable}: ${advice}`]
        : [];
  return [...clearText(session), ...rights, ...(await lifted(session)), ...unread(label, ignored)];
}

async function lifted({ client, label, ...session }: Session): Promise<string[]> {
  const doing = `asking ${label} for the time limits of its role`;
  const { rows } = await cancellable({ client, label, ...session }, doing, () =>
    client.query<{ set: string | null }>(TIMEOUTS),
  );
  const set = rows[0]?.set;
  return set ? [`${label}: ${set} does not count while a report is read; --deadline limits a run`] : [];
}

function unread(label: string, ignored: readonly string[]): string[] {
  return ignored.length === 0 ? [] : [`${label}: ${ignored.join(', ')} in the URL is ignored`];
}

function clearText({ client, label }: Session): string[] {
  const { host, connection } = client as unknown as {
    readonly host: string;
    readonly connection: { readonly stream: { readonly encrypted?: boolean } };
  };
  if (connection.stream.encrypted === true || host.startsWith('/') || isLoopback(host)) return [];
  return [
    `${label}: the connection to ${host} is not encrypted, so the network sees the rows; add ?sslmode=verify-full to the URL`,
  ];
}
