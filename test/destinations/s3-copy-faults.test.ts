// A probe of the faults of copying and removing; test/long/s3-copy-faults.test.ts tries every way of each request.
import { copyFaults } from './s3-copy-sweep.js';

copyFaults('probe');
