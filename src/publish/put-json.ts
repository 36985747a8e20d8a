// Small JSON documents: manifests, run records, leases and notes.
import type { Destination, Existing, Published } from '../core/destination.js';

/** Publishes a small JSON document in one step. @throws ReportError `destination` */
export async function putJson(
  destination: Destination,
  key: string,
  document: unknown,
  existing: Existing,
): Promise<Published> {
  const staged = await destination.stage(key, { contentType: 'application/json', existing });
  try {
    await staged.write(Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`));
  } catch (error) {
    await staged.discard();
    throw error;
  }
  return staged.publish();
}
