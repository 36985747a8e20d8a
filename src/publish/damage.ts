// Files of a run record that are not as the record says: gone, or with other content, or without their manifest.
import type { Destination } from '../core/destination.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import type { RunRecord } from './documents.js';
import { manifestKey } from './manifest.js';
import { sha256Of } from './period-state.js';

/** How many files are looked at at the same time. */
const MAX_PARALLEL_LOOKS = 8;

/** One sentence without a full stop about each file that is not as the record says, in the order of the record. @throws ReportError `destination` */
export async function damageOf(record: RunRecord, destination: Destination): Promise<string[]> {
  const found = await mapConcurrently(MAX_PARALLEL_LOOKS, record.outputs, (output) =>
    damageOfFile(record, output, destination),
  );
  return found.filter((sentence) => sentence !== undefined);
}

/**
 * Looks at size, token and version. Only a file whose version is another one, as after it was copied back from a backup, is
 * read: its SHA-256 decides.
 */
async function damageOfFile(
  { token }: RunRecord,
  { key, bytes, sha256, version }: RunRecord['outputs'][number],
  destination: Destination,
): Promise<string | undefined> {
  const [stored, manifest] = await Promise.all([key, manifestKey(key)].map((each) => destination.stat(each)));
  if (stored === undefined) return `${key} is gone`;
  if (stored.bytes !== bytes) return `${key} has ${stored.bytes} bytes instead of ${bytes}`;
  const isKnown = version === undefined || stored.version === version || stored.token === token;
  if (!isKnown && (await sha256Of(key, destination)) !== sha256) return `${key} has other bytes`;
  return manifest === undefined ? `${manifestKey(key)} is gone` : undefined;
}
