// A report as its file defines it: what to read, which columns and filters, and where its outputs go.
import type { PeriodKind } from '../core/calendar.js';
import type { FilterKind } from '../core/filter.js';
import type { DocumentQuery } from '../core/source.js';
import type { Column, Kind } from '../core/table.js';
import type { WriterOptions } from '../writers/index.js';
import type { Schedule } from './definition/schedules.js';
import type { SplitTerm } from './definition/split-by.js';
import type { ReportTest } from './definition/tests.js';
import type { WaitFor } from './definition/wait-for.js';

export interface Output {
  readonly format: string;
  /** With tokens such as `{YYYYMMDD}`; see key.ts. */
  readonly key: string;
  readonly dialect: WriterOptions;
  readonly compress: string | undefined;
  /** One file for each combination of their values; when undefined, one file with all rows. */
  readonly splitBy?: readonly SplitTerm[];
}

/** Conditions that must hold before anything is published; see export/gates.ts. */
export interface Gates {
  readonly minRows: number | undefined;
  readonly maxRows: number | undefined;
  readonly notNull: readonly string[];
  /** The columns that together are a key; empty when the report has none. */
  readonly unique: readonly string[];
  /** Name of an integer or decimal column to the bounds of its sum: decimal texts, inclusive, at least one defined. */
  readonly total: Readonly<
    Record<string, { readonly min: string | undefined; readonly max: string | undefined }>
  >;
  /** The percentage (a decimal text) by which the number of rows may differ from the last published period. */
  readonly change: { readonly rows: string } | undefined;
}

interface Parameter {
  readonly kind: Kind;
  readonly default: string | undefined;
}

export interface Report {
  /** The file's name without its ending: users type it. */
  readonly name: string;
  readonly file: string;
  readonly title: string | undefined;
  /** The names of the sources, read in this order. */
  readonly sources: readonly string[];
  readonly period: PeriodKind;
  readonly timezone: string;
  /**
   * A dimension, or a word of the report's own, to a column of the query, a path in documents, or an SQL expression where the query
   * has `/*{filters}*\/`. Dimensions come first, in their order, then the own words in the order of the file.
   */
  readonly filters: Readonly<Record<string, string>>;
  /** The kind of what each word of the report's own tests. */
  readonly filterKinds: Readonly<Record<string, FilterKind>>;
  readonly params: Readonly<Record<string, Parameter>>;
  readonly columns: readonly Column[];
  readonly volatile: readonly string[];
  readonly orderBy: readonly string[];
  readonly totals: readonly string[];
  readonly gates: Gates;
  /** Conditions that must hold before anything is read. */
  readonly waitFor: WaitFor | undefined;
  /** What a run does with a period without rows: publishes files without rows, publishes none, or fails. */
  readonly onEmpty: 'publish' | 'skip' | 'fail';
  readonly labels: Readonly<Record<string, string>>;
  readonly outputs: readonly Output[];
  /** The organizations with a period of their own; each becomes a report, see scheduled-reports.ts. */
  readonly schedules: readonly Schedule[];
  readonly scheduledOutputs: readonly Output[];
  /** Set for the report of a schedule: the organization whose rows it contains. */
  readonly organization: string | undefined;
  /** When a period is expected to be published: a time of day `HH:MM` in the zone, `days` days after the period's last day. */
  readonly expectBy: { readonly time: string; readonly days: number } | undefined;
  /** What `reportctl test` runs and compares with goldens. */
  readonly tests: readonly ReportTest[];
  readonly query: string | DocumentQuery;
}
