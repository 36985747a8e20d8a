// What is allocated for a row, from each kind of source into each format.
import { allocationTests } from '../allocation-cases.js';

allocationTests();
