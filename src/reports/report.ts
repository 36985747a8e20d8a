// A report as its file defines it: what to read, which columns and filters, and where its outputs go.
import type { PeriodKind } from '../core/calendar.js';
import type { Dimension } from '../core/filter.js';
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
  /** One file for each combination of their values; without it, one of all rows. */
  readonly splitBy?: readonly SplitTerm[];
}

/** What must hold before anything is published; see export/gates.ts. */
export interface Gates {
  readonly minRows: number | undefined;
  readonly maxRows: number | undefined;
  readonly notNull: readonly string[];
  /** The columns that are a key together; none when empty. */
  readonly unique: readonly string[];
  /** By the name of an integer or decimal column; decimal texts, both ends included, at least one is there. */
  readonly total: Readonly<
    Record<string, { readonly min: string | undefined; readonly max: string | undefined }>
  >;
  /** By how many percent (a decimal text) the rows may differ from those of the last published period. */
  readonly change: { readonly rows: string } | undefined;
}

interface Parameter {
  readonly kind: Kind;
  readonly default: string | undefined;
}

export interface Report {
  /** The file's name without its ending: the word that users type. */
  readonly name: string;
  readonly file: string;
  readonly title: string | undefined;
  /** The names of the sources, read in this order. */
  readonly sources: readonly string[];
  readonly period: PeriodKind;
  readonly timezone: string;
  /** A dimension to a column of the query, or to an SQL expression where the query has `/*{filters}*\/`. */
  readonly filters: Readonly<Partial<Record<Dimension, string>>>;
  readonly params: Readonly<Record<string, Parameter>>;
  readonly columns: readonly Column[];
  readonly volatile: readonly string[];
  readonly orderBy: readonly string[];
  readonly totals: readonly string[];
  readonly gates: Gates;
  /** What must be there before anything is read. */
  readonly waitFor: WaitFor | undefined;
  /** What becomes of a period without rows: files without rows, none, or a refusal. */
  readonly onEmpty: 'publish' | 'skip' | 'fail';
  readonly labels: Readonly<Record<string, string>>;
  readonly outputs: readonly Output[];
  /** The organizations that have a period of their own, and what they get; each is a report too, see scheduled-reports.ts. */
  readonly schedules: readonly Schedule[];
  readonly scheduledOutputs: readonly Output[];
  /** Of the report of a schedule: the one organization whose rows it has. */
  readonly organization: string | undefined;
  /** By when a period is to be published: a time of day `HH:MM` in the zone, so many days after the period's last one. */
  readonly expectBy: { readonly time: string; readonly days: number } | undefined;
  /** What `reportctl test` holds against goldens. */
  readonly tests: readonly ReportTest[];
  readonly query: string | DocumentQuery;
}
