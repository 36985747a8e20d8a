// A sample of the bytes after which a connection to PostgreSQL fails, or nearly all of them.
import { connectionFaults } from '../faults/postgres-sweep.js';
import { LONG_EXTENT } from '../faults/tally.js';

connectionFaults(LONG_EXTENT);
