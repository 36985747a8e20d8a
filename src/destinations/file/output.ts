// An output that a user named (`-o`, the metrics file, a golden): links are followed, and what is no file is written through.
import { access, constants, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Existing, Staged } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import { alreadyExists } from '../../core/existing-file.js';
import { unfinishedName } from '../../core/temporary.js';
import { codeOf, explain } from './failures.js';
import { type Place, placeOf, refused } from './place.js';
import { stageFile } from './staged.js';
import { stageThrough } from './through.js';

/** Of what people write and commit themselves, such as report files and goldens: as editors make files. */
export const SOURCE_MODE = 0o666;

export interface OutputOptions {
  readonly existing: Existing;
  /** Within the destination that the path is of, where it is of one. */
  readonly key?: string;
  /** Of StageOptions. */
  readonly confirm?: (() => Promise<void>) | undefined;
  /** Of a new file, before the umask takes its bits away; a file that is replaced keeps its own. */
  readonly mode: number;
  /** Part of the temporary file's name. */
  readonly token: string;
  readonly signal: AbortSignal;
}

/**
 * Stages what shall be at an absolute path. A plain file is replaced whole, where the links lead to; a FIFO, a socket, a device or
 * an open descriptor gets the bytes at once.
 * @throws ReportError `destination`, for a folder and a disk too, or the reason of the signal
 */
export async function stageOutput(path: string, options: OutputOptions): Promise<Staged> {
  const place = await placeOf(path);
  switch (place.kind) {
    case 'file':
      return stagePlainFile(path, place, options);
    case 'folder':
    case 'disk':
    case 'unknown':
      throw refused(path, place.kind);
    default:
      return stageThrough(path, place, options.signal);
  }
}

async function stagePlainFile(
  path: string,
  place: Extract<Place, { kind: 'file' }>,
  { token, ...options }: OutputOptions,
): Promise<Staged> {
  const folder = dirname(place.path);
  if (place.exists && options.existing === 'never') throw alreadyExists(path, undefined);
  if (place.exists) await assertReplaceable(path, place.path);
  else if (place.isLinked) await assertFolder(path, folder);
  const staged = await stageFile(place.path, join(folder, unfinishedName(token)), {
    key: path,
    mayRename: true,
    ...options,
  });
  return {
    write: (chunk) => staged.write(chunk),
    // The name that the user gave: what belongs beside the file is looked for there.
    publish: async () => ({ ...(await staged.publish()), location: path }),
    discard: () => staged.discard(),
  };
}

/**
 * A file that this user may not write is not replaced, although its folder would permit that; nor is one written in place
 * where its folder may not be written, because it would be half written if the export failed.
 */
async function assertReplaceable(path: string, target: string): Promise<void> {
  await access(target, constants.W_OK).catch((error: unknown) => {
    if (codeOf(error) === 'EROFS') throw explain(`write ${path}`, error);
    throw new ReportError(
      'destination',
      `could not write ${path}: it is write-protected (${codeOf(error)})`,
      {
        hint: 'Choose another name, or give this user the right to write it.',
        cause: error,
        retryable: false,
      },
    );
  });
  const folder = dirname(target);
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    const reason = `nothing can be written in its folder ${folder} (${codeOf(error)})`;
    throw new ReportError('destination', `could not write ${path}: ${reason}`, {
      hint: 'A file is replaced whole, by a new one beside it. Choose another folder, or stream with -o - > FILE.',
      cause: error,
      retryable: false,
    });
  });
}

/** The folders of a new file are made, but not those that a link leads to: they may be on a disk that is not there now. */
async function assertFolder(path: string, folder: string): Promise<void> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) return;
  throw new ReportError(
    'destination',
    `could not write ${path}: it is a link into ${folder}, which does not exist`,
    {
      hint: 'Make that folder, or remove the link.',
      retryable: false,
    },
  );
}

/** Writes a small output. @throws as stageOutput() */
export async function writeOutput(path: string, content: Buffer, options: OutputOptions): Promise<void> {
  const staged = await stageOutput(path, options);
  try {
    await staged.write(content);
  } catch (error) {
    await staged.discard();
    throw error;
  }
  await staged.publish();
}
