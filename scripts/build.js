// npm run build: bundles src/ and the libraries that it imports into dist/. Few large files start with half the CPU time of
// many small ones, and users run the library versions of package-lock.json.
import { readFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/**
 * Puts the ways to get AWS credentials into the chunk of the SDK, where they are run when they are first needed. As files of
 * their own they could be gone by then: credentials expire in the middle of a run, and an upgrade removes files.
 */
const credentialProviders = {
  name: 'credential-providers',
  setup({ onLoad }) {
    onLoad(
      { filter: /node_modules\/@(aws-sdk|smithy)\/[^/]*(credential-provider|token-providers)[^/]*\/.*\.js$/ },
      async ({ path }) => {
        const contents = await readFile(path, 'utf8');
        return { contents: contents.replaceAll(/\bimport\(/g, 'require('), loader: 'js' };
      },
    );
  },
};

/** How libraries are bundled, for users and for tests. */
export const LIBRARY_OPTIONS = {
  bundle: true,
  // An `import()` becomes a file of its own, so that a command loads only what it needs.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Prefer a library's ES modules: esbuild can leave out their unused parts.
  mainFields: ['module', 'main'],
  // Fonts become files beside the bundle.
  loader: { '.ttf': 'file' },
  // fontkit reads WOFF2 fonts with it, of which there are none here, and it is 1.4 MB: whatever is here instead is not called.
  alias: { 'brotli/decompress.js': 'node:zlib' },
  // Bundled CommonJS libraries call `require` for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
  // LICENSES.txt of the bundle has the licences, whole.
  legalComments: 'none',
  logLevel: 'warning',
};

/** Replaces the folder with the bundle and the licences of the libraries in it. @param plugins esbuild's, for a bundle to compare with */
export async function bundle(folder, plugins = []) {
  await rm(folder, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: ROOT,
    outdir: folder,
    // The program, and the file that a worker thread starts from.
    entryPoints: { cli: 'src/cli.ts', thread: 'src/sources/json/thread.ts' },
    plugins: [credentialProviders, ...plugins],
    // Optional packages stay outside: they are installed beside the bundle, or are absent.
    external: Object.keys(optionalDependencies),
    ...LIBRARY_OPTIONS,
    metafile: true,
  });
  await writeFile(join(folder, 'LICENSES.txt'), await licenses(Object.keys(metafile.inputs)));
}

/** @param inputs paths of the bundled files. @returns name, version and licence text of each package among them */
async function licenses(inputs) {
  const folders = new Set(inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]));
  const texts = [...folders].filter(Boolean).map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(ROOT, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? '' : await readFile(join(ROOT, folder, file), 'utf8');
    return `${name} ${version} (${license})\n\n${text.trim()}\n`;
  });
  const separator = `\n${'-'.repeat(80)}\n\n`;
  return `Built into these files, in the versions of the lockfile:\n\n${(await Promise.all(texts)).sort().join(separator)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(join(ROOT, 'dist'));
