// Documents on this machine: a file, or a folder of them.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { messageOf, ReportError } from '../../core/errors.js';
import type { DocumentFile, Place } from './files.js';

/** Bytes of one read. */
const CHUNK = 1024 * 1024;
const AT_ONCE = 8;

/**
 * Opens `file:docs/`, `file:/data/docs.ndjson.gz` or `file:///data/docs.ndjson.gz`; a relative path starts at `cwd`.
 * @throws ReportError `source` when there is nothing
 */
export async function openFolder(url: string, label: string, cwd = '.'): Promise<Place> {
  const path = resolve(cwd, url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length));
  const found = await stat(path).catch((error: unknown) => {
    const { wrong, hint } = explain(error);
    throw new ReportError('source', `opening ${label}: ${wrong}`, { hint, cause: error, retryable: false });
  });
  const single = found.isDirectory() ? undefined : fileOf(path, relative(join(path, '..'), path), found.size);
  return { single, list: (prefix) => list(path, prefix), explain, close: () => undefined };
}

function fileOf(path: string, name: string, size: number): DocumentFile {
  return {
    name,
    size,
    path,
    async *stream(signal, most = Number.POSITIVE_INFINITY) {
      const options = { highWaterMark: CHUNK, end: most - 1, signal };
      for await (const chunk of createReadStream(path, options)) yield chunk as Buffer;
    },
  };
}

/** Symbolic links are followed to files, not to folders, which could lead in a circle. */
async function list(folder: string, prefix: string): Promise<DocumentFile[]> {
  const inside = prefix.endsWith('/') ? join(folder, prefix) : folder;
  const entries = await readdir(inside, {
    withFileTypes: true,
    recursive: prefix.endsWith('/') || prefix === '',
  }).catch((error: NodeJS.ErrnoException) => {
    if (prefix.endsWith('/') && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  });
  const names = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => name.startsWith(prefix));
  const files = await pLimit(AT_ONCE).map(names, async (name) => {
    const path = join(folder, name);
    const found = await stat(path);
    return found.isFile() ? [fileOf(path, name, found.size)] : [];
  });
  return files.flat();
}

const REASONS: Readonly<Record<string, readonly [wrong: string, hint: string]>> = {
  ENOENT: [
    'there is no such file or folder',
    'Check the path; a relative one begins at the working directory.',
  ],
  EACCES: ['permission to read is denied', 'Give the user that runs this the right to read it.'],
  EMFILE: ['too many files are open', 'Raise the limit of open files (ulimit -n).'],
};

function explain(error: unknown): { wrong: string; hint: string; retryable: boolean } {
  const [wrong, hint] = REASONS[(error as { code?: string }).code ?? ''] ?? [
    '',
    'Check the path and the disk.',
  ];
  return {
    wrong: wrong === '' ? messageOf(error) : `${wrong} (${messageOf(error)})`,
    hint,
    retryable: false,
  };
}
