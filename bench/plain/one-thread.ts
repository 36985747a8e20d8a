// Takes the place of src/sources/json/threads.ts in the bundle that reads with one thread.
export { ScanThreads } from '../../src/sources/json/threads.js';

export async function sharedPath(): Promise<undefined> {
  return undefined;
}
