// <report>.latest.json: beside the files of a report, where the newest published period is.
import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import * as z from 'zod';
import type { Destination } from '../core/destination.js';
import { isAlreadyExists, isChanged } from '../core/existing-file.js';
import type { Report } from '../reports/report.js';
import { parseRunRecord, type RunRecord, runRecordShape } from './documents.js';
import { putJson } from './manifest.js';
import { bookFolder, periodKeys } from './period-state.js';

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
  const own = pointers(report, record, periodKeys(report.name, record.period).record);
  const all = [...new Set([...own.keys(), ...(await formerFolders(report, record, destination))])];
  const look = () => newer(report, record, destination);
  let known: ReturnType<typeof look> | undefined;
  const newest = (attempt: number) => {
    if (attempt > 1) return look();
    known ??= look();
    return known;
  };
  await pLimit(AT_ONCE).map(all, (folder) =>
    pointFrom(folder, { own: own.get(folder), newest, report, record, destination }),
  );
}

/** `vendas/transacoes.latest.json`: several reports may have files in a folder. */
export function latestKey(folder: string, report: string): string {
  return `${folder}${report}.latest.json`;
}

interface Folder extends Pointing {
  /** What to point to from it when no newer period is published; undefined when this one has no file there. */
  readonly own: Latest | undefined;
  /** The pointers of a newer period, if there is one. */
  readonly newest: (attempt: number) => Promise<ReadonlyMap<string, Latest> | undefined>;
}

async function pointFrom(
  folder: string,
  { own, newest, report, record, destination }: Folder,
): Promise<void> {
  const key = latestKey(folder, report.name);
  for (let attempt = 1; ; attempt++) {
    const stored = await destination.read(key);
    const known = stored && parsed(stored.content);
    if (known !== undefined && (isDeepStrictEqual(known, own) || !isAfter(record, known))) return;
    const wanted = (await newest(attempt))?.get(folder) ?? own;
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
  report: Report,
  { period }: RunRecord,
  destination: Destination,
): Promise<ReadonlyMap<string, Latest> | undefined> {
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
  return found && pointers(report, parseRunRecord(found.content, last), last);
}

/** By folder: there may be thousands, of which each looks at its own files alone. */
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

/** Those that only the replaced revision had files in. */
async function formerFolders(report: Report, record: RunRecord, destination: Destination): Promise<string[]> {
  if (record.restated === undefined) return [];
  const key = `${periodKeys(report.name, record.period).history(record.restated.revision)}record.json`;
  const stored = await destination.read(key);
  return stored === undefined ? [] : [...pointers(report, parseRunRecord(stored.content, key), key).keys()];
}

const DATE = /\{(YYYYMMDD|YYYY|MM|DD)\}/;

/** What tells the folder of a key, ending with a slash, up to the first one that is named by the period; empty for the root. */
function folderFinder({ outputs }: Report): (key: string) => string {
  const templates = outputs.map((output) => {
    const dated = output.key
      .split('/')
      .slice(0, -1)
      .findIndex((segment) => DATE.test(segment));
    return { pattern: patternOf(output.key), dated };
  });
  return (key) => {
    const segments = key.split('/').slice(0, -1);
    const { dated = -1 } = templates.find(({ pattern }) => pattern.test(key)) ?? {};
    const stable = dated === -1 ? segments : segments.slice(0, dated);
    return stable.map((segment) => `${segment}/`).join('');
  };
}

/** Of the keys that the template can make. No token makes a slash. */
function patternOf(template: string): RegExp {
  const parts = template.split(/\{[^{}]*\}/).map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`, 's');
}
