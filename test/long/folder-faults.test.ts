// A sample of the faults of a file system, or all of them.
import { folderFaults } from '../faults/folder-sweep.js';
import { LONG_EXTENT } from '../faults/tally.js';

folderFaults(LONG_EXTENT);
