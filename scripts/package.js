// npm run package: the npm package as users install it, in package/. The libraries are bundled into its dist/, so its
// package.json names only the optional ones: installing it is one package.
// Then: npm pack ./package, or npm publish ./package
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './build.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What npm puts into a package whatever its `files` say. */
const ALWAYS = ['README.md', 'LICENSE'];

/** Replaces the folder with the package. */
export async function createPackage(folder) {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const { private: _, scripts, dependencies, devDependencies, allowScripts, ...published } = manifest;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await bundle(join(folder, 'dist'));
  for (const entry of [...ALWAYS, ...published.files]) {
    if (entry !== 'dist') await cp(join(ROOT, entry), join(folder, entry), { recursive: true });
  }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published, undefined, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await createPackage(resolve(process.argv[2] ?? join(ROOT, 'package')));
}
