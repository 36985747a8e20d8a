// The names that reportctl gives its own files at a destination: one list, from which those names are made. No output can have one.
import { isUnfinishedName } from './temporary.js';

/** Run records, leases and notes. */
export const BOOKKEEPING_FOLDER = '_reportctl/';
/** Files that a gate refused. */
export const QUARANTINE_FOLDER = '_quarantine/';
export const MANIFEST_ENDING = '.manifest.json';
export const SCHEMA_ENDING = '.schema.json';
export const LATEST_ENDING = '.latest.json';

/** What of a key is reserved, for messages; undefined for a key that an output can have. Upper and lower case are one, as on some disks. */
export function reservedPart(key: string): string | undefined {
  const lower = key.toLowerCase();
  if (isUnfinishedName(lower)) return '.reportctl-*.tmp';
  const folder = [BOOKKEEPING_FOLDER, QUARANTINE_FOLDER].find((each) => `/${lower}/`.includes(`/${each}`));
  return folder ?? [MANIFEST_ENDING, SCHEMA_ENDING, LATEST_ENDING].find((ending) => lower.endsWith(ending));
}
