// A probe of the bytes after which a connection to PostgreSQL fails; test/long/postgres-faults.test.ts tries more of them.
import { connectionFaults } from './postgres-sweep.js';

connectionFaults('probe');
