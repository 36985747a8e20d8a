// Every case at every destination, with what they need, for as long as the work lasts.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { type BinaryCase, casesOf, type Kind } from './cases.js';
import { buckets, folders } from './places.js';
import { realBucket } from './real-bucket.js';
import { Bench, type Prepared, prepare, SCENARIOS } from './scenarios.js';
import { buildShim } from './shim.js';
import { powerCutCases, renewalCases, restartCases } from './slow-cases.js';

export interface Wanted {
  /** By the destination and the scenario, as `folder/split`; all without it. */
  readonly group?: (group: string) => boolean;
  /** All without it. */
  readonly kind?: (kind: Kind) => boolean;
}

/**
 * @param wanted others are not prepared
 * @returns why nothing was done, where there is no such library
 */
export async function withCases(
  work: (cases: readonly BinaryCase[]) => Promise<void>,
  { group = () => true, kind = () => true }: Wanted = {},
): Promise<{ missing: string } | undefined> {
  const root = await mkdtemp(join(tmpdir(), 'reportctl-faults-'));
  try {
    const shim = await buildShim(root);
    if ('missing' in shim) return shim;
    const bench = await Bench.make(root, shim.library);
    const { REPORTCTL_TEST_S3_BUCKET: bucket } = process.env;
    const kinds = [await folders(root), bucket ? await realBucket(bucket) : await buckets()];
    try {
      const wanted = kinds.flatMap((destinations) =>
        SCENARIOS.filter(({ name }) => group(`${destinations.kind}/${name}`)).map((scenario) => ({
          destinations,
          scenario,
        })),
      );
      const cases = await pLimit(availableParallelism() + 1).map(wanted, async ({ destinations, scenario }) =>
        everyCaseOf(await prepare(bench, destinations, scenario), kind),
      );
      await work(cases.flat());
    } finally {
      for (const destinations of kinds) await destinations.close();
    }
    return undefined;
  } finally {
    await rm(root, { recursive: true });
  }
}

/** The scenarios of runs that last, whose cases take half a minute each. */
const LONG = ['first', 'split', 'restated'];

async function everyCaseOf(prepared: Prepared, kind: (kind: Kind) => boolean): Promise<BinaryCase[]> {
  const { destinations, scenario } = prepared;
  const isFolder = destinations.kind === 'folder';
  const hasRestarts = kind('restart') && destinations.server !== undefined && !scenario.isExport;
  const hasPowerCuts = kind('power cut') && isFolder && !scenario.documents;
  const cases = [
    ...casesOf(prepared),
    ...(LONG.includes(scenario.name) ? renewalCases(prepared) : []),
    ...(hasRestarts ? await restartCases(prepared) : []),
    ...(hasPowerCuts ? await powerCutCases(prepared) : []),
  ];
  return cases.filter((one) => kind(one.kind));
}
