// The contract of a file format: its options, its writer, its reader, and what a description of its files says.
import type * as z from 'zod';
import type { Cell, Column, Kind, Offset } from './table.js';
import type { About, Writer } from './writer.js';

/** Options of a format by name, as a definition, a command line or a manifest spells them. */
export type SpelledOptions = Readonly<Record<string, unknown>>;

/** The words of the option `locale`, which several formats have. */
export const LOCALES = ['pt-BR'] as const;
export type Locale = (typeof LOCALES)[number];

/** A format. Loading it loads no library but zod: `create` and `read` import what they need. */
export interface Format<Options> {
  /** The file ending, without a dot. */
  readonly extension: string;
  /** IANA media type. */
  readonly contentType: string;
  /** Whether the bytes are compressed already, so that `--compress` is refused. */
  readonly isCompressed: boolean;
  /** Whether a writer holds less than a megabyte, so that dozens can write at the same time. */
  readonly isLight: boolean;
  /**
   * Option name to its optional schema, whose `description` is its help text and whose `argument` is the placeholder of its
   * command-line flag; a boolean has none. An option of several formats is one schema.
   */
  readonly options: Readonly<Record<string, z.ZodType>>;
  /**
   * The options as `create` takes them: the path of a file replaced by the file, words of filters by columns, texts of a command
   * line by what they mean. Absent for a format that takes its options as they are spelled.
   * @throws ReportError `usage` for a text without a meaning, `definition` for a file that cannot be read
   */
  fromSpelled?(options: SpelledOptions, context: OptionContext): Options;
  /** The files that options name. Absent for a format without such options. */
  files?(options: Options): readonly OptionFile[];
  /**
   * @param orderBy the order of the rows: names of columns, with a leading `-` where descending
   * @throws ReportError `usage` or `definition` for options with which such rows cannot be written
   */
  check(options: Options, columns: readonly Column[], orderBy: readonly string[]): void;
  /** What is lost or stays behind in the files that options name, one line each. @throws ReportError as `check` does */
  cautions?(options: Options, columns: readonly Column[]): readonly string[];
  /**
   * @param writerOf a writer of another format, for a file inside of the file
   * @throws ReportError as `check` does, as far as that is known without the columns
   */
  create(options: Options, about: About, writerOf: (format: string) => Promise<Writer>): Promise<Writer>;
  /**
   * Rows as cells, the titles of the header first. Cells are canonical except where `spelling` says otherwise. Reads only what
   * the writer writes: bytes that could be read in two ways are refused.
   * @throws ReportError `contract` for such bytes, `destination` when there is no room for a temporary file, and what `bytes` throws
   */
  read(bytes: AsyncIterable<Buffer>, file: WrittenFile): AsyncGenerator<Cell[][]>;
  /** @throws ReportError `usage` for options that the format does not take */
  spelling(options: SpelledOptions): Spelling;
  /** @throws ReportError `usage` for options that the format does not take */
  describe(options: SpelledOptions): FileDescription;
}

/** What options may refer to. */
export interface OptionContext extends OptionFiles {
  /**
   * The name of the exported column that a word of the report's filters, or a column's name, means.
   * @throws ReportError `usage` for a word without such a column
   */
  columnOf(word: string): string;
}

/** A file that an option names. */
interface OptionFile {
  /** Absolute. */
  readonly path: string;
  /** The option, such as `template`. */
  readonly option: string;
}

/** Where the files are that options name. */
export interface OptionFiles {
  /** Where relative paths start. */
  readonly folder: string;
  /** The most bytes that one of them may have, inflated; without it, what the format allows. */
  readonly most?: number | undefined;
}

/** A written file that is read back: what its manifest says about it. */
export interface WrittenFile {
  readonly options: SpelledOptions;
  readonly columns: readonly Column[];
  /** Length of the published file. */
  readonly bytes: number;
  /** Called with a column's index for each of its numbers that the file holds as text, in formats with typed cells. */
  readonly onTextNumber?: ((column: number) => void) | undefined;
}

/** The words that a file has for true and for false. */
export interface BooleanWords {
  readonly true: string;
  readonly false: string;
}

/** How the cells of a file differ from canonical ones. */
export interface Spelling {
  /** A date or timestamp of the file in ISO style; undefined where the file is in ISO style. Other texts stay unchanged. */
  readonly isoDate: ((text: string) => string) | undefined;
  /** Undefined for true and false. */
  readonly booleans: BooleanWords | undefined;
  /** What made formulas in texts harmless; undefined where texts are unchanged. */
  readonly formulaGuard: FormulaGuard | undefined;
}

interface FormulaGuard {
  /** Guards with the same separator are the same function. */
  readonly separator: string;
  readonly apply: (text: string) => string;
}

/** A file in the words of Data Package v2 (https://datapackage.org/standard/table-schema/). */
export interface FileDescription {
  /** What stands for null, outside of quotes only; absent where null has no text. */
  readonly missingValues?: readonly string[];
  readonly encoding?: 'utf-8';
  readonly bom?: boolean;
  /** Properties of the Table Dialect, without `header`. */
  readonly dialect: SpelledOptions;
  /** What the header has for a title. */
  readonly headerSpelling: (title: string) => string;
  /** @param timezone IANA name: the zone of timestamps that have an offset in the source */
  fieldType(column: DescribedColumn, timezone: string): FieldType;
}

export interface DescribedColumn {
  readonly kind: Kind;
  /** Of a timestamp; undefined where it is not known. */
  readonly offset?: Offset | undefined;
}

export interface FieldType {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime';
  readonly format?: string;
  readonly description?: string;
  readonly decimalChar?: string;
  readonly groupChar?: string;
  readonly trueValues?: readonly string[];
  readonly falseValues?: readonly string[];
}
