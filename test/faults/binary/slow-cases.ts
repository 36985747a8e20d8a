// Cases beside those of single calls: runs that publish while their lease is renewed, a store that restarts, power cuts.
import assert from 'node:assert/strict';
import { type S3Server, startS3Server } from '../../support/s3-server.js';
import { type BinaryCase, textOf } from './cases.js';
import { assertFiles, judged, judgeEnd, judgeRepair } from './judge.js';
import { bucketPlace, copyObjects, type Place } from './places.js';
import { filesAfterPowerCut, writeFiles } from './power-cut.js';
import { randomOf } from './random.js';
import type { Prepared } from './scenarios.js';

/** Leases are renewed after 15 and 30 seconds: a source that stalls for so many makes publishing begin then. */
const STALLED_SECONDS = [...secondsFrom(12, 16), ...secondsFrom(27, 31)];

function secondsFrom(first: number, end: number): number[] {
  return Array.from({ length: (end - first) * 5 }, (_, index) => first + index / 5);
}

/** Runs whose publishing, made slow, meets a renewal of the lease. */
export function renewalCases(prepared: Prepared): BinaryCase[] {
  const { bench, destinations, scenario, template, during } = prepared;
  const slow = destinations.kind === 'folder' ? (['fsync', 200] as const) : (['write', 60] as const);
  return STALLED_SECONDS.map((seconds) => ({
    kind: 'renewal' as const,
    id: `${destinations.kind}/${scenario.name}/renewal@${seconds.toFixed(1)}s`,
    about: `the source stalls for ${seconds.toFixed(1)} s, each ${slow[0]} takes ${slow[1]} ms`,
    waitsMs: seconds * 1000 + 8_000,
    run: async () => {
      const place = await destinations.make(template);
      const stall = [bench.documents(during), seconds * 1000] as const;
      const end = await bench.start(scenario, place, { documents: during, slow, stall }).ended;
      await judgeEnd(prepared, place, end);
      await judged('not repaired', '', () => assert.equal(end.code, 0, `exit ${end.code}: ${end.stderr}`));
      await judgeRepair(prepared, place);
      await place.remove();
      return undefined;
    },
  }));
}

const AWAY_MS = 2_500;

/** The store breaks all connections at a request and is back after 2.5 seconds: the run has to succeed by itself. */
export async function restartCases(prepared: Prepared): Promise<BinaryCase[]> {
  const { bench, destinations, scenario, during } = prepared;
  const onItsOwn = async (work: (server: S3Server, place: Place) => Promise<void>) => {
    const server = await startS3Server({ bucket: 'bucket' });
    try {
      if (prepared.template && destinations.server) {
        copyObjects([destinations.server, prepared.template.address], [server, 's3://bucket/p']);
      }
      await work(server, { ...bucketPlace(server, 'p/'), endpoint: server.url });
    } finally {
      await server.close();
    }
  };
  let requests = 0;
  await onItsOwn(async (server, place) => {
    const { code, stderr } = await bench.start(scenario, place, { documents: during }).ended;
    assert.equal(code, 0, stderr);
    requests = server.requests.length;
  });
  return Array.from({ length: requests }, (_, index) => ({
    kind: 'restart' as const,
    id: `s3/${scenario.name}/restart@${index + 1}`,
    about: `the store restarts at request ${index + 1} of ${requests}`,
    waitsMs: 20_000,
    run: async () => {
      await onItsOwn(async (server, place) => {
        let isBack = Promise.resolve();
        let isOver = false;
        server.fail((_, request) => {
          if (!isOver && request === index + 1) isBack = server.restart(AWAY_MS);
          return false;
        }, 'reset');
        const env = { REPORTCTL_RETRY_FOR: '1m' };
        const end = await bench.start(scenario, place, { documents: during, env }).ended;
        isOver = true;
        await isBack;
        // What cannot be removed while the store is away is said.
        await judgeEnd(prepared, place, end, { isLasting: true });
        await judged('not repaired', '', () => assert.equal(end.code, 0, `exit ${end.code}: ${end.stderr}`));
        await judgeRepair(prepared, place);
      });
      return undefined;
    },
  }));
}

/** How many random parts of what was not flushed are tried at each call, besides nothing and everything of it. */
const RANDOM_PARTS = 3;

/** The power is cut behind each call of a run: what a run record names is whole, and the next run makes everything right. */
export async function powerCutCases(prepared: Prepared): Promise<BinaryCase[]> {
  const { destinations, scenario, before } = prepared;
  const calls = await loggedCalls(prepared);
  return calls.flatMap((call) =>
    Array.from({ length: RANDOM_PARTS + 2 }, (_, part) => ({
      kind: 'power cut' as const,
      id: `${destinations.kind}/${scenario.name}/power-cut-${part}@${call.number}`,
      about: `behind ${textOf(call)}`,
      run: async () => {
        const random = randomOf(call.number * 100 + part);
        const share = part === 0 ? 0 : part === 1 ? 1 : random();
        const files = filesAfterPowerCut(before, calls, call.number, () => random() < share);
        const place = await destinations.make();
        await writeFiles(place.address, files);
        await judged('wrong file', '', () => assertFiles(prepared, files, [prepared.runs.during]));
        await judgeRepair(prepared, place);
        await place.remove();
        return undefined;
      },
    })),
  );
}

/** The calls of a run with the bytes that it wrote. The simulation has to end with the files that really are there. */
async function loggedCalls({ bench, destinations, scenario, template, during, before }: Prepared) {
  const place = await destinations.make(template);
  const env = { UV_THREADPOOL_SIZE: '1' };
  const { code, stderr, calls } = await bench.start(scenario, place, {
    documents: during,
    hasData: true,
    env,
  }).ended;
  assert.equal(code, 0, stderr);
  const simulated = filesAfterPowerCut(before, calls, calls.length, () => true);
  assert.deepEqual(new Map([...simulated].sort()), new Map([...(await place.files())].sort()));
  await place.remove();
  return calls;
}
