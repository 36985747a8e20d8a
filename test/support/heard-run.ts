// A folder with one report over documents, and the binary run on it with somebody who hears of it.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Finished, finished, reportctl, spawnReportctl, temporaryFolder } from './cli.js';
import { startListener } from './listener.js';

export const DAY = '2024-10-05';

export interface Place {
  readonly folder: string;
  /** The destination. */
  readonly out: string;
  readonly env: Readonly<Record<string, string>>;
  /** Replaces the documents: so many of them, on DAY. */
  fill(count: number): Promise<void>;
  /** Writes another report, `name`.yaml. */
  report(name: string, more: string): Promise<void>;
  run(env?: Readonly<Record<string, string>>, ...args: string[]): Promise<Finished>;
  /** A document at the destination, or undefined. */
  read(key: string): Promise<Record<string, unknown> | undefined>;
}

/** The report `vendas` wants two rows. */
export async function startPlace(): Promise<Place> {
  const folder = await temporaryFolder();
  const out = join(folder, 'out');
  await mkdir(join(folder, 'queries'));
  const env = {
    REPORTCTL_SOURCE_DOCS: `file:${join(folder, 'docs.ndjson')}`,
    REPORTCTL_QUERIES: join(folder, 'queries'),
    REPORTCTL_DESTINATION: out,
  };
  const place: Place = {
    folder,
    out,
    env,
    fill: (count) =>
      writeFile(
        join(folder, 'docs.ndjson'),
        Array.from({ length: count }, (_, id) => `{"_id":"${id}","em":"${DAY}T10:00:00Z"}\n`).join(''),
      ),
    report: (name, more) =>
      writeFile(
        join(folder, 'queries', `${name}.yaml`),
        `source: docs
collection: docs
timezone: UTC
filters: { date: { path: em, stored: text } }
columns: { id: { kind: text, path: _id } }
outputs: [{ format: csv, key: "{report}_{YYYYMMDD}.csv" }]
${more}
`,
      ),
    run: (more = {}, ...args) =>
      reportctl(['run', ...(args.length > 0 ? args : ['vendas', '--date', DAY])], {
        env: { ...env, ...more },
      }),
    read: async (key) => {
      const text = await readFile(join(out, key), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
    },
  };
  await place.report('vendas', 'title: Vendas <do dia> & mais\ngates: { min-rows: 2 }');
  await place.fill(3);
  return place;
}

/** Runs on a source that never answers, and ends that with a signal. */
export async function interrupted(env: Place['env'], signal: NodeJS.Signals = 'SIGTERM') {
  const bucket = await startListener(() => 'hang');
  const child = spawnReportctl(['run', 'vendas', '--date', DAY], {
    env: {
      ...env,
      REPORTCTL_SOURCE_DOCS: 's3://bucket/docs/',
      REPORTCTL_S3_PATH_STYLE: 'true',
      AWS_ENDPOINT_URL_S3: bucket.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'S3nhaDaChave',
    },
  });
  child.stdin.end();
  const done = finished(child);
  while (bucket.heard.length === 0) await sleep(20);
  const began = performance.now();
  child.kill(signal);
  const result = await done;
  await bucket.stop();
  return { finished: result, took: performance.now() - began };
}
