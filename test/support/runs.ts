// How many cases a property test generates: a third by `npm test`, all of them in CI.
import { LONG_EXTENT } from '../faults/tally.js';

/** @param all the number of cases with REPORTCTL_TEST_FAULTS=all, with which CI runs the tests for coverage */
export function runs(all: number): number {
  return LONG_EXTENT === 'all' ? all : Math.ceil(all / 3);
}
