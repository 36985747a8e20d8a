// Where the outputs of a report go for one period, and whose files are there already.
import { atOnce } from '../core/at-once.js';
import type { Period } from '../core/calendar.js';
import type { Destination, Existing } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { alreadyExists } from '../core/existing-file.js';
import type { Cell } from '../core/table.js';
import type { Split } from '../export/split.js';
import type { Target } from '../export/target.js';
import { expandKey } from '../reports/key.js';
import type { Output, Report } from '../reports/report.js';
import { compression } from '../writers/compression.js';
import { type About, createWriter } from '../writers/index.js';
import { manifestKey } from './manifest.js';
import { isOneOf, type KnownFiles, knownFiles, type PeriodState, periodKeys } from './period-state.js';
import { schemaKey } from './table-schema.js';

/** How many keys are looked at at the same time. */
const AT_ONCE = 8;
/** Files of CSV that are written while the rows are read; a workbook, or what compresses, would take megabytes each. */
const AHEAD = 64;

interface Options {
  readonly report: Report;
  readonly period: Period;
  readonly destination: Destination;
  readonly state: PeriodState;
  readonly about: About;
  /** Every file also where readers do not look. */
  readonly quarantine: boolean;
  readonly signal: AbortSignal;
}

/** The files of one period: those that are known before it is read, and those that depend on the rows. */
export class PeriodTargets {
  /** Not filled in before `look()`. */
  targets: readonly Target[] = [];
  readonly splits: readonly Split[];
  readonly #options: Options;
  readonly #known: KnownFiles;
  /** Every key that is taken, with who has it; also in lower case, for file systems that know no difference. */
  readonly #taken = new Map<string, string>();
  readonly #takenByCase = new Map<string, string>();
  readonly #held = new Set<Target>();
  /** Organizations whose files come by their own period: those of a split are counted here, and not written. */
  readonly #scheduled: ReadonlySet<string>;

  constructor(options: Options) {
    this.#options = options;
    this.#scheduled = new Set(options.report.schedules.map(({ organization }) => organization));
    this.#known = knownFiles(options.state);
    const split = options.report.outputs.flatMap(({ splitBy }) => (splitBy ? [splitBy] : []));
    const sets = new Map(split.map((terms) => [JSON.stringify(terms.map(({ column }) => column)), terms]));
    this.splits = [...sets.values()].map((terms) => this.#split(terms.map(({ column }) => column)));
  }

  /**
   * Looks for the files that are known now: told before an hour of reading, and whoever writes one later is met at publishing.
   * @throws ReportError `destination` for a key that somebody else has
   */
  async look(): Promise<void> {
    const outputs = this.#options.report.outputs.filter(({ splitBy }) => splitBy === undefined);
    this.targets = (await atOnce(AT_ONCE, outputs, (output) => this.#targetsOf(output, {}))).flat();
  }

  /** Is it a file where readers do not look? */
  isHeld(target: Target): boolean {
    return this.#held.has(target);
  }

  /** Outputs that are split by the same columns are one split. */
  #split(by: readonly string[]): Split {
    const { report, signal } = this.#options;
    const outputs = report.outputs.filter(
      ({ splitBy = [] }) =>
        splitBy.length === by.length && splitBy.every(({ column }, at) => column === by[at]),
    );
    const targetsOf: Split['targetsOf'] = async (values) => {
      const written = outputs.filter((output) => !this.#isExcluded(output, values));
      const targets = await atOnce(AT_ONCE, written, (output) => {
        const terms = (output.splitBy ?? []).map(({ word }, at) => [word, values[at] ?? null] as const);
        return this.#targetsOf(output, Object.fromEntries(terms));
      });
      return targets.flat();
    };
    const isLight = outputs.every(({ format, compress }) => format === 'csv' && compress === undefined);
    return { by, volatile: report.volatile, signal, ahead: isLight ? AHEAD : 0, targetsOf };
  }

  #isExcluded({ splitBy = [] }: Output, values: readonly Cell[]): boolean {
    const value = values[splitBy.findIndex(({ word }) => word === 'organization')];
    return typeof value === 'string' && this.#scheduled.has(value);
  }

  /** The file, to be put where there is nothing or in place of one of ours, and the one that is held back where there is one. */
  async #targetsOf(output: Output, split: Readonly<Record<string, Cell>>): Promise<Target[]> {
    const { destination, about, quarantine } = this.#options;
    const ofPart = Object.entries(split).map(([word, value]) => [word, [value ?? 'null']]);
    const told = { ...about, filters: { ...about.filters, ...Object.fromEntries(ofPart) } };
    const make = async () => ({
      format: output.format,
      options: output.dialect,
      writer: await createWriter(output.format, output.dialect, told),
      compress: output.compress,
      destination,
    });
    const made = await make();
    const key = this.#keyOf(output, made.writer.extension, split);
    await this.#take(key, split);
    const stored = await destination.stat(key);
    if (stored !== undefined && !(await isOneOf(this.#known, stored, destination))) {
      throw alreadyExists(`${key} at ${destination.label}`, undefined);
    }
    const existing: Existing = stored === undefined ? 'never' : { version: stored.version };
    const target: Target = { ...made, key, existing };
    if (!quarantine) return [target];
    // A writer counts for itself.
    const held: Target = { ...(await make()), key: `_quarantine/${key}`, existing: 'replace' };
    this.#held.add(held);
    return [target, held];
  }

  #keyOf(output: Output, extension: string, split: Readonly<Record<string, Cell>>): string {
    const { report, period } = this.#options;
    const packed = output.compress === undefined ? '' : `.${compression(output.compress).extension}`;
    return expandKey(output.key, {
      report: report.name,
      period,
      extension: `${extension}${packed}`,
      labels: report.labels,
      split,
    });
  }

  /** @throws ReportError `contract` for a key that is another file's of this period, or its manifest's */
  async #take(key: string, split: Readonly<Record<string, Cell>>): Promise<void> {
    const values = Object.entries(split).map(([word, value]) => `${word} ${JSON.stringify(value)}`);
    const who = values.length === 0 ? 'the file of all rows' : values.join(', ');
    for (const each of [key, manifestKey(key), schemaKey(key)]) {
      const twin = this.#taken.get(each);
      this.#taken.set(each, who);
      if (twin !== undefined)
        throw oneKey(
          each,
          twin,
          who,
          'Put a / between the tokens of the key, or into it what tells the files apart.',
        );
    }
    const similar = this.#takenByCase.get(key.toLowerCase());
    this.#takenByCase.set(key.toLowerCase(), who);
    if (similar === undefined || !(await this.#ignoresCase())) return;
    throw oneKey(
      key,
      similar,
      who,
      `${this.#options.destination.label} does not tell upper from lower case: use one that does, or spell the values alike.`,
    );
  }

  /** The lease is there under its own name; is it under another? */
  async #ignoresCase(): Promise<boolean> {
    const { report, period, destination } = this.#options;
    const { lease } = periodKeys(report.name, period);
    return (await destination.stat(lease.toUpperCase())) !== undefined;
  }
}

function oneKey(key: string, twin: string, who: string, hint: string): ReportError {
  return new ReportError('contract', `${key} would be the file of two: ${twin}, and ${who}`, { hint });
}
