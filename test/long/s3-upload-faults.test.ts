// Every request of an upload to S3 fails in every way.
import { uploadFaults } from '../destinations/s3-upload-sweep.js';
import { LONG_EXTENT } from '../faults/tally.js';

uploadFaults(LONG_EXTENT);
