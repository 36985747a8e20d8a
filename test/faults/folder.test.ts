// A probe of the faults of a file system; test/long/folder-faults.test.ts tries more of them.
import { folderFaults } from './folder-sweep.js';

folderFaults('probe');
