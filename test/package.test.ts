// The npm package: everything that it runs is in it, and it names no dependency that is bundled.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT, temporaryFolder } from './support/cli.js';

const run = promisify(execFile);
const manifestIn = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;

describe('the npm package', () => {
  let folder: string;
  /** The files that npm would publish. */
  let packed: readonly string[];

  before(async () => {
    folder = await temporaryFolder();
    await run(process.execPath, [join(ROOT, 'scripts/package.js'), folder]);
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', folder]);
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    packed = files.map(({ path }) => path);
  });
  after(() => rm(folder, { recursive: true }));

  test('names no dependency but the optional ones, and no script', async () => {
    const [published, own] = await Promise.all([manifestIn(folder), manifestIn(ROOT)]);
    for (const key of ['dependencies', 'devDependencies', 'scripts', 'private'])
      assert.ok(!(key in published), key);
    assert.deepEqual(published.optionalDependencies, own.optionalDependencies);
    assert.deepEqual([published.name, published.version, published.bin], [own.name, own.version, own.bin]);
  });

  test('has every file that it imports; packages are optional ones', async () => {
    const { optionalDependencies } = (await manifestIn(folder)) as { optionalDependencies: object };
    const optional = Object.keys(optionalDependencies);
    const scripts = packed.filter((path) => path.endsWith('.js'));
    assert.ok(scripts.includes('bin/reportctl.js') && scripts.length > 10);
    // As esbuild prints static and dynamic imports; texts that speak of imports are indented or escaped.
    const SPECIFIER = /^(?:import|export)\b[^"'`]*"([^"\s]+)";$|\bimport\("([^"\s]+)"\)/gm;
    for (const script of scripts) {
      const text = await readFile(join(folder, script), 'utf8');
      for (const [, from, dynamic] of text.matchAll(SPECIFIER)) {
        const specifier = from ?? dynamic ?? '';
        if (specifier.startsWith('.')) {
          assert.ok(packed.includes(join(dirname(script), specifier)), `${script} imports ${specifier}`);
        } else if (!specifier.startsWith('node:') && !builtinModules.includes(specifier)) {
          const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1);
          assert.ok(optional.includes(name.join('/')), `${script} imports ${specifier}`);
        }
      }
    }
  });

  test('runs from where it is', async () => {
    const { stdout } = await run(process.execPath, [join(folder, 'bin/reportctl.js'), '--version']);
    assert.equal(stdout, `reportctl ${(await manifestIn(ROOT)).version}\n`);
  });

  test('names version and licence of what is bundled', async () => {
    const licenses = await readFile(join(folder, 'dist/LICENSES.txt'), 'utf8');
    const { dependencies } = (await manifestIn(ROOT)) as { dependencies: Record<string, string> };
    for (const name of Object.keys(dependencies)) {
      const { version } = await manifestIn(join(ROOT, 'node_modules', name));
      assert.ok(licenses.includes(`\n${name} ${version} (`), `${name} ${version}`);
    }
  });

  test('has the pages that its README links to', async () => {
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    for (const [, link = ''] of readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const isThere = packed.some((path) => path === link || path.startsWith(`${link.replace(/\/$/, '')}/`));
      assert.ok(isThere, `README.md links to ${link}`);
    }
    assert.ok((await readdir(folder)).includes('LICENSE'));
  });
});
