// Imported before the program (`node --import`): what it waits for by node:timers/promises may take a hundred times as long,
// so that a limit of 300 ms does not depend on how fast the machine is.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

const { setTimeout } = timers;
timers.setTimeout = (milliseconds, ...more) => setTimeout(100 * milliseconds, ...more);
syncBuiltinESMExports();
