// A folder as a destination: staged beside the target under a hidden name, published by link() or rename().
import type { FileHandle } from 'node:fs/promises';
import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, ReportError } from '../errors.js';
import type { Destination, Finding, Published, Staged, StageOptions } from '../table.js';
import { alreadyExists, isAlreadyExists } from './contract/existing.js';
import { checkKey } from './contract/key.js';
import { codeOf, explain } from './file/failures.js';
import { flushFolders, removeEmpty } from './file/folders.js';

interface Options {
  readonly token: string;
  readonly signal: AbortSignal;
}

/** What link() answers where there are no hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'];

/** Opens a folder, which need not exist yet. */
export async function openFolder(where: string, { token, signal }: Options): Promise<Destination> {
  const folder = resolve(where);
  let count = 0;
  const targetOf = (key: string) => {
    checkKey(key);
    return join(folder, key);
  };
  const stage = async (key: string, { existing }: Pick<StageOptions, 'existing'>) => {
    const target = targetOf(key);
    count += 1;
    // Named after the run and not after the target, whose name may leave no room for more.
    const temporary = join(dirname(target), `.reportctl-${token}-${count}.tmp`);
    return new StagedFile(target, temporary, existing, signal, await create(target, temporary));
  };
  return {
    label: folder,
    stage,
    read: async (key) => read(targetOf(key)),
    check: () => check(stage, targetOf(`_reportctl/check-${token}`), `_reportctl/check-${token}`),
    close: async () => {},
  };
}

interface Created {
  readonly handle: FileHandle;
  /** The topmost folder that had to be made, with those below it. */
  readonly made: string | undefined;
}

async function create(target: string, temporary: string): Promise<Created> {
  const parent = dirname(target);
  for (let attempt = 1; ; attempt++) {
    let made: string | undefined;
    try {
      made = await mkdir(parent, { recursive: true });
      return { handle: await open(temporary, 'wx'), made };
    } catch (error) {
      await removeEmpty(parent, made);
      // Another run that discards may just have removed the folder, because it was empty.
      if (codeOf(error) !== 'ENOENT' || attempt === 3) throw explain(`write ${target}`, error);
    }
  }
}

class StagedFile implements Staged {
  readonly #target: string;
  readonly #temporary: string;
  readonly #existing: StageOptions['existing'];
  readonly #signal: AbortSignal;
  readonly #handle: FileHandle;
  readonly #made: string | undefined;
  #bytes = 0;

  constructor(
    target: string,
    temporary: string,
    existing: StageOptions['existing'],
    signal: AbortSignal,
    { handle, made }: Created,
  ) {
    this.#target = target;
    this.#temporary = temporary;
    this.#existing = existing;
    this.#signal = signal;
    this.#handle = handle;
    this.#made = made;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#signal.throwIfAborted();
    try {
      // On a handle this continues where the last write ended, and writes all of it.
      await this.#handle.writeFile(chunk);
      this.#bytes += chunk.length;
    } catch (error) {
      throw explain(`write ${this.#target}`, error);
    }
  }

  async publish(): Promise<Published> {
    try {
      this.#signal.throwIfAborted();
      await this.#handle.sync();
      const { size } = await this.#handle.stat();
      if (size !== this.#bytes) {
        throw new ReportError(
          'destination',
          `${this.#temporary} has ${size} bytes, we wrote ${this.#bytes}`,
          {
            hint: 'See who else writes in that folder.',
            retryable: true,
          },
        );
      }
      await this.#handle.close();
      await (this.#existing === 'never' ? this.#linkOnce() : rename(this.#temporary, this.#target));
      await this.#flush();
    } catch (error) {
      await this.#cleanUp(error);
      if (this.#signal.aborted && error === this.#signal.reason) throw error;
      throw explain(`publish ${this.#target}`, error);
    }
    await this.#cleanUp(undefined);
    return { location: this.#target, bytes: this.#bytes };
  }

  async discard(): Promise<void> {
    await this.#cleanUp(undefined);
  }

  /** link() is the one call that creates a name in one step and refuses a name that is taken. */
  async #linkOnce(): Promise<void> {
    try {
      await link(this.#temporary, this.#target);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw alreadyExists(this.#target, error);
      if (!NO_LINKS.includes(codeOf(error))) throw error;
      // Creating the target first would show an empty report for a moment, and rename() would overwrite.
      throw new ReportError(
        'destination',
        `${dirname(this.#target)} is on a file system without hard links`,
        {
          hint: 'Without them nothing protects an existing report. Use another folder, or let it be replaced.',
          cause: error,
          retryable: false,
        },
      );
    }
  }

  async #flush(): Promise<void> {
    try {
      await flushFolders(dirname(this.#target), this.#made);
    } catch (error) {
      // What was replaced cannot be brought back, but what is new can go.
      if (this.#existing === 'never') await unlink(this.#target);
      throw error;
    }
  }

  /** @param failure what led here, for the message when something stays */
  async #cleanUp(failure: unknown): Promise<void> {
    try {
      await this.#handle.close();
    } catch {
      // A write error can be told again at close; the file goes in any case.
    }
    try {
      await unlink(this.#temporary);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        throw new ReportError('destination', `could not remove ${this.#temporary}: ${messageOf(error)}`, {
          hint: 'It is an unfinished report: delete it by hand.',
          cause: failure ?? error,
          retryable: false,
        });
      }
    }
    await removeEmpty(dirname(this.#target), this.#made);
  }
}

async function read(target: string): Promise<Buffer | undefined> {
  try {
    return await readFile(target);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw explain(`read ${target}`, error);
  }
}

async function check(
  stage: (key: string, options: Pick<StageOptions, 'existing'>) => Promise<Staged>,
  target: string,
  key: string,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const step = async (subject: string, detail: string, action: () => Promise<void>) => {
    try {
      await action();
      findings.push({ subject, ok: true, detail });
    } catch (error) {
      findings.push({ subject, ok: false, detail: messageOf(error) });
    }
    return findings.every(({ ok }) => ok);
  };
  const publishProbe = async () => {
    const staged = await stage(key, { existing: 'never' });
    await staged.write(Buffer.from('reportctl check\n')).catch(async (error: unknown) => {
      await staged.discard();
      throw error;
    });
    await staged.publish();
  };
  let made: string | undefined;
  const written = await step('write', target, async () => {
    // Made here so that we know which folders were not there before.
    made = await mkdir(dirname(target), { recursive: true }).catch((error: unknown) => {
      throw explain(`write ${target}`, error);
    });
    await publishProbe();
  });
  if (written) {
    await step('publishing once', 'an existing file is refused', () =>
      publishProbe().then(
        () => Promise.reject(new Error('an existing file was overwritten')),
        (error: unknown) => (isAlreadyExists(error) ? undefined : Promise.reject(error)),
      ),
    );
    await step('removing the probe', 'nothing is left', () => unlink(target));
  }
  await removeEmpty(dirname(target), made);
  return findings;
}
