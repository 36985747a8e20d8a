// The file or object that `-o` names: a plain file is replaced only with --overwrite, what keeps nothing is written through.
import { resolve } from 'node:path';
import { ReportError } from '../../core/errors.js';
import { reservedPart } from '../../core/reserved-keys.js';
import { type FilePlace, parseAddress, splitAddress } from '../../destinations/address.js';
import { type Place, placeOf } from '../../destinations/file/place.js';

/** The description of the flag. */
export const OVERWRITE = 'replace an existing file or s3:// key; never one that a run has published';

export interface OutputPlace extends FilePlace {
  readonly existing: 'never' | 'replace';
  /** Whether what is written stays there, as in a plain file or an object; not in a FIFO or a device. */
  readonly isKept: boolean;
  /** Where the links at the path lead. */
  readonly target?: string;
}

interface Options {
  /** The verb, for messages. */
  readonly command: string;
  readonly overwrite?: true | undefined;
  readonly cwd: string;
}

/** What is at the path that `-o` names; undefined when it names none. @throws ReportError `destination` */
export async function placeAtOutput(output: string, cwd: string): Promise<Place | undefined> {
  const place = splitAddress(output);
  const isFile = place !== undefined && parseAddress(place.root)?.scheme === 'file';
  return isFile ? placeOf(resolve(cwd, place.root, place.key)) : undefined;
}

/** @throws ReportError `usage` for an address that names no file, or one of reportctl itself */
export async function outputPlace(
  output: string,
  { command, overwrite, cwd }: Options,
): Promise<OutputPlace> {
  const reserved = reservedPart(output.replaceAll('\\', '/'));
  if (reserved !== undefined) {
    throw new ReportError('usage', `${command}: the output "${output}" has a reserved name (${reserved})`, {
      hint: 'reportctl keeps files of its own there: choose another name.',
    });
  }
  const place = splitAddress(output);
  const existing = overwrite ? 'replace' : 'never';
  if (place !== undefined && parseAddress(place.root)?.scheme === 's3')
    return { ...place, existing, isKept: true };
  const named = await placeAtOutput(output, cwd);
  if (place === undefined || named === undefined || named.kind === 'folder' || /[\\/]$/.test(output)) {
    throw new ReportError('usage', `${command}: the output "${output}" names no file`, {
      hint: 'Give the name of a file, or s3://bucket/key.',
    });
  }
  if (named.kind !== 'file') return { ...place, existing: 'replace', isKept: false };
  return { ...place, existing, isKept: true, target: named.path };
}
