// A staged file: written under a hidden name beside its target, published by link() or rename().
import type { FileHandle } from 'node:fs/promises';
import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Existing, Published, Staged } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import { alreadyExists, changed, outcomeUnknown, visibleAllTheSame } from '../../core/existing-file.js';
import { codeOf, explain } from './failures.js';
import { flushFolders, inFolder, NO_LINKS, removeEmpty, removeTemporary } from './folders.js';
import { settlePermissions, UNFINISHED_MODE } from './permissions.js';
import { plainFileAt } from './place.js';
import { versionAt, versionOf } from './version.js';

/** After so many bytes a flush to the disk is started in the background. */
const FLUSH_BYTES = 16 * 1024 ** 2;

interface Options {
  /** Within the destination. */
  readonly key: string;
  readonly existing: Existing;
  readonly confirm?: (() => Promise<void>) | undefined;
  /** Of a new file, before the umask takes its bits away. */
  readonly mode: number;
  readonly signal: AbortSignal;
  /** Where there are no hard links a new file is renamed into place, after a look: for files that no other run writes. */
  readonly mayRename?: true;
}

/**
 * Creates the temporary file and its folders.
 * @throws ReportError `destination`, also where the target is no plain file
 */
export async function stageFile(target: string, temporary: string, options: Options): Promise<Staged> {
  return new StagedFile(target, temporary, options, await create(target, temporary));
}

interface Created {
  readonly handle: FileHandle;
  /** The topmost folder that was created for the file. */
  readonly made: string | undefined;
}

async function create(target: string, temporary: string): Promise<Created> {
  try {
    await plainFileAt(target);
    const { made, result } = await inFolder(dirname(target), () => open(temporary, 'wx', UNFINISHED_MODE));
    return { handle: result, made };
  } catch (error) {
    throw explain(`write ${target}`, error);
  }
}

class StagedFile implements Staged {
  readonly #target: string;
  readonly #temporary: string;
  readonly #options: Options;
  readonly #signal: AbortSignal;
  readonly #handle: FileHandle;
  readonly #made: string | undefined;
  #bytes = 0;
  #unflushed = 0;
  /** The background flush; resolves to its failure and never rejects. */
  #flushing: Promise<{ readonly error: unknown } | undefined> = Promise.resolve(undefined);

  constructor(target: string, temporary: string, options: Options, { handle, made }: Created) {
    this.#target = target;
    this.#temporary = temporary;
    this.#options = options;
    this.#signal = options.signal;
    this.#handle = handle;
    this.#made = made;
  }

  async write(chunk: Buffer): Promise<void> {
    this.#signal.throwIfAborted();
    try {
      // On a handle this continues where the last write ended, and writes all of it.
      await this.#handle.writeFile(chunk);
      this.#bytes += chunk.length;
      this.#unflushed += chunk.length;
      if (this.#unflushed >= FLUSH_BYTES) await this.#startFlush();
    } catch (error) {
      throw explain(`write ${this.#target}`, error);
    }
  }

  async publish(): Promise<Published> {
    let version: string;
    try {
      this.#signal.throwIfAborted();
      await this.#flushed();
      const former = this.#options.existing === 'never' ? undefined : await plainFileAt(this.#target);
      await settlePermissions(this.#handle, former, this.#options.mode);
      await this.#handle.sync();
      const stats = await this.#handle.stat({ bigint: true });
      if (Number(stats.size) !== this.#bytes) {
        throw new ReportError(
          'destination',
          `${this.#temporary} has ${stats.size} bytes, we wrote ${this.#bytes}`,
          {
            hint: 'See who else writes in that folder.',
            retryable: true,
          },
        );
      }
      version = versionOf(stats);
      await this.#handle.close();
      await this.#options.confirm?.();
      await this.#makeVisible().catch((error: unknown) => this.#assertVisible(version, error));
    } catch (error) {
      await this.#cleanUp(error);
      if (this.#signal.aborted && error === this.#signal.reason) throw error;
      throw explain(`publish ${this.#target}`, error);
    }
    await this.#settle(version);
    return { location: this.#target, bytes: this.#bytes, version };
  }

  async discard(): Promise<void> {
    await this.#cleanUp(undefined);
  }

  /** Makes the wait in publish() short (5 instead of 70 ms for 135 MB). */
  async #startFlush(): Promise<void> {
    await this.#flushed();
    this.#unflushed = 0;
    this.#flushing = this.#handle.datasync().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  /** @throws the failure of the last background flush: the kernel reports a write error only once */
  async #flushed(): Promise<void> {
    const failure = await this.#flushing;
    if (failure !== undefined) throw failure.error;
  }

  async #makeVisible(): Promise<void> {
    const { existing } = this.#options;
    if (existing === 'never') return this.#linkOnce();
    // No system call compares and renames: the caller holds a lease on what it replaces.
    const there = await plainFileAt(this.#target);
    if (existing !== 'replace' && (there && versionOf(there)) !== existing.version) {
      throw changed(this.#target, 'replaced');
    }
    await rename(this.#temporary, this.#target);
  }

  /**
   * A call that was done may be answered with an error, as when the answer of a network file system is lost and the call is
   * sent again (link(2), "Bugs"). Then the target is the file that was written.
   * @throws the error when it is not, and that it is not known when that cannot be found out
   */
  async #assertVisible(version: string, error: unknown): Promise<void> {
    const found = await versionAt(this.#target).catch((reason: unknown) => {
      throw outcomeUnknown(
        `could not publish ${this.#target}: ${explain('', error).reason}; whether it is there all the same could not be found out: ${explain('', reason).reason}`,
        error,
      );
    });
    if (found !== version) throw error;
  }

  /** link() creates a name in one step and fails when the name is taken; rename() would overwrite. */
  async #linkOnce(): Promise<void> {
    try {
      await link(this.#temporary, this.#target);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw alreadyExists(this.#target, error);
      if (!NO_LINKS.includes(codeOf(error))) throw error;
      if (this.#options.mayRename) return this.#renameOnce(error);
      // No fallback: an exclusively created target would be visible while it is empty.
      throw new ReportError(
        'destination',
        `${dirname(this.#target)} is on a file system without hard links`,
        {
          hint: 'Without them nothing protects an existing report. Use another folder.',
          cause: error,
          retryable: false,
        },
      );
    }
  }

  async #renameOnce(cause: unknown): Promise<void> {
    if ((await plainFileAt(this.#target)) !== undefined) throw alreadyExists(this.#target, cause);
    await rename(this.#temporary, this.#target);
  }

  /**
   * Flushes the names in the folders and removes the temporary one. A new file is removed again when that fails; one that was
   * replaced cannot be restored.
   */
  async #settle(version: string): Promise<void> {
    try {
      await flushFolders(dirname(this.#target), this.#made);
      await this.#cleanUp(undefined);
    } catch (error) {
      const failure = explain(`flush ${dirname(this.#target)} to the disk`, error);
      const isRemoved = this.#options.existing === 'never' && (await isUnlinked(this.#target));
      if (isRemoved) {
        await this.#cleanUp(failure);
        throw failure;
      }
      // What cannot be removed either is named as well.
      const whole = await this.#cleanUp(failure).then(
        () => failure,
        (both: unknown) => explain(`clean up ${this.#target}`, both),
      );
      throw visibleAllTheSame(whole, { key: this.#options.key, version, location: this.#target });
    }
  }

  /** @param failure the error that led here, named in the message when the temporary file cannot be removed */
  async #cleanUp(failure: unknown): Promise<void> {
    await this.#flushing;
    try {
      await this.#handle.close();
    } catch {
      // Ignore it: close() may report a write error again, and the file is removed anyway.
    }
    await removeTemporary(this.#temporary, failure);
    await removeEmpty(dirname(this.#target), this.#made);
  }
}

/** Removes the name. @returns whether it is gone */
function isUnlinked(path: string): Promise<boolean> {
  return unlink(path).then(
    () => true,
    () => false,
  );
}
