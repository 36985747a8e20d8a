// What the binary does while something fails, what is there before, and what each file must hold afterwards.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finished, finished, reportctl, runReportctl, spawnReportctl } from '../../support/cli.js';
import type { Files } from '../scenarios.js';
import type { Destinations, Place } from './places.js';
import { type Call, readCalls, type ShimOptions, shimVariables } from './shim.js';

const DAY = '2024-10-05';
/** The exported file of the scenarios that run `export -o`. */
export const EXPORTED = 'r.csv';
/** The day after, for `status`. */
const NOW = '2024-10-06T12:00:00Z';
/** Calls of files come one after the other, so that they have the same numbers in each run. */
export const ONE_THREAD = { UV_THREADPOOL_SIZE: '1' };
/** Milliseconds after which a run hangs; far more than it takes on a busy machine. */
const HANG_MS = 180_000;

/** Which documents a run reads: those of `former` are one row; the others differ only in a volatile column. */
export type Documents = 'former' | 'during' | 'after' | 'large';

export interface BinaryScenario {
  readonly name: string;
  readonly outputs: readonly string[];
  /** Published before, from the former documents. */
  readonly hasFormer?: boolean;
  /** A run is killed before, between the publication of its first file and its run record. */
  readonly hasRemains?: boolean;
  readonly restate?: string;
  /** `export -o` in place of `run`. */
  readonly isExport?: boolean;
  readonly documents?: 'large';
}

const ONE = ['{ format: csv, key: "r_{YYYYMMDD}.csv" }'];
const SPLIT = [
  '{ format: csv, key: "{YYYYMMDD}.csv" }',
  '{ format: csv, key: "{texto}/{YYYYMMDD}.csv", split-by: texto }',
];

export const SCENARIOS: readonly BinaryScenario[] = [
  { name: 'first', outputs: ONE },
  { name: 'split', outputs: SPLIT },
  { name: 'restated', outputs: ONE, hasFormer: true, restate: 'late rows' },
  { name: 'restated-split', outputs: SPLIT, hasFormer: true, restate: 'late rows' },
  { name: 'remains', outputs: SPLIT, hasRemains: true },
  { name: 'export', outputs: ONE, isExport: true },
  { name: 'export-replaced', outputs: ONE, isExport: true, hasFormer: true },
  { name: 'parts', outputs: ONE, documents: 'large' },
];

export interface StartOptions extends ShimOptions {
  readonly documents: Documents;
  readonly env?: Readonly<Record<string, string>>;
}

/** A run that was started with the library, when it has ended. */
export interface End extends Finished {
  readonly calls: readonly Call[];
  /** It did not end by itself. */
  readonly isHanging: boolean;
}

/** The folder with the documents and one `queries/` a scenario, and how the binary is run on them. */
export class Bench {
  readonly #folder: string;
  readonly #library: string;
  #logs = 0;

  private constructor(folder: string, library: string) {
    this.#folder = folder;
    this.#library = library;
  }

  static async make(folder: string, library: string): Promise<Bench> {
    const line = (texto: string, valor: number, quando: string) =>
      `${JSON.stringify({ dia: `${DAY}T12:00:00Z`, quando, texto, valor })}\n`;
    const two = (quando: string) => line('depois', 2.5, quando) + line('e mais', 0.01, quando);
    const documents: Record<Documents, string> = {
      former: line('antes', 1.5, 'former'),
      during: two('during'),
      after: two('after'),
      large: Array.from({ length: 18 }, (_, n) => line(`${n}`.padEnd(300_000, 'x'), 1, 'l')).join(''),
    };
    for (const [name, text] of Object.entries(documents)) {
      await writeFile(join(folder, `${name}.ndjson`), text);
    }
    await writeFile(join(folder, 'boot-id'), '00000000-0000-4000-8000-000000000000\n');
    for (const { name, outputs } of SCENARIOS) {
      await mkdir(join(folder, name), { recursive: true });
      const definition = `source: base
collection: linhas
filters: { date: dia }
columns: { quando: text, texto: text, valor: decimal }
volatile: [quando]
totals: [valor]
outputs: [${outputs.join(', ')}]
`;
      await writeFile(join(folder, name, 'vendas.yaml'), definition);
    }
    return new Bench(folder, library);
  }

  /** A file for ShimOptions.host. */
  get otherHost(): string {
    return join(this.#folder, 'boot-id');
  }

  documents(name: Documents): string {
    return join(this.#folder, `${name}.ndjson`);
  }

  environment({ name }: BinaryScenario, place: Place, documents: Documents): Record<string, string> {
    return {
      ...place.env,
      REPORTCTL_QUERIES: join(this.#folder, name),
      REPORTCTL_SOURCE_BASE: `file:${this.documents(documents)}`,
      REPORTCTL_DESTINATION: place.address,
    };
  }

  /** Starts the built binary with the library; `ended` waits for it, and kills what hangs. */
  start(scenario: BinaryScenario, place: Place, options: StartOptions) {
    this.#logs += 1;
    const log = join(this.#folder, `calls-${process.pid}-${this.#logs}.log`);
    const child = spawnReportctl(argumentsOf(scenario, place), {
      env: {
        ...this.environment(scenario, place, options.documents),
        ...shimVariables(this.#library, place.counted, log, options),
        UV_USE_IO_URING: '0',
        ...options.env,
      },
    });
    child.stdin.end();
    const end = async (): Promise<End> => {
      let isHanging = false;
      const timer = setTimeout(() => {
        isHanging = true;
        child.kill('SIGKILL');
      }, HANG_MS);
      const over = await finished(child).finally(() => clearTimeout(timer));
      return { ...over, calls: await readCalls(log), isHanging };
    };
    return { pid: child.pid ?? 0, kill: (signal: NodeJS.Signals) => child.kill(signal), ended: end() };
  }

  /** The same command in this process, without faults. */
  again(scenario: BinaryScenario, place: Place, documents: Documents): Promise<Finished> {
    const overwrite = scenario.isExport ? ['--overwrite'] : [];
    return this.#command(scenario, place, documents, [...argumentsOf(scenario, place), ...overwrite]);
  }

  verify(scenario: BinaryScenario, place: Place): Promise<Finished> {
    const what = scenario.isExport ? [`${place.address}/${EXPORTED}`] : ['vendas', '--date', DAY];
    return this.#command(scenario, place, 'after', ['verify', ...what]);
  }

  status(scenario: BinaryScenario, place: Place): Promise<Finished> {
    return this.#command(scenario, place, 'after', ['status', '--since', DAY], NOW);
  }

  #command(
    scenario: BinaryScenario,
    place: Place,
    documents: Documents,
    args: readonly string[],
    now?: string,
  ): Promise<Finished> {
    const env = this.environment(scenario, place, documents);
    // The SDK reads the variables of this process.
    if (place.endpoint !== undefined) return runReportctl(args, { env });
    return reportctl(args, { env, ...(now === undefined ? {} : { now }) });
  }
}

function argumentsOf({ isExport, restate, hasFormer }: BinaryScenario, { address }: Place): string[] {
  if (!isExport) {
    return ['run', 'vendas', '--date', DAY, ...(restate === undefined ? [] : ['--restate', restate])];
  }
  const overwrite = hasFormer ? ['--overwrite'] : [];
  return ['export', 'vendas', '--date', DAY, '-o', `${address}/${EXPORTED}`, ...overwrite];
}

/** A scenario at a kind of destination: what is there before, what each run can have written, and the calls of a clean run. */
export interface Prepared {
  readonly bench: Bench;
  readonly destinations: Destinations;
  readonly scenario: BinaryScenario;
  readonly template: Place | undefined;
  readonly before: Files;
  /** The outputs by what was read. */
  readonly runs: Readonly<Record<'during' | 'after', Files>>;
  readonly during: Documents;
  readonly after: Documents;
  readonly calls: readonly Call[];
}

export async function prepare(
  bench: Bench,
  destinations: Destinations,
  scenario: BinaryScenario,
): Promise<Prepared> {
  const during = scenario.documents ?? 'during';
  const after = scenario.documents ?? 'after';
  const template = await templateOf(bench, destinations, scenario);
  const before = (await template?.files()) ?? new Map();
  const clean = async <T extends Finished>(run: (place: Place) => Promise<T>) => {
    const place = await destinations.make(template);
    const end = await run(place);
    assert.equal(end.code, 0, end.stderr);
    const files = await place.files();
    await place.remove();
    return { end, outputs: new Map([...files].filter(([key]) => isOutput(key))) };
  };
  const first = await clean(
    (place) => bench.start(scenario, place, { documents: during, env: ONE_THREAD }).ended,
  );
  const second = await clean((place) => bench.again(scenario, place, after));
  const { calls } = first.end;
  assert.ok(calls.length > 0, 'the preloaded library saw no call: is this Node linked statically?');
  const runs = { during: first.outputs, after: second.outputs };
  return { bench, destinations, scenario, template, before, runs, during, after, calls };
}

async function templateOf(bench: Bench, destinations: Destinations, scenario: BinaryScenario) {
  if (!scenario.hasFormer && !scenario.hasRemains) return undefined;
  const template = await destinations.make();
  if (scenario.hasFormer) {
    const { restate, ...first } = scenario;
    const { code, stderr } = await bench.again(first, template, 'former');
    assert.equal(code, 0, stderr);
    return template;
  }
  // Killed at each call in turn, until a file is visible that no record names.
  const trial = await destinations.make();
  const { calls } = await bench.start(scenario, trial, { documents: 'former' }).ended;
  await trial.remove();
  const step = Math.max(2, Math.floor(calls.length / 24));
  for (let at = Math.floor(calls.length / 3); at < calls.length; at += step) {
    const place = await destinations.make();
    await bench.start(scenario, place, { documents: 'former', fault: { action: 'kill', at } }).ended;
    const files = await place.files();
    if ([...files.keys()].some(isOutput)) {
      for (const key of files.keys()) if (/\.tmp$|\.lease$/.test(key)) await place.erase(key);
      await template.remove();
      return place;
    }
    await place.remove();
  }
  throw new Error('no kill leaves a visible file');
}

/** Whether the key is of a report's file. */
export function isOutput(key: string): boolean {
  return !key.startsWith('_') && !/(^|\/)\.reportctl-|\.(manifest|schema|latest)\.json$/.test(key);
}
