// A report of 2,000 organizations.
import { splitReport } from '../commands/split-report.js';

splitReport(2_000);
