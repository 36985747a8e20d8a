// What the server holds, what a command is, and short ways to look into one.
import { BSON } from 'mongodb';
import type { Cursor, Replay } from './cursors.js';
import { ServerError } from './errors.js';
import type { Conversation, Conversations } from './login.js';
import { keyOf } from './order.js';
import { documentOf, elementOf, fieldOf, toJavaScript, toValue } from './values.js';

/** What all connections share. */
export interface State {
  /** By `database.collection`. */
  readonly collections: Map<string, Collection>;
  readonly cursors: Map<bigint, Cursor>;
  readonly conversations: Conversations | undefined;
}

export interface Collection {
  readonly documents: Buffer[];
  /** The _ids, each as its key of order.ts. */
  readonly ids: Set<string>;
  replay?: Replay;
}

/** What a connection has said so far. */
export interface Session {
  readonly connectionId: number;
  conversation?: Conversation;
  authenticated: boolean;
}

export interface Call {
  readonly name: string;
  readonly body: Buffer;
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  readonly session: Session;
}

/** The answer's document, in pieces. */
export type Answer = Buffer[];

export function collectionAt({ collections }: State, namespace: string): Collection {
  const known = collections.get(namespace);
  if (known) return known;
  const made: Collection = { documents: [], ids: new Set() };
  collections.set(namespace, made);
  return made;
}

/** Stores a document as it is, with an _id in front when it has none. @throws ServerError 11000 */
export function store(collection: Collection, document: Buffer): void {
  const id = fieldOf(document, '_id');
  const made = id ?? toValue(new BSON.ObjectId());
  if (collection.ids.has(keyOf(made)))
    throw new ServerError(
      11000,
      `E11000 duplicate key error, dup key: { _id: ${String(toJavaScript(made))} }`,
    );
  collection.ids.add(keyOf(made));
  collection.documents.push(
    id === undefined ? documentOf([elementOf('_id', made), document.subarray(4, -1)]) : document,
  );
}

export function plainAnswer(document: object): Answer {
  return [Buffer.from(BSON.serialize({ ...document, ok: 1 }))];
}

export function option({ body }: Call, name: string): unknown {
  const field = fieldOf(body, name);
  return field && toJavaScript(field);
}

export function namespaceOf(call: Call): string {
  const collection = option(call, call.name);
  if (typeof collection !== 'string')
    throw new ServerError(73, `collection name has invalid type ${typeof collection}`);
  return `${String(option(call, '$db'))}.${collection}`;
}

export function sessionOf(body: Uint8Array): string | undefined {
  return fieldOf(body, 'lsid')?.bytes.toString('hex');
}
