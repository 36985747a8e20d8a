// Which reportctl this is.
import { existsSync, readFileSync } from 'node:fs';

// One folder above dist/cli.js, two above src/core/version.ts.
const file = ['../package.json', '../../package.json']
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));
const { version } = JSON.parse(readFileSync(file ?? '', 'utf8')) as { version: string };

/** `reportctl 1.2.3` */
export function toolVersion(): string {
  return `reportctl ${version}`;
}
