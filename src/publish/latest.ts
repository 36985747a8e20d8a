// <report>.latest.json: beside the files of a report, a pointer to its newest published period.
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { Destination } from '../core/destination.js';
import { isAlreadyExists, isChanged } from '../core/existing-file.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import { LATEST_ENDING } from '../core/reserved-keys.js';
import type { Report } from '../reports/report.js';
import { bookkeepingFiles, periodKeys } from './bookkeeping.js';
import { parseRunRecord, type RunRecord, runRecordShape } from './documents.js';
import { putJson } from './put-json.js';

const { report, period, revision, rows, outputs, finished } = runRecordShape.shape;

/** A pointer for readers who follow a report. Only the run record that it names means "published". */
const latestShape = z.object({
  latest: z.literal(1),
  report,
  period,
  revision,
  rows,
  /** The key of the run record, which has to list the same files. */
  record: z.string(),
  /** The files in the pointer's own folder; keys are relative to the destination, as in the record. */
  files: outputs,
  /** When every row was read: ISO 8601, UTC. */
  published: finished,
});
type Latest = z.infer<typeof latestShape>;

export interface Pointing {
  readonly report: Report;
  /** The period's run record, after a run with any outcome. */
  readonly record: RunRecord;
  readonly destination: Destination;
}

/** How many folders are updated at the same time. */
const MAX_PARALLEL_FOLDERS = 8;
/** How often another run may write a pointer between the reading and the writing. */
const MAX_ATTEMPTS = 5;

/**
 * Updates the pointers beside the report's files to its newest published period, never to an older one. A pointer that is right
 * is not written again.
 * @throws ReportError `destination`; the period stays published
 */
export async function pointToLatest({ report, record, destination }: Pointing): Promise<void> {
  const own = pointers(report, record, periodKeys(report.name, record.period).record);
  const all = [...new Set([...own.keys(), ...(await formerFolders(report, record, destination))])];
  const look = () => newerPointers(report, record, destination);
  let known: ReturnType<typeof look> | undefined;
  const newest = (attempt: number) => {
    if (attempt > 1) return look();
    known ??= look();
    return known;
  };
  await mapConcurrently(MAX_PARALLEL_FOLDERS, all, (folder) =>
    pointFrom(folder, { own: own.get(folder), newest, report, record, destination }),
  );
}

/** `vendas/transacoes.latest.json`: several reports may have files in a folder. */
export function latestKey(folder: string, report: string): string {
  return `${folder}${report}${LATEST_ENDING}`;
}

interface Folder extends Pointing {
  /** This period's pointer for the folder; undefined when it has no file there. */
  readonly own: Latest | undefined;
  /** The pointers of a newer period, if there is one; looked up again after a lost race. */
  readonly newest: (attempt: number) => Promise<ReadonlyMap<string, Latest> | undefined>;
}

async function pointFrom(
  folder: string,
  { own, newest, report, record, destination }: Folder,
): Promise<void> {
  const key = latestKey(folder, report.name);
  for (let attempt = 1; ; attempt++) {
    const stored = await destination.read(key);
    const known = stored && parsePointer(stored.content);
    if (known !== undefined && (isDeepStrictEqual(known, own) || !isAfter(record, known))) return;
    const wanted = (await newest(attempt))?.get(folder) ?? own;
    if (wanted === undefined) {
      // A restatement removed this period's files from the folder.
      if (stored !== undefined && isOf(record, known)) await destination.remove(stored);
      return;
    }
    try {
      await putJson(destination, key, wanted, stored === undefined ? 'never' : { version: stored.version });
      return;
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !(isAlreadyExists(error) || isChanged(error))) throw error;
    }
  }
}

/** Undefined for a pointer that was changed by hand or by another version of the program: it is written anew. */
function parsePointer(content: Buffer): Latest | undefined {
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

/** The pointers of the newest published period, when it is newer than this record's. Its own run may have failed to write them. */
async function newerPointers(
  report: Report,
  { period }: RunRecord,
  destination: Destination,
): Promise<ReadonlyMap<string, Latest> | undefined> {
  let newest = '';
  for await (const { key, kind } of bookkeepingFiles(destination, report.name)) {
    if (kind === 'record') newest = key;
  }
  if (newest <= periodKeys(report.name, period).record) return undefined;
  const found = await destination.read(newest);
  return found && pointers(report, parseRunRecord(found.content, newest), newest);
}

/** The pointer of each folder that has files of the record. */
function pointers(report: Report, record: RunRecord, recordKey: string): Map<string, Latest> {
  const folderOf = folderFinder(report);
  const files = new Map<string, Latest['files'][number][]>();
  for (const { key, rows, bytes, sha256 } of record.outputs) {
    const folder = folderOf(key);
    const beside = files.get(folder) ?? [];
    beside.push({ key, rows, bytes, sha256 });
    files.set(folder, beside);
  }
  const { report: name, period, revision, rows, finished: published } = record;
  const common = { latest: 1, report: name, period, revision, rows, record: recordKey } as const;
  return new Map([...files].map(([folder, each]) => [folder, { ...common, files: each, published }]));
}

/** The folders of the revision that a restatement replaced. */
async function formerFolders(report: Report, record: RunRecord, destination: Destination): Promise<string[]> {
  if (record.restated === undefined) return [];
  const key = `${periodKeys(report.name, record.period).history(record.restated.revision)}record.json`;
  const stored = await destination.read(key);
  return stored === undefined ? [] : [...pointers(report, parseRunRecord(stored.content, key), key).keys()];
}

const DATE = /\{(YYYYMMDD|YYYY|MM|DD)\}/;

/** A function from a key to its pointer's folder: the key's folders before the first one that is named by the period; empty for the root. */
function folderFinder({ outputs }: Report): (key: string) => string {
  const templates = outputs.map((output) => {
    const dated = output.key
      .split('/')
      .slice(0, -1)
      .findIndex((segment) => DATE.test(segment));
    return { isMade: madeBy(output.key), dated };
  });
  return (key) => {
    const segments = key.split('/').slice(0, -1);
    const { dated = -1 } = templates.find(({ isMade }) => isMade(key)) ?? {};
    const stable = dated === -1 ? segments : segments.slice(0, dated);
    return stable.map((segment) => `${segment}/`).join('');
  };
}

/**
 * A function that tells whether the template can make a key. No token makes a slash. A regular expression of so many wildcards would
 * try all their combinations.
 */
function madeBy(template: string): (key: string) => boolean {
  const segments = template.split('/').map((segment) => segment.split(/\{[^{}]*\}/));
  return (key) => {
    const parts = key.split('/');
    return (
      parts.length === segments.length && segments.every((texts, at) => isFilled(texts, parts[at] ?? ''))
    );
  };
}

/** Whether the segment is the texts with anything between them. */
function isFilled(texts: readonly string[], segment: string): boolean {
  const [first = '', ...others] = texts;
  const last = others.pop();
  if (last === undefined) return segment === first;
  if (!segment.startsWith(first) || !segment.endsWith(last)) return false;
  let at = first.length;
  for (const text of others) {
    const found = segment.indexOf(text, at);
    if (found === -1) return false;
    at = found + text.length;
  }
  return at + last.length <= segment.length;
}
