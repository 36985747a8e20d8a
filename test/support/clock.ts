// Another time of day for the spawned binary.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './cli.js';

/**
 * The environment in which a process believes that it starts at this instant.
 * @param instant ISO 8601 with a zone, such as `2024-10-06T04:00:00Z`
 */
export function clockAt(instant: string): { readonly NODE_OPTIONS: string; readonly TEST_CLOCK_NOW: string } {
  const hook = pathToFileURL(join(ROOT, 'test/support/shifted-clock.mjs'));
  return { NODE_OPTIONS: `--import ${hook.href}`, TEST_CLOCK_NOW: instant };
}
