// The names of everything temporary: made in this file only, each with random bits, so that no two writers choose the same.
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** 64 random bits in hexadecimal, without a hyphen: tokenOf() finds the token before the last one. */
function randomPart(): string {
  return randomBytes(8).toString('hex');
}

/** The name of a file outside of destinations. @param purpose a word for whoever finds the file */
export function temporaryName(purpose: string): string {
  return `reportctl-${purpose}-${randomPart()}`;
}

/** Creates a folder in the system's folder for temporary files that only this user can enter. The caller removes it. */
export function makeTemporaryFolder(purpose: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `reportctl-${purpose}-`));
}

/**
 * The name of an unfinished file at a destination. It is not the target's name with a suffix, which could be too long for a
 * file name.
 * @param token of the run that writes it
 */
export function unfinishedName(token: string): string {
  return `.reportctl-${token}-${randomPart()}.tmp`;
}

/** Whether a key at a destination is of an unfinished file. */
export function isUnfinishedName(key: string): boolean {
  return /(^|\/)\.reportctl-[^/]*\.tmp$/.test(key);
}

/** The name of a small object that is written and removed only to learn what a store can do. */
export function probeName(purpose: 'check' | 'promises', token: string): string {
  return `${purpose}-${token}-${randomPart()}`;
}

/** The token in the last part of a key, if its name was made by unfinishedName() or probeName(), here or in a former version. */
export function tokenOf(key: string): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return /^(?:\.reportctl-(.+)-[0-9a-f]+\.tmp|(?:check|promises)-(.+)-[0-9a-f]{16})$/
    .exec(name)
    ?.slice(1)
    .find((token) => token !== undefined);
}
