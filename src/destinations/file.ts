// A folder as a destination: a file is staged under a hidden name beside its target and published by link() or rename().
import { stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DEFAULT_FILE_MODE } from '../core/config/values.js';
import type { Destination, Existing, Finding, Leftover, Staged, StageOptions } from '../core/destination.js';
import { messageOf } from '../core/errors.js';
import { isAlreadyExists, isChanged } from '../core/existing-file.js';
import type { OpenedStore, Store } from '../core/store.js';
import { probeName, unfinishedName } from '../core/temporary.js';
import { checkKey, checkPrefix } from './contract/key.js';
import { copyStored } from './file/copying.js';
import { downloadFile } from './file/downloading.js';
import { explain } from './file/failures.js';
import { inFolder, removeEmpty } from './file/folders.js';
import { stageOutput } from './file/output.js';
import { leftoverFiles, listFiles, listSource, readFile, statFile, UNFINISHED } from './file/reading.js';
import { removeStored } from './file/removing.js';
import { stageFile } from './file/staged.js';
import { clockSkew, isMissing, resolved } from './file/version.js';

interface Options {
  readonly token: string;
  readonly signal: AbortSignal;
  readonly cwd?: string | undefined;
  /** The mode of new files, before the umask takes its bits away. */
  readonly fileMode?: number | undefined;
}

/**
 * Opens a folder, which need not exist yet. Replacing by version compares the version first and renames then: only a lease
 * keeps others from changing the file in between.
 */
export async function openFolder(
  where: string,
  { token, signal, cwd = '.', fileMode: mode = DEFAULT_FILE_MODE }: Options,
): Promise<Destination> {
  const folder = resolve(cwd, where);
  const targetOf = (key: string) => {
    checkKey(key);
    return join(folder, key);
  };
  const temporaryBeside = (target: string) => join(dirname(target), unfinishedName(token));
  const stage = async (key: string, { existing, confirm }: Pick<StageOptions, 'existing' | 'confirm'>) => {
    const target = targetOf(key);
    return stageFile(target, temporaryBeside(target), { key, existing, confirm, mode, signal });
  };
  return {
    label: folder,
    hostLockName: await resolved(folder),
    clockSkew: (key) => clockSkew(temporaryBeside(targetOf(key))),
    stage,
    read: async (key) => readFile(key, targetOf(key)),
    stat: async (key) => statFile(key, targetOf(key)),
    async *download(key, { most, signal: ownSignal = signal } = {}) {
      yield* downloadFile(targetOf(key), ownSignal, { most });
    },
    localPath: targetOf,
    async *list(prefix) {
      checkPrefix(prefix);
      yield* listFiles(folder, prefix);
    },
    async copy({ key, version }, to) {
      const [source, target] = [targetOf(key), targetOf(to)];
      signal.throwIfAborted();
      await copyStored({ source, version, target, temporary: temporaryBeside(target) });
    },
    remove: async ({ key, version }) => {
      const target = targetOf(key);
      // Under no run's token: the file may be another run's, and what a killed run staged is removed by its token.
      await removeStored(target, version, join(dirname(target), unfinishedName('removing')));
    },
    leftovers: () => leftoverFiles(folder),
    async check() {
      const key = `${UNFINISHED}${probeName('check', token)}`;
      return [
        ...(await checkWriting((existing) => stage(key, { existing }), targetOf(key))),
        await unfinishedFinding(leftoverFiles(folder)),
      ];
    },
    close: async () => {},
  };
}

/**
 * Opens the folder of outputs that a user names: as openFolder(), but links are followed, and what is no file (a FIFO, a device)
 * is written through.
 */
export async function openOutputFolder(where: string, options: Options): Promise<Destination> {
  const { token, signal, cwd = '.', fileMode: mode = DEFAULT_FILE_MODE } = options;
  const folder = resolve(cwd, where);
  return {
    ...(await openFolder(where, options)),
    async stage(key, { existing, confirm }) {
      checkKey(key);
      return stageOutput(join(folder, key), { key, existing, confirm, mode, token, signal });
    },
  };
}

/**
 * Opens a folder for reading, or the folder of a file; any key is allowed that a file system can have.
 * @throws ReportError `destination` when the path cannot be looked at
 */
export async function openFolderForReading(
  path: string,
  { signal, cwd = '.' }: { readonly signal: AbortSignal; readonly cwd?: string | undefined },
): Promise<OpenedStore> {
  const target = resolve(cwd, path);
  const found = await stat(target).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw explain(`look at ${target}`, error, 'read');
  });
  const [folder, key] = found?.isDirectory() ? [target, undefined] : [dirname(target), basename(target)];
  const store: Store = {
    label: folder,
    list: (prefix, onHidden) => listSource(folder, prefix, onHidden),
    stat: (name) => statFile(name, join(folder, name), 'read'),
    read: (name) => readFile(name, join(folder, name), 'read'),
    download: (name, { most, signal: ownSignal = signal } = {}) =>
      downloadFile(join(folder, name), ownSignal, { most, access: 'read' }),
    localPath: (name) => join(folder, name),
    close: async () => {},
  };
  return { store, key };
}

/** The one check without which no run works. */
const WRITING = 'write';

async function checkWriting(stage: (existing: Existing) => Promise<Staged>, target: string) {
  const findings: Finding[] = [];
  const step = async (subject: string, detail: string, action: () => Promise<void>) => {
    try {
      await action();
      findings.push({ subject, ok: true, detail });
    } catch (error) {
      const failure = { subject, ok: false, detail: messageOf(error) };
      findings.push(subject === WRITING ? failure : { ...failure, isUnsafe: true });
    }
    return findings.every(({ ok }) => ok);
  };
  const publishProbe = async (existing: Existing) => {
    const staged = await stage(existing);
    await staged.write(Buffer.from('reportctl check\n')).catch(async (error: unknown) => {
      await staged.discard();
      throw error;
    });
    await staged.publish();
  };
  const refused = (existing: Existing, isExpected: (error: unknown) => boolean) =>
    publishProbe(existing).then(
      () => Promise.reject(new Error('an existing file was overwritten')),
      (error: unknown) => (isExpected(error) ? undefined : Promise.reject(error)),
    );
  let made: string | undefined;
  const written = await step(WRITING, target, async () => {
    // Created here to know which folders have to be removed again.
    const probed = await inFolder(dirname(target), async () => undefined).catch((error: unknown) => {
      throw explain(`write ${target}`, error);
    });
    made = probed.made;
    await publishProbe('never');
  });
  if (written) {
    await step('publishing once', 'an existing file is refused', () => refused('never', isAlreadyExists));
    await step('replacing', 'a file that has changed is refused', () =>
      refused({ version: 'another' }, isChanged),
    );
    await step('removing the probe', 'nothing is left', () => unlink(target));
  }
  await removeEmpty(dirname(target), made);
  return findings;
}

/** Milliseconds after which no run of ours can still be writing. */
const STALE_AFTER = 24 * 3_600_000;

async function unfinishedFinding(leftovers: AsyncIterable<Leftover>): Promise<Finding> {
  const subject = 'unfinished files';
  const found: Leftover[] = [];
  try {
    for await (const leftover of leftovers) found.push(leftover);
  } catch (error) {
    return { subject, ok: false, isUnsafe: true, detail: messageOf(error) };
  }
  const [oldest] = found.sort((a, b) => b.age - a.age);
  if (!oldest) return { subject, ok: true, detail: 'none' };
  const detail = `${found.length}; the oldest is ${Math.floor(oldest.age / 3_600_000)} hours old: ${oldest.key}`;
  return oldest.age < STALE_AFTER
    ? { subject, ok: true, detail }
    : {
        subject,
        ok: false,
        isUnsafe: true,
        detail: `${detail}. reportctl check --clean removes those older than a day`,
      };
}
