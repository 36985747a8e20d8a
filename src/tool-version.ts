// Which reportctl this is.
import { readFileSync } from 'node:fs';

/** `reportctl 1.2.3` */
export function toolVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return `reportctl ${version}`;
}
