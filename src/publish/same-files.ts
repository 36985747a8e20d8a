// Whether what a run has read is published already.
import { isDeepStrictEqual } from 'node:util';
import type { Destination } from '../core/destination.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import type { Column } from '../core/table.js';
import type { StagedReport } from '../export/export.js';
import type { FilledTarget } from '../export/target.js';
import { isDefinition } from '../reports/definition-hash.js';
import { paramValues } from '../reports/request.js';
import { type Manifest, parseManifest } from './documents.js';
import { manifestKey, type Run, textNumbersOf } from './manifest.js';
import { isUnfinished, type PeriodState } from './period-state.js';
import type { PeriodTargets } from './period-targets.js';

/** How many manifests are read at the same time. */
const MAX_PARALLEL_LOOKUPS = 8;

interface Published {
  readonly state: PeriodState;
  /** The files to publish. */
  readonly files: readonly FilledTarget[];
  readonly staged: Pick<StagedReport, 'columns'>;
  readonly targets: PeriodTargets;
  readonly destination: Destination;
}

/**
 * Whether the same definition publishes the same rows, every file of them is still there with its manifest, and none has its
 * numbers in another form.
 * @throws ReportError `destination`
 */
export async function isSame(
  run: Run,
  { state, files, staged, targets, destination }: Published,
): Promise<boolean> {
  const { record } = state;
  if (
    record === undefined ||
    isUnfinished(state) ||
    record.content !== run.content ||
    !isDefinition(record.definition, run.report, paramValues(run.request)) ||
    record.outputs.length !== files.length ||
    !files.every(({ target }) => typeof target.existing === 'object' && !targets.isForeign(target))
  ) {
    return false;
  }
  const outputs = new Map(record.outputs.map(({ key, sha256 }) => [key, sha256]));
  const same = await mapConcurrently(MAX_PARALLEL_LOOKUPS, files, async ({ target }) => {
    const manifest = await manifestAt(manifestKey(target.key), destination);
    if (manifest?.sha256 !== outputs.get(target.key) || manifest?.revision !== record.revision) return false;
    if (target.writer.textNumbers === undefined) return true;
    // Version 0.1.0 wrote floating-point numbers as text: the same rows, but sums of the workbook left them out.
    return (
      isDeepStrictEqual(manifest.columns.map(numbersOf), staged.columns.map(numbersOf)) &&
      isDeepStrictEqual(manifest.textNumbers, textNumbersOf(target.writer).textNumbers)
    );
  });
  return !same.includes(false);
}

/** What decides the form of a column's numbers. */
function numbersOf({ name, float, longNumbers }: Column): Pick<Column, 'name' | 'float' | 'longNumbers'> {
  return { name, ...(float && { float }), ...(longNumbers && { longNumbers }) };
}

/** Undefined where there is none that can be read. @throws ReportError `destination` */
async function manifestAt(key: string, destination: Destination): Promise<Manifest | undefined> {
  const stored = await destination.read(key);
  try {
    return stored && parseManifest(stored.content, key);
  } catch {
    return undefined;
  }
}
