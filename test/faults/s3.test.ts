// A probe of the faults of a bucket; test/long/s3-faults.test.ts tries more of them.
import { replacementFaults } from './s3-replaced-sweep.js';
import { firstPublicationFaults } from './s3-sweep.js';

firstPublicationFaults('probe');
replacementFaults('probe');
