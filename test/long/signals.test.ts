// A sample of the moments at which a signal comes, or all of them.
import { signalFaults } from '../faults/signals-sweep.js';
import { LONG_EXTENT } from '../faults/tally.js';

signalFaults(LONG_EXTENT);
