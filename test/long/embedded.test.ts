// The PostgreSQL that is started for one run: every way in which it begins and ends.
import { embeddedTests } from '../sources/embedded-tests.js';

embeddedTests('all');
