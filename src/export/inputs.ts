// The files of this machine that something is made from: no output takes their place.
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import type { Config } from '../core/config.js';
import type { Destination } from '../core/destination.js';
import { ReportError } from '../core/errors.js';
import { reservedPart } from '../core/reserved-keys.js';
import { parseAddress } from '../destinations/address.js';
import { resolved } from '../destinations/file/version.js';
import { REPORT_ENDING } from '../reports/load-report.js';
import type { Output, Report } from '../reports/report.js';
import { DOCUMENT_ENDING } from '../sources/json/files.js';
import { formatOf } from '../writers/index.js';

/** What must not be replaced. */
export interface Input {
  /** Absolute: a file, or a folder of which the files with that ending are read. */
  readonly path: string;
  readonly ending?: RegExp;
  /** Such as `the template of this report`. */
  readonly what: string;
}

/**
 * What is read for a report: its file and those beside it, those that options name, and the files of its sources.
 * @param outputs that are no outputs of the report itself
 */
export function inputsOf(
  report: Pick<Report, 'file' | 'sources' | 'outputs' | 'scheduledOutputs'>,
  { cwd, queries, source }: Pick<Config, 'cwd' | 'queries' | 'source'>,
  outputs: readonly Pick<Output, 'format' | 'dialect'>[] = [],
): Input[] {
  const all = [...report.outputs, ...report.scheduledOutputs, ...outputs];
  const named = all.flatMap(({ format, dialect }) => formatOf(format).files?.(dialect) ?? []);
  return [
    { path: resolve(cwd, report.file), what: 'the file of this report' },
    { path: resolve(cwd, queries), ending: REPORT_ENDING, what: 'the file of a report' },
    ...named
      .filter(({ path }, index) => named.findIndex((one) => one.path === path) === index)
      .map(({ path, option }) => ({ path, what: `the ${option} of this report` })),
    ...report.sources.flatMap((name): Input[] => {
      const url = urlOf(name, source);
      const what = `a file that source "${name}" reads`;
      const [, script] = /^embedded:(.*)$/is.exec(url) ?? [];
      if (script !== undefined) return [{ path: resolve(cwd, script), what }];
      const address = /^file:/i.test(url) ? parseAddress(url) : undefined;
      return address?.scheme === 'file'
        ? [{ path: resolve(cwd, address.path), ending: DOCUMENT_ENDING, what }]
        : [];
    }),
  ];
}

/** Empty for a source that is not configured, which is told when it is opened. */
function urlOf(name: string, source: Config['source']): string {
  try {
    return source(name).reveal();
  } catch {
    return '';
  }
}

/**
 * Refuses keys at which a file is that something is made from, by whatever path, link or hard link. Our own manifests in a folder
 * of documents are none of its files.
 * @throws ReportError `usage`
 */
export async function assertNoInput(
  { localPath }: Pick<Destination, 'localPath'>,
  keys: readonly string[],
  inputs: readonly Input[],
): Promise<void> {
  if (localPath === undefined) return;
  for (const path of keys.map(localPath)) {
    const stats = await statsOf(path);
    if (stats === undefined) continue;
    for (const input of inputs) {
      const there = await statsOf(input.path);
      if (there && (isSame(stats, there) || (await isIn(path, input, there)))) throw refusal(path, input);
    }
  }
}

function refusal(path: string, { what }: Input): ReportError {
  return new ReportError('usage', `the output ${path} is ${what}`, {
    hint: 'Nothing was written. Give the output another name or folder.',
  });
}

/** Undefined for what is not there, or cannot be looked at: that is told where it is read. */
async function statsOf(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined);
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

async function isIn(path: string, { path: folder, ending }: Input, stats: BigIntStats): Promise<boolean> {
  if (ending === undefined || !stats.isDirectory()) return false;
  const inside = relative(await resolved(folder), await resolved(path));
  const isOutside = inside.startsWith(`..${sep}`) || resolve(inside) === inside;
  return !isOutside && ending.test(basename(inside)) && reservedPart(inside) === undefined;
}
