// Commands run beside each other, in turn: how long each takes, and how much memory.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface Measure {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Runs a command to its end; the peak is its resident memory's high-water mark, polled while it lives (Linux). */
export async function measure(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Measure> {
  const start = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peak = 0;
  const timer = setInterval(async () => {
    const text = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0));
  }, 20);
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve)).finally(
    () => clearInterval(timer),
  );
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return { seconds: (performance.now() - start) / 1000, megabytes: peak / 1024 };
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
  const secondsOf = (runs: readonly Measure[]) => runs.map(({ seconds }) => seconds);
  const base = median(secondsOf(results.get(peer) ?? []));
  const lines = [...results].map(([name, runs]) => {
    const seconds = secondsOf(runs);
    const range = `${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}`;
    const peak = Math.max(...runs.map(({ megabytes }) => megabytes)).toFixed(0);
    const ratio = (median(seconds) / base).toFixed(2);
    return `| ${name} | ${median(seconds).toFixed(2)} | ${range} | ${ratio} | ${peak} |`;
  });
  return [`| work | median s | min–max | × ${peer} | peak MB |`, '|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
