// <file>.schema.json: what a published file's columns are and how they are written, in the words of Data Package v2.
import { basename } from 'node:path/posix';
import type { FieldType, FileDescription } from '../core/format.js';
import { SCHEMA_ENDING } from '../core/reserved-keys.js';
import { formatOf } from '../writers/index.js';
import type { Manifest } from './documents.js';

const PROFILES = 'https://datapackage.org/profiles/2.0';

/**
 * A Table Schema (https://datapackage.org/standard/table-schema/), with the file's Table Dialect
 * (https://datapackage.org/standard/table-dialect/) and what else Data Package v2 says of a resource as properties of its own.
 */
export interface TableSchema {
  readonly $schema: string;
  readonly fields: readonly Field[];
  /** What stands for null; for CSV, outside of quotes only. */
  readonly missingValues?: readonly string[];
  readonly primaryKey?: readonly string[];
  readonly title?: string;
  readonly path: string;
  readonly format: string;
  readonly mediatype: string;
  readonly encoding?: 'utf-8';
  readonly bom?: boolean;
  readonly compression?: string;
  readonly bytes: number;
  /** `sha256:` and the hex of the file that this describes. */
  readonly hash: string;
  /** IANA name: where days begin, and the zone of timestamps. */
  readonly timezone: string;
  readonly dialect: Readonly<Record<string, unknown>>;
}

interface Field extends FieldType {
  /** As the file's header has it. */
  readonly name: string;
  readonly title?: string;
  /** The name in the definition, and what its values are there. */
  readonly column: string;
  readonly kind: string;
  /** Of a timestamp: whether its values have an offset from UTC in the source. */
  readonly offset?: string;
  /** ISO 4217 */
  readonly currency?: string;
}

/** Where the schema of a file is. */
export function schemaKey(key: string): string {
  return `${key}${SCHEMA_ENDING}`;
}

/** Out of the manifest alone. */
export function tableSchemaOf(manifest: Manifest): TableSchema {
  const { columns, title, key, format, contentType, compress, bytes, sha256, timezone } = manifest;
  const description = formatOf(format).describe(manifest.dialect);
  const { missingValues, encoding, bom, dialect, fieldType } = description;
  const names = headers(columns, description);
  const unique = primaryKeyOf(manifest);
  return {
    $schema: `${PROFILES}/tableschema.json`,
    ...(title === undefined ? {} : { title }),
    fields: columns.map((column, index) => ({
      name: names[index] ?? column.name,
      ...fieldType(column, timezone),
      ...(column.title === undefined ? {} : { title: column.title }),
      column: column.name,
      kind: column.kind,
      ...(column.offset === undefined ? {} : { offset: column.offset }),
      ...(column.currency === undefined ? {} : { currency: column.currency }),
    })),
    ...(missingValues === undefined ? {} : { missingValues }),
    ...(unique.length === 0
      ? {}
      : { primaryKey: unique.map((name) => names[columns.findIndex((one) => one.name === name)] ?? name) }),
    path: basename(key),
    format,
    mediatype: contentType,
    ...(encoding === undefined ? {} : { encoding }),
    ...(bom === undefined ? {} : { bom }),
    ...(compress === null ? {} : { compression: compress }),
    bytes,
    hash: `sha256:${sha256}`,
    timezone,
    dialect: {
      $schema: `${PROFILES}/tabledialect.json`,
      header: true,
      ...dialect,
    },
  };
}

/** The file's header; a name must be the only one of its kind, so of equal titles the column's name. */
function headers(columns: Manifest['columns'], { headerSpelling }: FileDescription): string[] {
  const titles = columns.map(({ name, title }) => headerSpelling(title ?? name));
  return columns.map(({ name }, index) => {
    const title = titles[index] ?? name;
    return titles.filter((other) => other === title).length === 1 ? title : name;
  });
}

/** The columns of the gate `unique`, unless one of them has nulls, which a primary key cannot have. */
function primaryKeyOf({ gates, nulls }: Manifest): readonly string[] {
  const unique = uniqueColumns(gates);
  return unique.every((name) => nulls[name] === 0) ? unique : [];
}

/** The columns of the gate `unique` when it held; none without that gate. */
export function uniqueColumns(gates: Manifest['gates']): readonly string[] {
  return gates.find(({ ok, columns }) => ok && columns !== undefined)?.columns ?? [];
}
