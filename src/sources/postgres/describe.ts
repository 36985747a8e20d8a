// Asks the server, through the extended protocol, what a statement would return and need, without running it.
import type { Client, Connection, Submittable } from 'pg';
import { ReportError } from '../../core/errors.js';

export interface Description {
  /** The columns of the result; `type` is the internal name (`int4`); a domain has the type under it. */
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    /** The table's OID and the column's number there, for a column that is a table's; else zeros. */
    readonly origin: readonly [table: number, column: number];
  }[];
  /** The types that the server inferred for $1, $2, …. */
  readonly parameters: readonly string[];
}

/**
 * Parses and describes one statement. More than one is refused by the protocol itself.
 * @throws what the server answers, or ReportError `definition` when the statement returns no rows
 */
export async function describe(client: Client, statement: string): Promise<Description> {
  const { fields, parameters } = await new Promise<Answers>((resolve, reject) =>
    client.query(new DescribeStatement(statement, resolve, reject)),
  );
  if (fields === undefined) {
    throw new ReportError('definition', 'the query returns no rows', {
      hint: 'A report is one SELECT (or WITH … SELECT).',
    });
  }
  const typeName = await typeNames(client, [...fields.map((field) => field.dataTypeID), ...parameters]);
  return {
    columns: fields.map(({ name, dataTypeID, tableID, columnID }) => ({
      name,
      type: typeName(dataTypeID),
      origin: [tableID, columnID],
    })),
    parameters: parameters.map(typeName),
  };
}

/** A function from the OID of a type to its name. */
async function typeNames(client: Client, oids: readonly number[]): Promise<(oid: number) => string> {
  const { rows } = await client.query<{ oid: string; typname: string }>(
    'SELECT oid::int8::text AS oid, typname FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[])',
    [[...new Set(oids)]],
  );
  const names = new Map(rows.map((row) => [Number(row.oid), row.typname]));
  return (oid) => names.get(oid) ?? `oid ${oid}`;
}

interface RowDescription {
  readonly fields: readonly {
    readonly name: string;
    readonly dataTypeID: number;
    readonly tableID: number;
    readonly columnID: number;
  }[];
}

/** The server's answers to Describe. */
interface Answers {
  /** Undefined when the statement returns no rows. */
  readonly fields: RowDescription['fields'] | undefined;
  /** OIDs of types. */
  readonly parameters: readonly number[];
}

/** A query object as the driver takes it, which sends Parse, Describe and Sync only. */
class DescribeStatement implements Submittable {
  readonly #statement: string;
  readonly #resolve: (answers: Answers) => void;
  readonly #reject: (error: unknown) => void;
  #fields: RowDescription['fields'] | undefined;
  #parameters: readonly number[] = [];
  #hasFailed = false;
  #unlisten: () => void = () => undefined;

  constructor(statement: string, resolve: (answers: Answers) => void, reject: (error: unknown) => void) {
    this.#statement = statement;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    // The driver calls a method of ours for every message except this one.
    const onParameters = (message: { dataTypeIDs: number[] }) => {
      this.#parameters = message.dataTypeIDs;
    };
    connection.on('parameterDescription', onParameters);
    this.#unlisten = () => connection.off('parameterDescription', onParameters);
    const wire = connection as unknown as {
      parse(query: { name: string; text: string; types: number[] }): void;
      describe(what: { type: 'S'; name: string }): void;
      sync(): void;
    };
    wire.parse({ name: '', text: this.#statement, types: [] });
    wire.describe({ type: 'S', name: '' });
    wire.sync();
  }

  handleRowDescription(message: RowDescription): void {
    this.#fields = message.fields;
  }

  handleError(error: unknown): void {
    this.#hasFailed = true;
    this.#unlisten();
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#unlisten();
    if (!this.#hasFailed) this.#resolve({ fields: this.#fields, parameters: this.#parameters });
  }
}
