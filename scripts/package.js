// npm run package: writes the npm package as users install it into package/, or into the folder that is named.
// The libraries are bundled into its dist/, so its package.json names only the optional ones: installing it is one package.
// Its manual page is what its program prints. Then: npm pack ./package, or npm publish ./package
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './build.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** npm packs these whether `files` names them or not. */
const ALWAYS_PACKED = ['README.md', 'LICENSE'];
/** As npm installs it where `man` finds it. */
const MAN_PAGE = 'man/reportctl.1';
const folder = resolve(process.argv[2] ?? join(ROOT, 'package'));

// `published` is package.json without what only this repository needs.
const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
const { private: _, scripts, dependencies, devDependencies, allowScripts, ...published } = manifest;

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const packed = { ...published, files: [...published.files, 'man'], man: `./${MAN_PAGE}` };
await writeFile(join(folder, 'package.json'), `${JSON.stringify(packed, undefined, 2)}\n`);
await bundle(join(folder, 'dist'));
for (const entry of [...ALWAYS_PACKED, ...published.files]) {
  if (entry !== 'dist') await cp(join(ROOT, entry), join(folder, entry), { recursive: true });
}
await mkdir(join(folder, 'man'));
const manPage = execFileSync(process.execPath, [join(folder, 'bin/reportctl.js'), 'help', 'man']);
await writeFile(join(folder, MAN_PAGE), manPage);
