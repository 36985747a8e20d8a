// A probe of the PostgreSQL that is started for one run; test/long/embedded.test.ts has all tests.
import { embeddedTests } from './embedded-tests.js';

embeddedTests('probe');
