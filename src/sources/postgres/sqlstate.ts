// Which errors of PostgreSQL another attempt can overcome, by SQLSTATE (PostgreSQL manual, appendix A).

/** `passes`: the same query can succeed later with nothing changed. */
type Verdict = 'passes' | 'stays';

/** The verdict on a class, the codes of it that differ, and why. */
type Rule = readonly [verdict: Verdict, why: string, except?: readonly string[]];

/** Every class of the appendix. Codes under `except` have the other verdict. */
export const CLASSES: Readonly<Record<string, Rule>> = {
  '00': ['stays', 'success is no error'],
  '01': ['stays', 'a warning is no error'],
  '02': ['stays', 'no data: the query says so again'],
  '03': ['stays', 'a statement that is not complete stays incomplete'],
  // 08P01 is a protocol violation: the other end does not speak the protocol as we do, and will not.
  '08': ['passes', 'the connection broke or was refused', ['08P01']],
  '09': ['stays', 'an action of a trigger fails again'],
  '0A': ['stays', 'the server does not have the feature'],
  '0B': ['stays', 'a transaction begun wrongly is begun so again'],
  '0F': ['stays', 'a locator is wrong'],
  '0L': ['stays', 'a grantor is wrong'],
  '0P': ['stays', 'a role is wrong'],
  '0Z': ['stays', 'a diagnostics statement outside of a handler'],
  '10': ['stays', 'a query about XML is wrong'],
  '20': ['stays', 'a CASE of the query has no branch for the data'],
  '21': ['stays', 'a subquery returns several rows for these data'],
  '22': ['stays', 'the data do not fit the query, such as a division by zero'],
  '23': ['stays', 'a constraint is broken'],
  '24': ['stays', 'a cursor is in the wrong state'],
  '25': ['stays', 'the transaction is in the wrong state, such as a write in a read-only one'],
  '26': ['stays', 'a prepared statement is not known'],
  '27': ['stays', 'a trigger changed what the statement changes'],
  '28': ['stays', 'the login is refused; more attempts could lock the account'],
  '2B': ['stays', 'privileges depend on others'],
  '2D': ['stays', 'the transaction cannot end here'],
  '2F': ['stays', 'a function of the query failed'],
  '34': ['stays', 'a cursor has no such name'],
  '38': ['stays', 'a function of the query failed'],
  '39': ['stays', 'a function of the query failed'],
  '3B': ['stays', 'a savepoint is wrong'],
  '3D': ['stays', 'the database does not exist'],
  '3F': ['stays', 'the schema does not exist'],
  // 40002 is a constraint that is broken at the end of a transaction.
  '40': ['passes', 'the transaction met another one, a deadlock, or the recovery of a standby', ['40002']],
  '42': ['stays', 'the query is wrong, or the user has no right to what it reads'],
  '44': ['stays', 'a row breaks the condition of a view'],
  // 53400: the query is larger than a limit of the configuration allows, such as temp_file_limit.
  '53': ['passes', 'memory, disk or connections are used up now', ['53400']],
  '54': ['stays', 'the query is larger than the server can take'],
  // 55006: the database is in use by whoever copies or drops it. 55P03: somebody else holds the lock.
  '55': ['stays', 'an object is not in the state that the query needs', ['55006', '55P03']],
  // An operator cancelled the query (57014) or dropped the database (57P04), and meant it.
  '57': ['passes', 'the server starts, stops or was crashed', ['57000', '57014', '57P04']],
  // A file of the server is missing or in the way: somebody has to look.
  '58': ['passes', 'the disk or the network of the server failed', ['58P01', '58P02', '58P03']],
  '72': ['passes', 'the snapshot is too old; the next attempt takes a new one'],
  F0: ['stays', "the server's configuration is wrong"],
  // HV00N: the server behind a foreign table cannot be reached.
  HV: ['stays', 'a foreign table is wrong', ['HV00N']],
  P0: ['stays', 'PL/pgSQL raised it'],
  XX: ['stays', 'an internal error, or damaged data: somebody has to look'],
};

/** Other people's DDL while the query was planned. PostgreSQL reports it as an internal error. */
const CONCURRENT_DDL =
  /^XX000 .*(cache lookup failed|could not open relation with OID|tuple concurrently updated)/;

/** PgBouncer reports nearly everything as a protocol violation; these are about its own limits and its server. */
const POOLER =
  /^08P01 .*(max_client_conn|max_db_connections|max_user_connections|query_wait_timeout|server login has been failing|cannot connect to server|server conn crashed|shut(ting )?down)/i;

/** Codes of Node, such as EPIPE, can look like an SQLSTATE, but are of no class. */
export function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && Object.hasOwn(CLASSES, code.slice(0, 2));
}

/** @param message of the server, of bounded length */
export function canPass(code: string, message: string): boolean {
  const rule = CLASSES[code.slice(0, 2)];
  if (rule === undefined || !isSqlState(code)) return false;
  const text = `${code} ${message}`;
  if (CONCURRENT_DDL.test(text) || POOLER.test(text)) return true;
  const [verdict, , except = []] = rule;
  return (verdict === 'passes') !== except.includes(code);
}
