// The one parser of addresses: `s3://bucket/prefix`, a folder or file as a path or a `file:` URL, `-` for standard output.
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

interface FileAddress {
  readonly scheme: 'file';
  /** Absolute, or relative to the working directory. */
  readonly path: string;
}

export interface S3Address {
  readonly scheme: 's3';
  /** Never empty; whether a bucket can have this name is not checked. */
  readonly bucket: string;
  /** A key or a prefix, as written: without the slash after the bucket; may be empty, or end in a slash. */
  readonly path: string;
}

interface StdoutAddress {
  readonly scheme: 'stdout';
}

export type Address = FileAddress | S3Address | StdoutAddress;

/** The parsers by scheme. A new store also needs a member of Address, a case in splitAddress() and its lines in `index.ts`. */
const PARSERS: Readonly<Record<string, (where: string) => Address | undefined>> = {
  file: parseFile,
  s3: parseS3,
};

/** @returns undefined for an empty text, an unknown scheme, an `s3:` URL without a bucket or with a user, and a `file:` URL of another machine */
export function parseAddress(where: string): Address | undefined {
  if (where === '') return undefined;
  if (where === '-') return { scheme: 'stdout' };
  const scheme = schemeOf(where);
  return scheme === undefined ? { scheme: 'file', path: where } : PARSERS[scheme]?.(where);
}

/** An address as the destination that holds the file, and the file's key there. */
export interface FilePlace {
  /** As openDestination() takes it. */
  readonly root: string;
  readonly key: string;
}

/**
 * Splits the address of one file: into bucket and key, or folder and name. A path may have a colon in it (`daily-01:00.csv`).
 * @returns undefined for an address that names no file
 */
export function splitAddress(where: string): FilePlace | undefined {
  const scheme = schemeOf(where);
  const isPath = scheme !== undefined && !(scheme in PARSERS) && !where.startsWith('//', scheme.length + 1);
  const address = isPath ? { scheme: 'file' as const, path: where } : parseAddress(where);
  if (address === undefined || address.scheme === 'stdout' || address.path === '') return undefined;
  const { path } = address;
  return address.scheme === 's3'
    ? { root: `s3://${address.bucket}`, key: path }
    : { root: dirname(path), key: basename(path) };
}

/** In lower case. A single letter is a drive of Windows. */
function schemeOf(where: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(where)?.[1]?.toLowerCase();
}

/** `file:///absolute`, or `file:relative`. */
function parseFile(where: string): FileAddress | undefined {
  const path = where.slice('file:'.length);
  if (!path.startsWith('//')) return { scheme: 'file', path };
  try {
    return { scheme: 'file', path: fileURLToPath(where) };
  } catch {
    return undefined;
  }
}

function parseS3(where: string): S3Address | undefined {
  // No bucket's name has an `@`: what is before it is a user or a password.
  const [, bucket, path = ''] = /^s3:\/\/([^/@]+)(?:\/(.*))?$/is.exec(where) ?? [];
  return bucket === undefined ? undefined : { scheme: 's3', bucket, path };
}
