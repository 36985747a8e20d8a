// A sample of the faults of a bucket, or all of them, when a report is published there for the first time.
import { firstPublicationFaults } from '../faults/s3-sweep.js';
import { LONG_EXTENT } from '../faults/tally.js';

firstPublicationFaults(LONG_EXTENT);
