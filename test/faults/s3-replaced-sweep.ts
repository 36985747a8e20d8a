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
      { scenario: restated, all: 5, sample: 67, probe: 269 },
      { scenario: two, all: 11, sample: 131, probe: 1051 },
      { scenario: restatedTwo, all: 11, sample: 113, probe: 907 },
      { scenario: split, all: 17, sample: 173, probe: 1387 },
      { scenario: restatedSplit, all: 17, sample: 211, probe: 1691 },
      { scenario: remains, all: 7, sample: 113, probe: 907 },
    ]) {
      test(scenario.name, async (t) => {
        await tryAll(t, sampleOf(await s3Cases(scenario), extent, strides), 12);
      });
    }
  });
}
