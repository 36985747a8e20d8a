// A first publication in a bucket whose every request fails in every manner: it is whole, or nothing is there.
import { describe, test } from 'node:test';
import { s3Cases } from './s3-cases.js';
import { SCENARIOS } from './scenarios.js';
import { sampleOf, tryAll } from './tally.js';

describe('a bucket whose requests fail', { timeout: 900_000 }, () => {
  test('a first publication, every request once', async (t) => {
    // The other scenarios have what it begins with in common, and leave the probe of the store out.
    const cases = await s3Cases(SCENARIOS.first, true);
    const once = cases.filter(({ kind, name }) => kind === 'lost' && name.includes(': 1 from'));
    await tryAll(t, once, 12);
  });

  test('a first publication, in every manner', async (t) => {
    await tryAll(t, sampleOf(await s3Cases(SCENARIOS.first, true), 3, 71), 12);
  });

  test('in parts', async (t) => {
    await tryAll(t, sampleOf(await s3Cases(SCENARIOS.parts), 7, 89), 6);
  });
});
