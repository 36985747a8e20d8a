// What the contract suite needs of each destination: how to open it, and how large its files are.
import type { Destination, Existing, Staged } from '../../../src/core/destination.js';
import type { OpenedStore } from '../../../src/core/store.js';
import type { DestinationOptions } from '../../../src/destinations/index.js';

export const MIB = 1024 * 1024;

export interface Place {
  open(signal?: AbortSignal): Promise<Destination>;
  /** The same, or what is below it, for reading. */
  openStore(below: string, isFileName: (name: string) => boolean): Promise<OpenedStore | undefined>;
  /** Everything that is there, hidden, unfinished and empty things too. */
  everything(): Promise<string[]>;
  content(key: string): Promise<Buffer>;
  close(): Promise<void>;
}

let opened = 0;
/** @param part bytes of a part, and the most that are copied at once */
export const optionsOf = (signal = new AbortController().signal, part = 5 * MIB): DestinationOptions => {
  opened += 1;
  const s3 = {
    pathStyle: true,
    partSize: part,
    smallestPart: part,
    largestCopy: part,
    encryption: 'AES256' as const,
    allowHttp: false,
  };
  return { token: `token-${opened}`, signal, s3 };
};

export async function writeAll(staged: Staged, body: Buffer): Promise<void> {
  // An odd size, so that chunks and parts do not end together.
  for (let at = 0; at < body.length; at += 100_003) await staged.write(body.subarray(at, at + 100_003));
}

export const csv = { contentType: 'text/csv' };

export interface Sibling {
  readonly name: string;
  readonly make: () => Promise<Place>;
  /** Bytes of the files that are written. */
  readonly size: number;
  /** How much a run that is killed while it writes one file leaves behind. */
  readonly leaves: 0 | 1;
  /** Replacing by version is one step, not a look and then a step. */
  readonly comparesAndReplaces: boolean;
  readonly skip?: string | false;
}

export async function publishFile(destination: Destination, key: string, bytes: Buffer, existing: Existing) {
  const staged = await destination.stage(key, { ...csv, existing });
  await writeAll(staged, bytes);
  return staged.publish();
}
