// Every call to the file system of a run at a folder fails: what is published is whole, or it is not there.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ReportError } from '../../src/core/errors.js';
import { openFolder } from '../../src/destinations/file.js';
import { LEASE, type Open, runAt } from '../support/period-run.js';
import {
  assertComplete,
  assertNothingBad,
  endedHolder,
  type Files,
  filesOf,
  readingOf,
  SCENARIOS,
  type Scenario,
} from './scenarios.js';
import { type Case, type Extent, sampleOf, tryAll } from './tally.js';

type Call = (...parameters: unknown[]) => Promise<unknown>;
type Calls = Record<string, Call>;

const real = createRequire(import.meta.url)('node:fs/promises') as Calls;
const CALLS = ['open', 'link', 'rename', 'unlink', 'mkdir', 'rmdir', 'stat', 'lstat', 'readdir', 'realpath'];
const OF_HANDLES = ['writeFile', 'readFile', 'stat', 'chmod', 'chown', 'sync', 'close'];

/** What each call below asks before it does anything; one of a run at a time is watched. */
let watch: ((call: string) => void) | undefined;

/** Lets each call ask first. @returns what undoes it */
function patch(of: Calls, names: readonly string[], prefix = ''): () => void {
  const originals = names.map((name) => [name, of[name] as Call] as const);
  for (const [name, original] of originals) {
    of[name] = async function (this: unknown, ...parameters: unknown[]) {
      // Close gives the descriptor back even when it fails, as close(2) does.
      const closed = name === 'close' ? original.apply(of, parameters) : undefined;
      watch?.(`${prefix}${name}`);
      const result = await (closed ?? original.apply(of, parameters));
      if (name === 'open') patch(result as Calls, OF_HANDLES, 'handle.');
      return result;
    };
  }
  return () => {
    for (const [name, original] of originals) of[name] = original;
  };
}

let folder: string;
let restore: () => void;

async function everything(at: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(at, { recursive: true, withFileTypes: true }).catch(() => [])) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory()) found.set(relative(at, path), await readFile(path));
  }
  return found;
}

function unfinished(files: Files): string[] {
  return [...files.keys()].filter((key) => key.endsWith('.tmp') || key.includes('.unfinished'));
}

const openAt =
  (at: string): Open =>
  (options) =>
    openFolder(at, options);

interface Prepared {
  readonly scenario: Scenario;
  /** The folder that is there before; copied for each case. */
  readonly template: string;
  readonly before: Files;
  readonly runs: readonly Files[];
  readonly calls: readonly string[];
}

async function prepare(scenario: Scenario): Promise<Prepared> {
  const template = join(folder, `${scenario.name} template`);
  const clean = join(folder, `${scenario.name} clean`);
  await scenario.before?.(openAt(template));
  const there = await everything(template);
  if (there.size > 0) await cp(template, clean, { recursive: true });
  const runs = [await filesOf(scenario, 'during'), await filesOf(scenario, 'after')];
  const calls: string[] = [];
  watch = (call) => calls.push(call);
  await runAt(openAt(clean), readingOf(scenario, 'during')).finally(() => {
    watch = undefined;
  });
  assertComplete(scenario, await everything(clean), there, runs);
  return { scenario, template, before: there, runs, calls };
}

const ERRORS = { ENOSPC: 'no space left on device', EIO: 'i/o error', EACCES: 'permission denied' } as const;

interface Fault {
  /** The call, from 1. */
  readonly step: number;
  readonly code: keyof typeof ERRORS;
  /** How many calls from there on. */
  readonly times: number;
}

/** Files of one run share new folders: which of them makes one, and so how many are flushed, is chance. */
const SPREAD = 10;

async function survive(prepared: Prepared, { step, code, times }: Fault): Promise<void> {
  const { scenario, template, before, runs, calls } = prepared;
  const at = await mkdtemp(join(folder, 'case-'));
  if (before.size > 0) await cp(template, at, { recursive: true });
  let count = 0;
  let fired = 0;
  watch = (call) => {
    count += 1;
    if (count < step || fired === times) return;
    fired += 1;
    throw Object.assign(new Error(`${code}: ${ERRORS[code]}, ${call}`), { code });
  };
  const outcome = await runAt(openAt(at), readingOf(scenario, 'during')).catch((error: unknown) => error);
  watch = undefined;
  if (step > calls.length) assert.equal(fired, 0, 'the run was longer than thought');
  const all = await everything(at);
  const left = unfinished(all);
  const files = new Map([...all].filter(([key]) => !left.includes(key)));
  assertNothingBad(files, before, runs.slice(0, 1));
  if (outcome instanceof Error) {
    assert.ok(outcome instanceof ReportError, `not a ReportError: ${outcome.stack}`);
    assert.equal(outcome.code, 'destination', outcome.message);
  } else {
    const published = new Map([...files].filter(([key]) => !/\.(lease|pending\.json)$/.test(key)));
    assertComplete(scenario, published, before, runs.slice(0, 1));
  }
  for (const key of left) {
    const told = outcome instanceof Error && outcome.message.includes(key.slice(key.lastIndexOf('/') + 1));
    // A lease or a note that cannot be removed makes no run fail, and is a leftover that "check --clean" removes.
    const isBookkeeping = /^_reportctl\/[^/]*\/\.reportctl-/.test(key);
    assert.ok(told || isBookkeeping, `${key} is left, and nobody says so: ${outcome}`);
  }
  const lease = files.get(LEASE);
  if (lease !== undefined) await writeFile(join(at, LEASE), endedHolder(lease));
  const destination = await openAt(at)({ token: 'clean', signal: new AbortController().signal });
  await runAt(openAt(at), readingOf(scenario, 'after'));
  for await (const leftover of destination.leftovers()) await leftover.remove();
  assertComplete(scenario, await everything(at), before, runs);
  await rm(at, { recursive: true });
}

async function folderCases(scenario: Scenario): Promise<Case[]> {
  const prepared = await prepare(scenario);
  const { length } = prepared.calls;
  const steps = [...Array.from({ length }, (_, index) => index + 1), length + SPREAD + 1];
  return (Object.keys(ERRORS) as (keyof typeof ERRORS)[]).flatMap((code) =>
    [1, 2, 5].flatMap((times) =>
      steps.map((step) => ({
        kind: code,
        name: `${scenario.name}: ${times} from call ${step} on (${prepared.calls[step - 1] ?? 'none'})`,
        run: () => survive(prepared, { step, code, times }),
      })),
    ),
  );
}

/** Defines the tests. */
export function folderFaults(extent: Extent): void {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reportctl-faults-'));
    restore = patch(real, CALLS);
    syncBuiltinESMExports();
  });
  after(async () => {
    restore();
    syncBuiltinESMExports();
    await rm(folder, { recursive: true });
  });

  describe('a folder whose file system fails', { timeout: 3_600_000 }, () => {
    for (const { scenario, ...strides } of [
      { scenario: SCENARIOS.first, all: 3, sample: 17, probe: 279 },
      { scenario: SCENARIOS.two, all: 11, sample: 29, probe: 467 },
      { scenario: SCENARIOS.restated, all: 11, sample: 29, probe: 467 },
      { scenario: SCENARIOS.restatedTwo, all: 17, sample: 43, probe: 695 },
      { scenario: SCENARIOS.split, all: 11, sample: 43, probe: 695 },
      { scenario: SCENARIOS.restatedSplit, all: 17, sample: 67, probe: 1083 },
      { scenario: SCENARIOS.remains, all: 11, sample: 43, probe: 695 },
    ]) {
      test(scenario.name, async (t) => {
        // One at a time: the calls that are counted must be of one run.
        await tryAll(t, sampleOf(await folderCases(scenario), extent, strides), 1);
      });
    }
  });
}
