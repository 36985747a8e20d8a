// The contract of a format: everything that the rest of the program knows about it.
import type * as z from 'zod';
import type { Cell, Column, Kind } from '../core/table.js';
import type { Writer } from '../core/writer.js';
import type { CsvOptions } from './csv/dialect.js';
import type { BooleanWords } from './words/booleans.js';
import type { About, XlsxOptions } from './xlsx/options.js';

/** The options of every format, as a writer takes them; a format takes its own only. */
export type WriterOptions = CsvOptions & XlsxOptions;

/** The options as a report file or a command line spells them: a template is a path. */
export type TypedOptions = Omit<WriterOptions, 'template'> & { readonly template?: string | undefined };

export interface Format {
  /** The file ending, without a dot; also the word of `format:`. */
  readonly extension: string;
  /** IANA media type. */
  readonly contentType: string;
  /** Each option with the schema of what a report file may say. */
  readonly options: Readonly<Record<string, z.ZodType>>;
  /** Whether its files are compressed already, so that `compress` is refused. */
  readonly isCompressed: boolean;
  /** Whether a writer needs so little memory that many can work at the same time. */
  readonly isLight: boolean;
  /** Reads what the options name, such as a template. @param folder where relative paths start. @throws ReportError `definition` */
  load(options: TypedOptions, folder: string): WriterOptions;
  /** @param columnCount of the report. @throws ReportError `usage` or `definition` for options that the writer would refuse */
  check(options: WriterOptions, columnCount: number): void;
  create(options: WriterOptions, about: About): Promise<Writer>;
  /**
   * Reads a file of this format back: its header as the first row, then the others, as canonical cells except for what
   * `spelling` says. What could be read in two ways is refused.
   * @throws ReportError `contract` for bytes that this format's writer does not write
   */
  read(bytes: AsyncIterable<Buffer>, file: WrittenFile): AsyncGenerator<Cell[][]>;
  /** How the cells that `read` returns differ from canonical ones. @throws ReportError `usage` for options that are none */
  spelling(options: WriterOptions): Spelling;
  /** What a Table Schema says of its files. @param timezone of their timestamps */
  describe(options: WriterOptions, timezone: string): Description;
}

/** What a manifest says about a file that is to be read back. */
export interface WrittenFile {
  readonly columns: readonly Column[];
  /** The format's options, as the manifest has them. */
  readonly dialect: Readonly<Record<string, unknown>>;
  readonly compress: string | null;
  readonly bytes: number;
}

export interface Spelling {
  readonly dates: 'iso' | 'brazilian' | 'serial';
  readonly booleans: BooleanWords | undefined;
  /** Neutralises formulas as the file's writer did; undefined where they were kept. */
  readonly neutralise: ((text: string) => string) | undefined;
  /** Equal for spellings that neutralise alike. */
  readonly separator: string | undefined;
}

/** A column's type in the words of Table Schema (https://datapackage.org/standard/table-schema/). */
export interface FieldType {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime';
  readonly format?: string;
  readonly description?: string;
  readonly decimalChar?: string;
  readonly trueValues?: readonly string[];
  readonly falseValues?: readonly string[];
}

export interface Description {
  /** What stands for null, for formats of text. */
  readonly missingValues?: readonly string[];
  readonly encoding?: 'utf-8';
  readonly bom?: boolean;
  /** In the words of Table Dialect (https://datapackage.org/standard/table-dialect/). */
  readonly dialect: Readonly<Record<string, unknown>>;
  fieldType(kind: Kind): FieldType;
}

/** The field types that formats share, for kinds that are nothing special in any of them. */
export function commonFieldType(kind: Kind): FieldType {
  switch (kind) {
    case 'integer':
      return { type: 'integer' };
    case 'decimal':
      return { type: 'number' };
    case 'boolean':
      return { type: 'boolean' };
    case 'date':
      return { type: 'date', format: 'default' };
    case 'timestamp':
      return { type: 'datetime' };
    case 'json':
      return { type: 'string', description: 'JSON' };
    default:
      return { type: 'string' };
  }
}
