// Which reportctl this is.
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** `reportctl 1.2.3` */
export function toolVersion(): string {
  return `reportctl ${version}`;
}
