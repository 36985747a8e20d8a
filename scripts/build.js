// npm run build: src and the libraries become dist/, whose few files start with half the CPU time of many.
import { readFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT = join(ROOT, 'dist');
const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

await rm(OUT, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: ROOT,
  outdir: OUT,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  // A thread begins in a file of its own.
  entryPoints: { cli: 'src/cli.ts', thread: 'src/sources/json/thread.ts' },
  bundle: true,
  // What a command imports when it needs it stays in files of its own.
  splitting: true,
  external: Object.keys(optionalDependencies),
  // ES modules where a library has both: what is not used of them stays out.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  metafile: true,
  // CommonJS libraries ask Node for its modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
});
await writeFile(join(OUT, 'LICENSES.txt'), await licenses(Object.keys(metafile.inputs)));

/** @param inputs paths of what was built in; name, version and licence of each package among them */
async function licenses(inputs) {
  const folders = new Set(inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]));
  const texts = [...folders].filter(Boolean).map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(ROOT, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? '' : await readFile(join(ROOT, folder, file), 'utf8');
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  return `Built into these files, in the versions of the lockfile:\n\n${(await Promise.all(texts)).sort().join(`\n${'-'.repeat(80)}\n\n`)}`;
}
