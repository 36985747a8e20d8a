// Work in a process of another user: modes and owners do not bind root.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export const IS_ROOT = process.getuid?.() === 0;
/** A reason to skip what only root can prepare: files of other users. */
export const NEEDS_ROOT = !IS_ROOT && 'only root can make files of other users';

/** `nobody`; a process can run under the number without an account of that name. */
export const NOBODY = 65534;

/**
 * Writes an output as openOutputFolder() does, in a process of `nobody` where this one is root, else in one of this user. The
 * modules are loaded before the user changes, who may not be able to read them.
 * @param groups of that user, besides its own
 * @returns the message of the error, or the location of the output
 */
export async function writeAsUser(path: string, content: string, groups: number[] = []): Promise<string> {
  const script = `
    import { writeOutput } from ${JSON.stringify(new URL('../../src/destinations/file/output.js', import.meta.url))};
    const [path, content, groups] = JSON.parse(process.argv[1]);
    if (${IS_ROOT}) {
      process.setgroups(groups);
      process.setgid(${NOBODY});
      process.setuid(${NOBODY});
    }
    process.umask(0o022);
    const signal = new AbortController().signal;
    await writeOutput(path, Buffer.from(content), { existing: 'replace', mode: 0o640, token: 'user', signal }).then(
      () => console.log('written'),
      (error) => console.log(error.message),
    );`;
  const given = JSON.stringify([path, content, groups]);
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script,
    given,
  ]);
  return stdout.trim();
}
