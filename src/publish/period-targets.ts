// Where the outputs of a report go for one period, and which of the files there are ours to replace.

import { formatPeriod, type Period } from '../core/calendar.js';
import type { Destination, Existing } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { alreadyExists, type Owner } from '../core/existing-file.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import { QUARANTINE_FOLDER } from '../core/reserved-keys.js';
import type { Cell } from '../core/table.js';
import type { ReportedFilter } from '../core/writer.js';
import { assertNoInput, type Input } from '../export/inputs.js';
import type { Split } from '../export/split.js';
import type { Target } from '../export/target.js';
import type { Output, Report } from '../reports/report.js';
import { type About, createWriter, formatOf } from '../writers/index.js';
import { periodKeys } from './bookkeeping.js';
import { parseManifest } from './documents.js';
import { manifestKey } from './manifest.js';
import { outputKey } from './output-key.js';
import { isOneOf, type KnownFiles, knownFiles, type PeriodState } from './period-state.js';
import { schemaKey } from './table-schema.js';

/** How many keys are looked up at the same time. */
const MAX_PARALLEL_LOOKUPS = 8;
/** How many files of a split are encoded while the rows are read, if their format needs little memory: a workbook, or compression, takes megabytes each. */
const MAX_ENCODED_AHEAD = 64;

export interface PeriodPlace {
  readonly report: Report;
  readonly period: Period;
  readonly destination: Destination;
  readonly state: PeriodState;
  readonly about: About;
  /** Write every file a second time, under `_quarantine/`. */
  readonly quarantine: boolean;
  /** The files that no output may take the place of. */
  readonly inputs?: readonly Input[] | undefined;
  readonly signal: AbortSignal;
  /** Replace a file of the run record also when its bytes are of somebody else. */
  readonly repairs: boolean;
}

/** The files of one period: those that are known before it is read, and those that depend on the rows. */
export class PeriodTargets {
  /** The files of all rows. */
  readonly whole: readonly Target[];
  /** The outputs with a file for each value of some columns. */
  readonly splits: readonly Split[];
  readonly #finder: TargetFinder;

  private constructor(whole: readonly Target[], splits: readonly Split[], finder: TargetFinder) {
    this.whole = whole;
    this.splits = splits;
    this.#finder = finder;
  }

  /**
   * Looks up the files that are known now, before an hour of reading. A file that somebody writes later is met when publishing.
   * @throws ReportError `destination` for a key that somebody else's file has
   */
  static async find(place: PeriodPlace): Promise<PeriodTargets> {
    const finder = new TargetFinder(place);
    const { outputs } = place.report;
    const whole = await mapConcurrently(
      MAX_PARALLEL_LOOKUPS,
      outputs.filter(({ splitBy }) => splitBy === undefined),
      (output) => finder.targetsOf(output, {}),
    );
    return new PeriodTargets(whole.flat(), splitsOf(place, finder), finder);
  }

  /** Whether the file that is there, at a key of the run record, has bytes of somebody else. */
  isForeign(target: Target): boolean {
    return this.#finder.foreignTargets.has(target);
  }

  /** Whether the file is written under `_quarantine/`. */
  isQuarantine(target: Target): boolean {
    return this.#finder.quarantineTargets.has(target);
  }
}

/** Outputs that are split by the same columns share one split. */
function splitsOf({ report, signal }: PeriodPlace, finder: TargetFinder): Split[] {
  const columnsOf = ({ splitBy = [] }: Output) => splitBy.map(({ column }) => column);
  const scheduled = new Set(report.schedules.map(({ organization }) => organization));
  const groups = new Map<string, Output[]>();
  for (const output of report.outputs.filter(({ splitBy }) => splitBy !== undefined)) {
    const id = JSON.stringify(columnsOf(output));
    groups.set(id, [...(groups.get(id) ?? []), output]);
  }
  return [...groups.values()].map((outputs): Split => {
    const isLight = outputs.every(
      ({ format, compress }) => formatOf(format).isLight && compress === undefined,
    );
    return {
      by: outputs[0] === undefined ? [] : columnsOf(outputs[0]),
      volatile: report.volatile,
      signal,
      ahead: isLight ? MAX_ENCODED_AHEAD : 0,
      async targetsOf(values) {
        const written = outputs.filter((output) => !isScheduled(scheduled, output, values));
        const targets = await mapConcurrently(MAX_PARALLEL_LOOKUPS, written, (output) => {
          const terms = (output.splitBy ?? []).map(({ word }, at) => [word, values[at] ?? null] as const);
          return finder.targetsOf(output, Object.fromEntries(terms));
        });
        return targets.flat();
      },
    };
  });
}

/** Whether the part is of an organization with a period of its own: its rows are counted here, and written by its own report. */
function isScheduled(
  scheduled: ReadonlySet<string>,
  { splitBy = [] }: Output,
  values: readonly Cell[],
): boolean {
  const value = values[splitBy.findIndex(({ word }) => word === 'organization')];
  return typeof value === 'string' && scheduled.has(value);
}

/** Makes targets, and sees to it that no two of them have one key. */
class TargetFinder {
  readonly quarantineTargets = new Set<Target>();
  readonly foreignTargets = new Set<Target>();
  readonly #place: PeriodPlace;
  readonly #known: KnownFiles;
  /** Every key that is taken, with the file that has it. */
  readonly #taken = new Map<string, string>();
  /** The same by keys in lower case, for file systems that do not tell upper from lower case. */
  readonly #takenByCase = new Map<string, string>();

  constructor(place: PeriodPlace) {
    this.#place = place;
    this.#known = knownFiles(place.state);
  }

  /**
   * The file of an output, to be written where there is none or in place of one of ours, and its second file under
   * `_quarantine/` where that is asked for.
   * @param split what the output is split by, to the values of this file
   */
  async targetsOf(output: Output, split: Readonly<Record<string, Cell>>): Promise<Target[]> {
    const { destination, about, quarantine } = this.#place;
    const conditions = this.#conditions(output, split);
    const rest = (about.filters ?? []).filter(({ word }) => !Object.hasOwn(split, word));
    const aboutPart = { ...about, filters: [...rest, ...conditions] };
    const create = async () => ({
      format: output.format,
      options: output.dialect,
      writer: await createWriter(output.format, output.dialect, aboutPart),
      compress: output.compress,
      destination,
    });
    const created = await create();
    const key = outputKey(this.#place.report, output, this.#place.period, split);
    await this.#take(key, split);
    await assertNoInput(destination, [key, manifestKey(key), schemaKey(key)], this.#place.inputs ?? []);
    const stored = await destination.stat(key);
    const isForeign = stored !== undefined && !(await isOneOf(this.#known, stored, destination));
    if (isForeign && !this.#mayRepair(key)) {
      throw alreadyExists(`${key} at ${destination.label}`, undefined, await this.#ownerOf(key));
    }
    const existing: Existing = stored === undefined ? 'never' : { version: stored.version };
    const target: Target = { ...created, key, existing };
    if (isForeign) this.foreignTargets.add(target);
    if (!quarantine) return [target];
    // A writer counts what it changes, so each file has its own.
    const second: Target = { ...(await create()), key: `${QUARANTINE_FOLDER}${key}`, existing: 'replace' };
    this.quarantineTargets.add(second);
    return [target, second];
  }

  /** What is true of every row in one part of a split. */
  #conditions({ splitBy = [] }: Output, split: Readonly<Record<string, Cell>>): ReportedFilter[] {
    const { columns } = this.#place.report;
    return splitBy.map(({ word, column }): ReportedFilter => {
      const value = split[word] ?? null;
      const test = value === null ? 'null' : ({ of: 'texts', anyOf: [value] } as const);
      const title = columns.find(({ name }) => name === column)?.title;
      return { word, title, test };
    });
  }

  /** Whether the period was published with a file at this key, which is to be published again. */
  #mayRepair(key: string): boolean {
    const { repairs, state } = this.#place;
    const outputs = state.record?.outputs ?? [];
    return repairs && outputs.some((output) => output.key === key);
  }

  /** Whose file this is, by the manifest beside it; undefined when there is none that can be read, or it names this very period. */
  async #ownerOf(key: string): Promise<Owner | undefined> {
    const own = this.#place;
    try {
      const stored = await own.destination.read(manifestKey(key));
      if (stored === undefined) return undefined;
      const { report, period } = parseManifest(stored.content, manifestKey(key));
      if (report === own.report.name && period?.lastDay === own.period.lastDay) return undefined;
      return period === null
        ? {
            file: `an ad-hoc export of report "${report}"`,
            hint: 'Move it away with its manifest, then run this again.',
          }
        : {
            file: `a file of report "${report}", period ${formatPeriod(period)}`,
            hint: 'Give this output another key.',
          };
    } catch {
      return undefined;
    }
  }

  /** @throws ReportError `contract` for a key that another file of this period, or its manifest, has */
  async #take(key: string, split: Readonly<Record<string, Cell>>): Promise<void> {
    const values = Object.entries(split).map(([word, value]) => `${word} ${JSON.stringify(value)}`);
    const file = values.length === 0 ? 'the file of all rows' : values.join(', ');
    for (const each of [key, manifestKey(key), schemaKey(key)]) {
      const twin = this.#taken.get(each);
      this.#taken.set(each, file);
      if (twin !== undefined)
        throw sameKey(
          each,
          [twin, file],
          'Put a / between the tokens of the key, or a token into it that tells the files apart.',
        );
    }
    const similar = this.#takenByCase.get(key.toLowerCase());
    this.#takenByCase.set(key.toLowerCase(), file);
    if (similar === undefined || !(await this.#ignoresCase())) return;
    throw sameKey(
      key,
      [similar, file],
      `${this.#place.destination.label} does not tell upper from lower case: use one that does, or spell the values alike.`,
    );
  }

  /** The lease exists under its own key; a destination that finds it in upper case ignores case. */
  async #ignoresCase(): Promise<boolean> {
    const { report, period, destination } = this.#place;
    const { lease } = periodKeys(report.name, period);
    return (await destination.stat(lease.toUpperCase())) !== undefined;
  }
}

function sameKey(key: string, [one, other]: readonly [string, string], hint: string): ReportError {
  return new ReportError('contract', `two files would have the key ${key}: ${one}, and ${other}`, { hint });
}
