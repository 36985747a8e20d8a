// A report of some organizations; test/long/split.test.ts has 2,000.
import { splitReport } from './split-report.js';

splitReport(100);
