// How many cases a property test generates: a third by `npm test`, all of them where every case is asked for (CONTRIBUTING.md).

/** @param all the number of cases with REPORTCTL_TEST_FAULTS=all, as CI runs the tests for coverage */
export function runs(all: number): number {
  return process.env.REPORTCTL_TEST_FAULTS === 'all' ? all : Math.ceil(all / 3);
}
