// The version of this program.
import { existsSync, readFileSync } from 'node:fs';

// The package.json of the nearest folder above dist/, src/core/ or build/src/core/.
const file = ['..', '../..', '../../..']
  .map((folder) => new URL(`${folder}/package.json`, import.meta.url))
  .find((url) => existsSync(url));
const { version } = JSON.parse(readFileSync(file ?? '', 'utf8')) as { version: string };

/** `reportctl 1.2.3` */
export function toolVersion(): string {
  return `reportctl ${version}`;
}
