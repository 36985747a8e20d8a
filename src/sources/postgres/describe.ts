// Asks the server, through the extended protocol, what a statement would return and need, without running it.
import type { Client, Connection, Submittable } from 'pg';
import { ReportError } from '../../core/errors.js';

export interface Description {
  /** The columns of the result; `type` is the internal name (`int4`); domains are shown as their base type. */
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    /** The OID of the table and the number of the column there when it is just that, else zeros. */
    readonly origin: readonly [table: number, column: number];
  }[];
  /** The types that the server inferred for $1, $2, …. */
  readonly parameters: readonly string[];
}

interface RowDescription {
  readonly fields: readonly {
    readonly name: string;
    readonly dataTypeID: number;
    readonly tableID: number;
    readonly columnID: number;
  }[];
}

/**
 * Parses and describes one statement. More than one is refused by the protocol itself.
 * @throws what the server answers, or ReportError `definition` when the statement returns no rows
 */
export async function describe(client: Client, text: string): Promise<Description> {
  const { fields, parameters } = await new Promise<{
    fields: RowDescription['fields'] | undefined;
    parameters: number[];
  }>((resolve, reject) => client.query(new DescribeStatement(text, resolve, reject)));
  if (fields === undefined) {
    throw new ReportError('definition', 'the query returns no rows', {
      hint: 'A report is one SELECT (or WITH … SELECT).',
    });
  }
  const oids = [...new Set([...fields.map((field) => field.dataTypeID), ...parameters])];
  const { rows } = await client.query<{ oid: number; typname: string }>(
    'SELECT oid::int8::text AS oid, typname FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[])',
    [oids],
  );
  const names = new Map(rows.map((row) => [Number(row.oid), row.typname]));
  const typeName = (oid: number) => names.get(oid) ?? `oid ${oid}`;
  return {
    columns: fields.map(({ name, dataTypeID, tableID, columnID }) => ({
      name,
      type: typeName(dataTypeID),
      origin: [tableID, columnID],
    })),
    parameters: parameters.map(typeName),
  };
}

/** A query object as the driver takes it, which sends Parse, Describe and Sync only. */
class DescribeStatement implements Submittable {
  readonly #text: string;
  readonly #resolve: (result: { fields: RowDescription['fields'] | undefined; parameters: number[] }) => void;
  readonly #reject: (error: unknown) => void;
  #fields: RowDescription['fields'] | undefined;
  #parameters: number[] = [];
  #failed = false;
  #unlisten: () => void = () => undefined;

  constructor(
    text: string,
    resolve: (result: { fields: RowDescription['fields'] | undefined; parameters: number[] }) => void,
    reject: (error: unknown) => void,
  ) {
    this.#text = text;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    // The driver passes every message on but this one.
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
    wire.parse({ name: '', text: this.#text, types: [] });
    wire.describe({ type: 'S', name: '' });
    wire.sync();
  }

  handleRowDescription(message: RowDescription): void {
    this.#fields = message.fields;
  }

  handleError(error: unknown): void {
    this.#failed = true;
    this.#unlisten();
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#unlisten();
    if (!this.#failed) this.#resolve({ fields: this.#fields, parameters: this.#parameters });
  }
}
