// Chooses cases by a seed, runs them for as long as is given, and says what came of them.
import pLimit from 'p-limit';
import type { BinaryCase, Kind } from './cases.js';
import { Failure, type Wrong } from './judge.js';
import { KNOWN_FAILURES } from './known-failures.js';
import { randomOf } from './random.js';

/** How often a kind is chosen, compared with the others. */
const WEIGHTS: Readonly<Record<Kind, number>> = {
  error: 10,
  'lasting error': 2,
  kill: 4,
  signal: 1.5,
  freeze: 2,
  renewal: 1,
  restart: 1,
  'power cut': 1,
};
/** Cases that only wait run beside the others. */
const MAX_WAITING = 8;

export interface SweepOptions {
  readonly seed: number;
  /** Milliseconds after which no other case is started. */
  readonly budgetMs: number;
  /** At most so many cases; all without it. */
  readonly most?: number;
  readonly concurrency: number;
  /** From then on no other case is started either. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, of: number) => void;
  /** Called at once with each case that nobody knows to fail. */
  readonly onFailure?: (id: string, message: string) => void;
}

interface Failed {
  readonly case: BinaryCase;
  readonly wrong: Wrong;
  readonly message: string;
  /** Why it is known to fail. */
  readonly known: string | undefined;
}

export interface SweepResult {
  readonly seed: number;
  readonly tried: readonly BinaryCase[];
  readonly planned: number;
  readonly failed: readonly Failed[];
  /** What was counted besides, as how many freezes lost the lease. */
  readonly counted: ReadonlyMap<string, number>;
}

/** All cases in a random order in which kinds, destinations and scenarios come evenly, by their weights. */
export function ordered(cases: readonly BinaryCase[], seed: number): BinaryCase[] {
  const random = randomOf(seed);
  const groups = new Map<string, { one: BinaryCase; key: number }[]>();
  for (const one of cases) {
    const group = `${one.kind} ${one.id.split('/').slice(0, 2).join('/')}`;
    groups.set(group, [...(groups.get(group) ?? []), { one, key: random() }]);
  }
  const placed = [...groups.values()].flatMap((group) =>
    group
      .sort((a, b) => a.key - b.key)
      .map(({ one }, index) => ({ one, position: (index + random()) / WEIGHTS[one.kind] })),
  );
  return placed.sort((a, b) => a.position - b.position).map(({ one }) => one);
}

export async function sweep(cases: readonly BinaryCase[], options: SweepOptions): Promise<SweepResult> {
  const { seed, budgetMs, concurrency, onProgress, onFailure } = options;
  const planned = ordered(cases, seed).slice(0, options.most);
  const began = performance.now();
  const tried: BinaryCase[] = [];
  const failed: Failed[] = [];
  const counted = new Map<string, number>();
  const lanes = { busy: pLimit(concurrency), waiting: pLimit(MAX_WAITING) };
  const run = async (one: BinaryCase) => {
    if (options.signal?.aborted) return;
    if (performance.now() - began + (one.waitsMs ?? 0) > budgetMs) return;
    tried.push(one);
    try {
      const what = await one.run();
      if (what !== undefined) counted.set(what, (counted.get(what) ?? 0) + 1);
    } catch (error) {
      const failure = failureOf(one, error);
      failed.push(failure);
      if (failure.known === undefined) onFailure?.(one.id, failure.message);
    }
    onProgress?.(tried.length, planned.length);
  };
  await Promise.all(planned.map((one) => lanes[one.waitsMs ? 'waiting' : 'busy'](() => run(one))));
  return { seed, tried, planned: planned.length, failed, counted };
}

function failureOf(one: BinaryCase, error: unknown): Failed {
  const message = error instanceof Error ? error.message : String(error);
  const known = KNOWN_FAILURES.find(({ id, says }) => id.test(one.id) && says.test(message));
  if (error instanceof Failure) return { case: one, wrong: error.wrong, message, known: known?.because };
  const stack = error instanceof Error ? error.stack : message;
  return { case: one, wrong: 'not repaired', message: `the test itself failed: ${stack}`, known: undefined };
}

/** The failures that nobody knows of. */
export function unexpected({ failed }: SweepResult): Failed[] {
  return failed.filter(({ known }) => known === undefined);
}

/** The numbers by kind and destination, then each failure with the line that repeats it. */
export function report(result: SweepResult): string {
  const { seed, tried, planned, failed, counted } = result;
  const lines = [`${tried.length} of ${planned} cases tried, seed ${seed}`];
  const placeOf = ({ id }: BinaryCase) => id.split('/')[0] ?? '';
  const groups = new Map<string, BinaryCase[]>();
  for (const one of tried) {
    const group = `${one.kind.padEnd(14)} ${placeOf(one).padEnd(7)}`;
    groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  for (const [group, cases] of [...groups].sort()) {
    const survived = cases.filter((one) => failed.every((failure) => failure.case !== one)).length;
    lines.push(
      `  ${group} ${String(cases.length).padStart(5)} tried, ${String(survived).padStart(5)} survived`,
    );
  }
  for (const [what, count] of [...counted].sort()) lines.push(`  ${count} times: ${what}`);
  const kinds = new Map<string, number>();
  for (const { wrong } of failed) kinds.set(wrong, (kinds.get(wrong) ?? 0) + 1);
  for (const wrong of ['wrong file', 'wrong sentence', 'orphan', 'hang', 'not repaired']) {
    lines.push(`  ${wrong}: ${kinds.get(wrong) ?? 0}`);
  }
  const known = failed.filter((failure) => failure.known !== undefined);
  for (const because of new Set(known.map((failure) => failure.known))) {
    const ids = known.filter((failure) => failure.known === because).map((failure) => failure.case.id);
    lines.push(`  known to fail: ${ids.length} (${because}), as ${ids.slice(0, 3).join(' ')}`);
  }
  const kindsOf = new Map<string, Failed[]>();
  for (const failure of unexpected(result)) {
    const what = withoutChance(`${failure.wrong}: ${failure.case.about}: ${failure.message.split('\n')[0]}`);
    kindsOf.set(what, [...(kindsOf.get(what) ?? []), failure]);
  }
  for (const [what, alike] of [...kindsOf].sort(([, a], [, b]) => b.length - a.length)) {
    lines.push(`  ${alike.length} times ${what}`);
    for (const line of alike[0]?.message.split('\n').slice(1) ?? [])
      lines.push(`    ${line.slice(0, MAX_LINE)}`);
    for (const { case: one } of alike.slice(0, MAX_NAMED))
      lines.push(`    npm run faults -- --only '${one.id}'`);
  }
  return lines.join('\n');
}

/** Characters of a message's line, and how many cases that failed alike are named. */
const MAX_LINE = 400;
const MAX_NAMED = 5;

/** Without what differs between two failures of one kind: names of folders, tokens, times, numbers of requests. */
function withoutChance(text: string): string {
  return text
    .replace(/\.reportctl-[^/\s,]*\.tmp/g, '.reportctl-….tmp')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}(-[0-9a-f]+)?/g, '…')
    .replace(/\/tmp\/\S*\/out\//g, '')
    .replace(/s3:\/\/bucket\/p\d*\//g, '')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…')
    .replace(/request \d+ of \d+/g, 'a request')
    .replace(/127\.0\.0\.1:\d+|process \d+/g, '…')
    .slice(0, MAX_LINE);
}
