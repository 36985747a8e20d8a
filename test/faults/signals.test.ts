// A probe of the moments at which a signal comes; test/long/signals.test.ts tries more of them.
import { signalFaults } from './signals-sweep.js';

signalFaults('probe');
