// A restatement and a run over remains in a bucket whose every request fails: the former files are there, or the new ones.
import { describe, test } from 'node:test';
import { s3Cases } from './s3-cases.js';
import { SCENARIOS } from './scenarios.js';
import { sampleOf, tryAll } from './tally.js';

const { two, restated, restatedTwo, split, restatedSplit, remains } = SCENARIOS;

describe('a bucket whose requests fail', { timeout: 900_000 }, () => {
  for (const { scenario, whole, sample } of [
    { scenario: restated, whole: 5, sample: 67 },
    { scenario: two, whole: 11, sample: 131 },
    { scenario: restatedTwo, whole: 11, sample: 113 },
    { scenario: split, whole: 17, sample: 173 },
    { scenario: restatedSplit, whole: 17, sample: 211 },
    { scenario: remains, whole: 7, sample: 113 },
  ]) {
    test(scenario.name, async (t) => {
      await tryAll(t, sampleOf(await s3Cases(scenario), whole, sample), 12);
    });
  }
});
