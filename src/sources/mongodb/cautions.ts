// What check warns of: a connection that others can read, and a user who may do more than read.
import type { MongoClient } from 'mongodb';
import { isLoopback } from '../../core/loopback.js';
import type { Connected } from './connect.js';

/** MongoDB manual, "Built-In Roles": those that may write to a database. */
const WRITING =
  /^(readWrite|dbOwner|dbAdmin|userAdmin|clusterAdmin|hostManager|restore|root|__system|atlasAdmin)/;

interface ConnectionStatus {
  readonly authInfo?: { readonly authenticatedUserRoles?: readonly { readonly role: string }[] };
}

/** One line each. Never throws: a server that does not tell the roles is not warned of. */
export async function cautions({ client, database }: Connected, label: string): Promise<string[]> {
  const status: ConnectionStatus = await database.command({ connectionStatus: 1 }).catch(() => ({}));
  const roles = status.authInfo?.authenticatedUserRoles ?? [];
  const writing = roles.find(({ role }) => WRITING.test(role));
  return [
    ...clearText(client, label),
    ...(writing === undefined
      ? []
      : [`${label}: the user has the role "${writing.role}" and may write: use a user with the role "read"`]),
  ];
}

function clearText({ options: { tls, hosts } }: MongoClient, label: string): string[] {
  const far = hosts.find(({ host, socketPath }) => !socketPath && host !== undefined && !isLoopback(host));
  if (tls === true || far === undefined) return [];
  return [
    `${label}: the connection to ${far.host} is not encrypted, so the network sees the rows; add ?tls=true to the URL`,
  ];
}
