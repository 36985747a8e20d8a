// npm run faults [-- --seed 1 --budget 30m --only 'folder/split/EIO@12' --at-once 3]: the whole sweep, or a part of it.
import { parseArgs } from 'node:util';
import { parseDuration } from '../../../src/core/duration.js';
import { withCases } from './all-cases.js';
import { report, sweep, unexpected } from './sweep.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    budget: { type: 'string', default: '12h' },
    only: { type: 'string' },
    kind: { type: 'string' },
    most: { type: 'string' },
    'at-once': { type: 'string', default: '3' },
    list: { type: 'boolean' },
  },
});
const { only, kind, most } = values;
/** `*` stands for anything. */
const pattern = only && new RegExp(`^${only.split('*').map(quoted).join('.*')}$`);
/** What comes before anything with a star: other destinations and scenarios are not prepared. */
const [prefix = ''] = /^([^*]*\/)?/.exec(only ?? '') ?? [];
const kinds = kind?.split(',');

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

const missing = await withCases(
  async (all) => {
    const cases = all.filter((one) => !pattern || pattern.test(one.id));
    if (values.list) {
      for (const { id, about } of cases) process.stdout.write(`${id}\t${about}\n`);
      return;
    }
    const result = await sweep(cases, {
      seed: Number(values.seed),
      signal: interrupted.signal,
      budgetMs: parseDuration(values.budget) ?? 0,
      concurrency: Number(values['at-once']),
      ...(most === undefined ? {} : { most: Number(most) }),
      onProgress: (done, of) => {
        if (done % 50 === 0) process.stderr.write(`${done} of ${of}\n`);
      },
      onFailure: (id, message) => process.stderr.write(`failed: ${id}: ${message.split('\n')[0]}\n`),
    });
    process.stdout.write(`${report(result)}\n`);
    if (unexpected(result).length > 0 || result.tried.length === 0) process.exitCode = 1;
  },
  {
    group: (one) => `${one}/`.startsWith(prefix) || prefix.startsWith(`${one}/`),
    kind: (one) => kinds?.includes(one) ?? true,
  },
);
if (missing) {
  process.stderr.write(`${missing.missing}\n`);
  process.exitCode = 1;
}

function quoted(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
