// Commands run beside each other, in turn: how long each takes, and how much memory.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface Measure {
  readonly seconds: number;
  /** User and system, of it and of what it started and waited for. */
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

/** In which /proc counts (sysconf(_SC_CLK_TCK), 100 on every Linux that Node runs on). */
const TICKS = 100;

/**
 * Runs a command to its end; the peak is the resident memory's high-water mark of it and of what it started, added up,
 * polled while they live (Linux).
 */
export async function measure(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Measure> {
  const start = performance.now();
  const before = await cpuSecondsOfEnded();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const peaks = new Map<number, number>();
  const timer = setInterval(async () => {
    for (const pid of await familyOf(child.pid)) {
      const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      peaks.set(pid, Math.max(peaks.get(pid) ?? 0, Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0)));
    }
  }, 20);
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve)).finally(
    () => clearInterval(timer),
  );
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (await cpuSecondsOfEnded()) - before,
    megabytes: [...peaks.values()].reduce((sum, value) => sum + value, 0) / 1024,
  };
}

/** User and system of the children of this process that have ended: proc_pid_stat(5), cutime and cstime. */
async function cpuSecondsOfEnded(): Promise<number> {
  const [user = 0, system = 0] = (await readFile('/proc/self/stat', 'utf8'))
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(13, 15)
    .map(Number);
  return (user + system) / TICKS;
}

async function familyOf(pid: number | undefined): Promise<number[]> {
  if (pid === undefined) return [];
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

/** Runs all of the work once to warm the caches, and then so many times, one after the other in turn. */
export async function inTurn(
  work: Readonly<Record<string, () => Promise<Measure>>>,
  runs: number,
): Promise<ReadonlyMap<string, readonly Measure[]>> {
  const results = new Map<string, Measure[]>(Object.keys(work).map((name) => [name, []]));
  for (let run = 0; run <= runs; run++) {
    for (const [name, act] of Object.entries(work)) {
      const result = await act();
      if (run > 0) results.get(name)?.push(result);
    }
  }
  return results;
}

/** In Markdown. @param peer the name of the work that the others are held against */
export function table(results: ReadonlyMap<string, readonly Measure[]>, peer: string): string {
  const head = `| work | median s | min–max | × ${peer} | peak MB |\n|---|---|---|---|---|`;
  return [head, ...lines(results, peer)].join('\n');
}

/** The rows of such a table. @param most what the ratio of each may be, by its name; a column of its own where given */
export function lines(
  results: ReadonlyMap<string, readonly Measure[]>,
  peer: string,
  most?: Readonly<Record<string, number>>,
): string[] {
  const secondsOf = (runs: readonly Measure[]) => runs.map(({ seconds }) => seconds);
  const base = median(secondsOf(results.get(peer) ?? []));
  return [...results].map(([name, runs]) => {
    const seconds = secondsOf(runs);
    const range = `${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}`;
    const peak = Math.max(...runs.map(({ megabytes }) => megabytes)).toFixed(0);
    const ratio = (median(seconds) / base).toFixed(2);
    const limit = most === undefined ? '' : ` ${most[name] ?? ''} |`;
    return `| ${name} | ${median(seconds).toFixed(2)} | ${range} | ${ratio} |${limit} ${peak} |`;
  });
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
