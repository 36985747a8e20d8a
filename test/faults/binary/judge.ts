// What must hold after a run at which something failed, and after the next run.
import assert from 'node:assert/strict';
import { openDestination } from '../../../src/destinations/index.js';
import { parseManifest, parseRunRecord } from '../../../src/publish/documents.js';
import { LEASE, PENDING, RECORD } from '../../support/period-run.js';
import { assertComplete, assertNothingBad, type Files } from '../scenarios.js';
import { isTemporary, type Place, withoutTemporary } from './places.js';
import { type End, EXPORTED, isOutput, type Prepared } from './scenarios.js';

/** What a failure is counted under. */
export type Wrong = 'wrong file' | 'wrong sentence' | 'orphan' | 'hang' | 'not repaired';

/** What a case came to when it did not survive. */
export class Failure extends Error {
  readonly wrong: Wrong;

  constructor(wrong: Wrong, message: string) {
    super(message);
    this.wrong = wrong;
  }
}

/** Runs the assertions; what they throw is such a failure. @param about is appended to the message */
export async function judged(
  wrong: Wrong,
  about: string,
  assertions: () => void | Promise<void>,
): Promise<void> {
  try {
    await assertions();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(wrong, `${error instanceof Error ? error.message : error}${about}`);
  }
}

const LATEST = 'vendas.latest.json';
/** Without the pointers, which any later run repairs. */
const withoutPointers = (files: Files) => new Map([...files].filter(([key]) => !key.endsWith(LATEST)));
const EXPORT_MANIFEST = `${EXPORTED}.manifest.json`;
/** What an end says when nothing of it is visible. */
const SAYS_NOTHING = /\bnothing\b[^.;:]*\b(published|visible|replaced|changed)\b/i;
/** What it says when something is. */
const SAYS_VISIBLE = /visible|published|replaced|unfinished|not recorded|could not be found out|is there/i;
/** Done, or the destination failed. Nobody takes the lease. */
const CODES: readonly (number | string)[] = [0, 5];

/** The state that a run has brought about: what every sentence and code at its end is judged by. */
interface State {
  /** Some output is there that was not, or has other bytes. */
  readonly isVisible: boolean;
  /** The run record is new. Of an export: the file and its manifest are. */
  readonly isRecorded: boolean;
}

function stateOf({ scenario, before, runs }: Prepared, files: Files): State {
  const isNew = (key: string) => {
    const content = files.get(key);
    const former = before.get(key);
    return content === undefined ? former !== undefined : !(former?.equals(content) ?? false);
  };
  const outputs = [...new Set([...files.keys(), ...before.keys()])].filter(isOutput);
  const isVisible = outputs.some(isNew);
  if (!scenario.isExport) return { isVisible, isRecorded: files.has(RECORD) && isNew(RECORD) };
  const whole = runs.during.get(EXPORTED);
  const isWhole = whole !== undefined && (files.get(EXPORTED)?.equals(whole) ?? false);
  return { isVisible, isRecorded: isWhole && isNew(EXPORT_MANIFEST) };
}

/** No file but whole ones of a run or the former ones, and no record without its files. */
export function assertFiles(prepared: Prepared, files: Files, runs: readonly Files[]): void {
  const { scenario, before } = prepared;
  const seen = withoutTemporary(files);
  for (const [key, content] of seen) {
    if (key.endsWith('.json'))
      assert.doesNotThrow(() => JSON.parse(content.toString()), `${key} is not whole`);
    if (!isOutput(key)) continue;
    const isKnown = [before, ...runs].some((run) => run.get(key)?.equals(content));
    assert.ok(isKnown, `${key} holds what no run wrote: ${content.length} bytes`);
  }
  if (!scenario.isExport) assertNothingBad(withoutPointers(seen), withoutPointers(before), [...runs]);
}

export interface Expectation {
  /** The exit codes, or signals, that the run may end with; those of destinations that may have failed unless told. */
  readonly codes?: readonly (number | string)[];
  /** The process was killed, so that it could not clean up. */
  readonly isKilled?: boolean;
  /** The fault lasts, so that what could not be removed is only said. */
  readonly isLasting?: boolean;
}

/** Judges the end of a run and what it left. */
export async function judgeEnd(
  prepared: Prepared,
  place: Place,
  end: End,
  { codes = CODES, isKilled = false, isLasting = false }: Expectation = {},
): Promise<void> {
  const said = `\n      exit ${end.code}: ${end.stderr.trim().replaceAll('\n', '\n      ')}`;
  if (end.isHanging) throw new Failure('hang', `not over after three minutes${said}`);
  const files = await place.files();
  await judged('wrong file', said, () => assertFiles(prepared, files, [prepared.runs.during]));
  if (isKilled) return;
  const state = stateOf(prepared, files);
  await judged('wrong sentence', said, () => {
    assert.ok(codes.includes(end.code), `exit code ${end.code}`);
    assertSentence(prepared, state, end, isLasting);
  });
  await judged('orphan', said, async () => {
    for (const left of [...[...files.keys()].filter(isTemporary), ...(await place.uploads())]) {
      const isSaid =
        end.stderr.includes(left.slice(left.lastIndexOf('/') + 1)) || /may be left/.test(end.stderr);
      // Of a fault that lasts: a report is named, and what is bookkeeping is found by check --clean.
      const isFound = isLasting && (isSaid || left.startsWith('_reportctl/'));
      assert.ok(isFound, `${left} is left${isSaid ? ', as it says' : ''}`);
    }
    const isUnfinished = prepared.before.has(PENDING) || (state.isVisible && !state.isRecorded);
    if (!isLasting) {
      assert.ok(!files.has(LEASE), 'the lease is left');
      assert.ok(!files.has(PENDING) || isUnfinished, 'the pending note is left');
    }
  });
}

function assertSentence(
  { scenario }: Prepared,
  { isVisible, isRecorded }: State,
  { code, stderr }: End,
  isLasting: boolean,
): void {
  assert.doesNotMatch(stderr, /\n {4}at |node:internal/, 'a stack');
  if (code === 0) {
    assert.ok(isRecorded, 'exit code 0, and nothing is recorded');
    return;
  }
  assert.match(stderr, /^reportctl: /m);
  // Where no answer came for good, nobody can know.
  const isUnknown = isLasting && /run record .*could not be found out/.test(stderr);
  if (isRecorded && !scenario.isExport && !isUnknown)
    assert.fail('recorded, but the exit code says that it failed');
  if (!isVisible) {
    assert.doesNotMatch(stderr, /already visible/, 'nothing is visible');
    return;
  }
  assert.doesNotMatch(stderr, SAYS_NOTHING, 'something is visible');
  assert.match(stderr, SAYS_VISIBLE, 'something is visible, and it does not say so');
}

/**
 * Runs again without faults: published, verified, and nothing is there that no record names.
 * @param isContested two runs were at work, so that one may have replaced what the other had published, and kept it
 */
export async function judgeRepair(
  prepared: Prepared,
  place: Place,
  former: readonly Files[] = [prepared.runs.during],
  isContested = false,
): Promise<void> {
  const { bench, scenario, runs, before, after } = prepared;
  const again = await bench.again(scenario, place, after);
  const wrote = [...former, runs.after];
  await judged(
    'not repaired',
    `\n      the next run: exit ${again.code}: ${again.stderr.trim()}`,
    async () => {
      assert.equal(again.code, 0, 'the next run fails');
      const verified = await bench.verify(scenario, place);
      assert.equal(verified.code, 0, `verify: ${verified.stdout}${verified.stderr}`);
      // Spawned, it would list all periods until today.
      if (!scenario.isExport && place.endpoint === undefined) {
        const status = await bench.status(scenario, place);
        assert.equal(status.code, 0, `status: ${status.stdout}${status.stderr}`);
      }
      await removeLeftovers(place);
      const files = await place.files();
      assert.deepEqual(await place.uploads(), [], 'an upload that is not listed');
      assertFiles(prepared, files, wrote);
      if (scenario.isExport) return assertExported(files);
      assertPointers(files);
      if (isContested) return assertListed(files);
      assertComplete(scenario, withoutPointers(files), withoutPointers(before), wrote);
    },
  );
}

/** Removes what `check --clean` would remove after a day. */
async function removeLeftovers(place: Place): Promise<void> {
  const s3 = {
    pathStyle: true,
    partSize: 5 * 1024 ** 2,
    encryption: 'AES256' as const,
    allowHttp: false,
    endpoint: place.endpoint,
  };
  const { signal } = new AbortController();
  const destination = await openDestination(place.address, { token: 'clean', signal, s3 });
  for await (const leftover of destination.leftovers()) await leftover.remove();
  await destination.close();
}

function assertExported(files: Files): void {
  assert.deepEqual([...files.keys()].sort(), [EXPORTED, EXPORT_MANIFEST]);
  const { bytes } = parseManifest(files.get(EXPORT_MANIFEST) ?? Buffer.alloc(0), EXPORT_MANIFEST);
  assert.equal(files.get(EXPORTED)?.length, bytes);
}

/** The record lists every output, and what is kept is of its former revisions. */
function assertListed(files: Files): void {
  const { outputs, revision } = parseRunRecord(files.get(RECORD) ?? Buffer.alloc(0), RECORD);
  const listed = new Set(outputs.map(({ key }) => key));
  const isListed = (key: string) => listed.has(key.replace(/\.(manifest|schema)\.json$/, ''));
  for (const key of withoutPointers(files).keys()) {
    const [, kept] = /^_reportctl\/vendas\/history\/\d{8}\/r(\d+)\//.exec(key) ?? [];
    const isKept = kept !== undefined && Number(kept) < revision;
    assert.ok(key === RECORD || isListed(key) || isKept, `${key} is there, and no record names it`);
  }
}

/** In each folder that has a file of the record, and nowhere else, a pointer to it. */
function assertPointers(files: Files): void {
  const record = parseRunRecord(files.get(RECORD) ?? Buffer.alloc(0), RECORD);
  const folders = new Set(record.outputs.map(({ key }) => key.slice(0, key.lastIndexOf('/') + 1)));
  const pointers = [...files.keys()].filter((key) => key.endsWith(LATEST));
  assert.deepEqual(pointers.sort(), [...folders].map((folder) => `${folder}${LATEST}`).sort());
  for (const key of pointers) {
    const pointer = JSON.parse(`${files.get(key)}`);
    assert.deepEqual([pointer.revision, pointer.rows], [record.revision, record.rows], key);
  }
}
