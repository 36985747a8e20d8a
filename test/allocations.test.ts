// A probe of what is allocated for a row; test/long/allocations.test.ts has every case.
import { allocationTests } from './allocation-cases.js';

allocationTests(1);
