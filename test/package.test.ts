// The npm package: everything that it runs is in it, and it names no dependency that is bundled.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT, temporaryFolder } from './support/cli.js';
import { startListener } from './support/listener.js';

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
    for (const key of ['name', 'version', 'bin', 'repository', 'bugs', 'homepage']) {
      assert.ok(own[key], key);
      assert.deepEqual(published[key], own[key], key);
    }
  });

  test('has every file that it imports; packages are optional ones', async () => {
    const { optionalDependencies } = (await manifestIn(folder)) as { optionalDependencies: object };
    const optional = Object.keys(optionalDependencies);
    const scripts = packed.filter((path) => path.endsWith('.js'));
    assert.ok(scripts.includes('bin/reportctl.js') && scripts.length > 10);
    // As esbuild prints static imports, dynamic imports and the file of a worker thread; texts that speak of imports are
    // indented or escaped.
    const SPECIFIER =
      /^(?:import|export)\b[^"'`]*["']([^"'\s]+)["'];$|\bimport\(["']([^"'\s]+)["']\)|\bnew URL\("([^"\s]+)", import\.meta\.url\)/gm;
    const specifiers = new Set<string>();
    for (const script of scripts) {
      const text = await readFile(join(folder, script), 'utf8');
      for (const [, from, dynamic, worker] of text.matchAll(SPECIFIER)) {
        const specifier = from ?? dynamic ?? worker ?? '';
        specifiers.add(specifier);
        if (specifier.startsWith('.')) {
          assert.ok(packed.includes(join(dirname(script), specifier)), `${script} imports ${specifier}`);
        } else if (!specifier.startsWith('node:') && !builtinModules.includes(specifier)) {
          const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1);
          assert.ok(optional.includes(name.join('/')), `${script} imports ${specifier}`);
        }
      }
    }
    // One of each kind, so that a change in what esbuild prints does not empty this test.
    for (const specifier of ['../dist/cli.js', './thread.js', 'node:fs']) {
      assert.ok(specifiers.has(specifier), `nothing imports ${specifier}`);
    }
  });

  test('runs from where it is', async () => {
    const { stdout } = await run(process.execPath, [join(folder, 'bin/reportctl.js'), '--version']);
    assert.equal(stdout, `reportctl ${(await manifestIn(ROOT)).version}\n`);
  });

  test('sends a trace, without any other package', async (t) => {
    const listener = await startListener(() => 200);
    const cwd = await temporaryFolder();
    t.after(async () => {
      await listener.stop();
      await rm(cwd, { recursive: true });
    });
    const binary = join(folder, 'bin/reportctl.js');
    await run(process.execPath, [binary, 'export', 'producao', '-o', 'out.csv'], {
      cwd,
      env: {
        PATH: process.env.PATH,
        REPORTCTL_QUERIES: join(ROOT, 'queries'),
        REPORTCTL_SOURCE_PRODUCAO: `file:${join(ROOT, 'fixtures/producao.ndjson')}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: listener.url,
      },
    });
    assert.match(listener.heard.map(({ body }) => body).join(), /"name":"export"/);
  });

  test('has the manual page and the pages that help prints', async () => {
    const page = await readFile(join(folder, 'man/reportctl.1'), 'utf8');
    assert.match(page, /^\.TH "REPORTCTL" "1" /);
    assert.equal((await manifestIn(folder)).man, './man/reportctl.1');
    assert.ok(packed.includes('man/reportctl.1'));
    const { stdout } = await run(process.execPath, [join(folder, 'bin/reportctl.js'), 'help', 'exit-codes']);
    assert.match(stdout, /^Exit codes\n\n {2}0 /);
  });

  test('names version and licence of every package that is bundled', async () => {
    const licenses = await readFile(join(folder, 'dist/LICENSES.txt'), 'utf8');
    // esbuild writes the path of each bundled file above its text; a package can be there in two versions.
    const PACKAGE = /^\/\/ (node_modules\/(?:.*\/node_modules\/)?(?:@[^/\s]+\/)?[^/\s]+)\//gm;
    const packages = new Set<string>();
    for (const path of packed.filter((name) => /^dist\/.*\.js$/.test(name))) {
      const text = await readFile(join(folder, path), 'utf8');
      for (const [, location = ''] of text.matchAll(PACKAGE)) packages.add(location);
    }
    const { dependencies } = (await manifestIn(ROOT)) as { dependencies: Record<string, string> };
    for (const name of Object.keys(dependencies)) {
      assert.ok(
        packages.has(`node_modules/${name}`),
        `${name} is a dependency, and nothing of it is bundled`,
      );
    }
    for (const location of packages) {
      const { name, version, license } = await manifestIn(join(ROOT, location));
      assert.ok(`\n${licenses}`.includes(`\n${name} ${version} (${license})\n`), `${name} ${version}`);
    }
  });

  test('has the files that its pages link to', async () => {
    const pages = packed.filter((path) => path.endsWith('.md'));
    for (const page of ['README.md', 'README.pt-BR.md', 'CHANGELOG.md'])
      assert.ok(pages.includes(page), page);
    assert.ok(packed.includes('LICENSE'));
    for (const page of pages) {
      const text = await readFile(join(folder, page), 'utf8');
      for (const [, link = ''] of text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)) {
        const target = join(dirname(page), link).replace(/\/$/, '');
        // A link that is broken in the repository too is found by the tests of the docs.
        if (!existsSync(join(ROOT, target))) continue;
        const isThere = packed.some((path) => path === target || path.startsWith(`${target}/`));
        assert.ok(isThere, `${page} links to ${link}`);
      }
    }
  });
});
