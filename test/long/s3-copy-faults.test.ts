// Every request of copying and removing in S3 fails in every way.
import { copyFaults } from '../destinations/s3-copy-sweep.js';
import { LONG_EXTENT } from '../faults/tally.js';

copyFaults(LONG_EXTENT);
