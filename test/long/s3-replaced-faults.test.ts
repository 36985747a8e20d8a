// A sample of the faults of a bucket, or all of them, when former files are there.
import { replacementFaults } from '../faults/s3-replaced-sweep.js';
import { LONG_EXTENT } from '../faults/tally.js';

replacementFaults(LONG_EXTENT);
