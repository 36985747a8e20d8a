// JSON documents for tests: files in a folder of their own, and requests over them.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DocumentQuery, Prepared, Request, Source } from '../../src/core/source.js';
import type { Cell, Column, Kind } from '../../src/core/table.js';
import { openJson } from '../../src/sources/json.js';
import { storeOpener } from './store.js';

export interface Documents {
  readonly path: string;
  /** Writes files by their names below the folder. */
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  open(name?: string, signal?: AbortSignal): Promise<Source>;
  /** Makes a symbolic link. */
  link(name: string, target: string): Promise<void>;
  remove(): Promise<void>;
}

export async function documentsFolder(): Promise<Documents> {
  const path = await mkdtemp(join(tmpdir(), 'reportctl-json-'));
  return {
    path,
    link: (name, target) => symlink(target, join(path, name)),
    async write(files) {
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), content);
      }
    },
    open: (name = '', signal = new AbortController().signal) =>
      openJson({
        name: 'producao',
        url: `file:${join(path, name)}`,
        shown: `file:${name}`,
        signal,
        openStore: storeOpener(),
      }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** What a report's order-by comes to; a name that is not among the columns is one that is not exported. */
export function orderOf(terms: readonly string[], columns: readonly Column[]): DocumentQuery['orderBy'] {
  return terms.map((term) => {
    const name = term.replace(/^-/, '');
    const column = columns.find((candidate) => candidate.name === name) ?? { name, kind: 'text' };
    return { column, descending: term.startsWith('-') };
  });
}

/** @param columns name to kind, or to kind and path */
export function documentRequest(
  columns: Readonly<Record<string, Kind | readonly [Kind, string]>>,
  more: Partial<Omit<Request, 'query'>> & Partial<Omit<DocumentQuery, 'orderBy'>> = {},
): Request {
  const { collection = 'docs', pipeline = [], fields = {}, onMismatch = 'fail', ...request } = more;
  const exported = Object.entries(columns).map(([name, kind]): Column => {
    return typeof kind === 'string' ? { name, kind } : { name, kind: kind[0], path: kind[1] };
  });
  const orderBy = orderOf(request.orderBy ?? [], exported);
  return {
    report: 'producao',
    query: { collection, pipeline, fields, orderBy, onMismatch },
    columns: exported,
    filters: [],
    mapped: {},
    params: {},
    orderBy: [],
    timezone: 'America/Sao_Paulo',
    ...request,
  };
}

export interface ReadDocuments {
  readonly rows: readonly (readonly Cell[])[];
  readonly notes: readonly string[];
}

export async function readDocuments(source: Source, request: Request): Promise<ReadDocuments> {
  const prepared = (await source.prepare(request)) as Prepared & { notes(): readonly string[] };
  const rows: (readonly Cell[])[] = [];
  for await (const batch of prepared.read()) rows.push(...batch.rows());
  return { rows, notes: prepared.notes() };
}
