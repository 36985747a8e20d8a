// <report>.latest.json: beside the files of a report, where the newest published period is.
import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import * as z from 'zod';
import { isAlreadyExists, isChanged } from './destinations/index.js';
import { parseRunRecord, type RunRecord, runRecordShape } from './manifest/shapes.js';
import { putJson } from './manifest.js';
import { bookFolder, periodKeys } from './period-state.js';
import type { Report } from './report.js';
import type { Destination } from './table.js';

const { report, period, revision, rows, outputs, finished } = runRecordShape.shape;

/** A pointer, for readers who follow a report: the run record that it names is what counts. */
const latestShape = z.object({
  latest: z.literal(1),
  report,
  period,
  revision,
  rows,
  /** The key of the run record, which has to list the same files. */
  record: z.string(),
  /** Those in the folder of this file; keys are relative to the destination, as in the record. */
  files: outputs,
  /** When every row was read: ISO 8601, UTC. */
  published: finished,
});
type Latest = z.infer<typeof latestShape>;

export interface Pointing {
  readonly report: Report;
  /** Of the run that has just come to its end, whatever its outcome. */
  readonly record: RunRecord;
  readonly destination: Destination;
}

/** How many folders are looked at at the same time. */
const AT_ONCE = 8;
/** How often another run may be faster. */
const ATTEMPTS = 5;

/**
 * Lets the pointers beside the report's files point to its newest published period: never back to an older one. Where nothing
 * has to be changed, nothing is written.
 * @throws ReportError `destination`; the period is published all the same
 */
export async function pointToLatest({ report, record, destination }: Pointing): Promise<void> {
  const current = folders(report, record);
  const former = await formerFolders(report, record, destination);
  const all = [...new Set([...current, ...former])];
  await pLimit(AT_ONCE).map(all, (folder) => pointFrom(folder, { report, record, destination }));
}

/** `vendas/transacoes.latest.json`: several reports may have files in a folder. */
export function latestKey(folder: string, report: string): string {
  return `${folder}${report}.latest.json`;
}

async function pointFrom(folder: string, { report, record, destination }: Pointing): Promise<void> {
  const key = latestKey(folder, report.name);
  for (let attempt = 1; ; attempt++) {
    const stored = await destination.read(key);
    const known = stored && parsed(stored.content);
    const own = pointer(folder, report, record, periodKeys(report.name, record.period).record);
    if (known !== undefined && (isDeepStrictEqual(known, own) || !isAfter(record, known))) return;
    const wanted = (await newer(folder, report, record, destination)) ?? own;
    if (wanted === undefined) {
      // It pointed to files of this period that a restatement has taken away.
      if (stored !== undefined && isOf(record, known)) await destination.remove(stored);
      return;
    }
    try {
      await putJson(destination, key, wanted, stored === undefined ? 'never' : { version: stored.version });
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !(isAlreadyExists(error) || isChanged(error))) throw error;
    }
  }
}

/** One that was changed by hand, or is of another program version, is written anew. */
function parsed(content: Buffer): Latest | undefined {
  try {
    return latestShape.safeParse(JSON.parse(content.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

function isAfter({ period, revision }: RunRecord, known: Latest): boolean {
  if (period.lastDay !== known.period.lastDay) return period.lastDay > known.period.lastDay;
  return revision >= known.revision;
}

function isOf({ period }: RunRecord, known: Latest | undefined): boolean {
  return known?.period.lastDay === period.lastDay;
}

/** What to point to when a newer period is published, whose run could not say so. */
async function newer(
  folder: string,
  report: Report,
  { period }: RunRecord,
  destination: Destination,
): Promise<Latest | undefined> {
  const book = bookFolder(report.name);
  let last = '';
  for await (const { key } of destination.list(book)) {
    const name = key.slice(book.length);
    // Digits come first; the history, which may be long, after them.
    if (name > ':') break;
    if (/^\d{8}\.json$/.test(name)) last = key;
  }
  if (last <= periodKeys(report.name, period).record) return undefined;
  const found = await destination.read(last);
  return found && pointer(folder, report, parseRunRecord(found.content, last), last);
}

/** Undefined when the period has no file there. */
function pointer(folder: string, report: Report, record: RunRecord, recordKey: string): Latest | undefined {
  const files = record.outputs.filter(({ key }) => folderOf(report, key) === folder);
  if (files.length === 0) return undefined;
  return {
    latest: 1,
    report: record.report,
    period: record.period,
    revision: record.revision,
    rows: record.rows,
    record: recordKey,
    files: files.map(({ key, rows, bytes, sha256 }) => ({ key, rows, bytes, sha256 })),
    published: record.finished,
  };
}

function folders(report: Report, { outputs }: Pick<RunRecord, 'outputs'>): string[] {
  return outputs.map(({ key }) => folderOf(report, key));
}

/** Those that only the replaced revision had files in. */
async function formerFolders(report: Report, record: RunRecord, destination: Destination): Promise<string[]> {
  if (record.restated === undefined) return [];
  const key = `${periodKeys(report.name, record.period).history(record.restated.revision)}record.json`;
  const stored = await destination.read(key);
  return stored === undefined ? [] : folders(report, parseRunRecord(stored.content, key));
}

const DATE = /\{(YYYYMMDD|YYYY|MM|DD)\}/;

/** The folder of a key, ending with a slash, up to the first one that is named by the period; empty for the root. */
function folderOf({ outputs }: Report, key: string): string {
  const segments = key.split('/').slice(0, -1);
  const template =
    outputs
      .find((output) => matches(output.key, key))
      ?.key.split('/')
      .slice(0, -1) ?? [];
  const dated = template.findIndex((segment) => DATE.test(segment));
  const stable = dated === -1 ? segments : segments.slice(0, dated);
  return stable.map((segment) => `${segment}/`).join('');
}

/** Can the key be one that the template makes? No token makes a slash. */
function matches(template: string, key: string): boolean {
  const pattern = template.split(/\{[^{}]*\}/).map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${pattern.join('[^/]*')}$`, 's').test(key);
}
