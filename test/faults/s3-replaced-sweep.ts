// A restatement and a run over remains in a bucket whose every request fails: the former files are there, or the new ones.
import { describe, test } from 'node:test';
import { s3Cases } from './s3-cases.js';
import { SCENARIOS } from './scenarios.js';
import { type Extent, sampleOf, tryAll } from './tally.js';

const { two, restated, restatedTwo, split, restatedSplit, remains } = SCENARIOS;

/** Defines the tests. */
export function replacementFaults(extent: Extent): void {
  describe('a bucket whose requests fail', { timeout: 3_600_000 }, () => {
    for (const { scenario, ...strides } of [
      { scenario: restated, all: 5, sample: 67, probe: 539 },
      { scenario: two, all: 11, sample: 131, probe: 2103 },
      { scenario: restatedTwo, all: 11, sample: 113, probe: 1815 },
      { scenario: split, all: 17, sample: 173, probe: 2775 },
      { scenario: restatedSplit, all: 17, sample: 211, probe: 3383 },
      { scenario: remains, all: 7, sample: 113, probe: 1815 },
    ]) {
      test(scenario.name, async (t) => {
        await tryAll(t, sampleOf(await s3Cases(scenario), extent, strides), 12);
      });
    }
  });
}
