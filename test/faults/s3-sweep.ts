// A first publication in a bucket whose every request fails in every manner: it is whole, or nothing is there.
import { describe, test } from 'node:test';
import { s3Cases } from './s3-cases.js';
import { SCENARIOS } from './scenarios.js';
import { type Extent, sampleOf, tryAll } from './tally.js';

/** Defines the tests. */
export function firstPublicationFaults(extent: Extent): void {
  describe('a bucket whose requests fail', { timeout: 3_600_000 }, () => {
    test('a first publication, every request once', async (t) => {
      // The other scenarios have what it begins with in common, and leave the probe of the store out.
      const cases = await s3Cases(SCENARIOS.first, true);
      const once = cases.filter(({ kind, name }) => kind === 'lost' && name.includes(': 1 from'));
      await tryAll(t, sampleOf(once, extent, { all: 1, sample: 1, probe: 27 }), 12);
    });

    test('a first publication, in every manner', async (t) => {
      await tryAll(
        t,
        sampleOf(await s3Cases(SCENARIOS.first, true), extent, { all: 3, sample: 71, probe: 843 }),
        12,
      );
    });

    test('in parts', async (t) => {
      await tryAll(
        t,
        sampleOf(await s3Cases(SCENARIOS.parts), extent, { all: 7, sample: 89, probe: 527 }),
        6,
      );
    });
  });
}
