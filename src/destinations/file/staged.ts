// A file on its way: written beside its target under a hidden name, published by link() or rename().
import type { FileHandle } from 'node:fs/promises';
import { link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Existing, Published, Staged } from '../../core/destination.js';
import { ReportError } from '../../core/errors.js';
import { codeOf, explain } from './failures.js';
import { flushFolders, inFolder, NO_LINKS, removeEmpty, removeTemporary } from './folders.js';
import { versionAt, versionOf } from './version.js';

/** After so many bytes the system is asked to bring them to the disk, beside what we do. */
const FLUSH_EVERY = 16 * 1024 ** 2;

interface Options {
  readonly existing: Existing;
  readonly signal: AbortSignal;
  /** The errors of a key that is not as expected; every destination has the same. */
  readonly alreadyExists: (location: string, cause: unknown) => ReportError;
  readonly changed: (location: string, undone: 'replaced') => ReportError;
}

/** Creates the temporary file, and the folders that it needs. @throws ReportError `destination` */
export async function stageFile(target: string, temporary: string, options: Options): Promise<Staged> {
  return new StagedFile(target, temporary, options, await create(target, temporary));
}

interface Created {
  readonly handle: FileHandle;
  /** The topmost folder that had to be made, with those below it. */
  readonly made: string | undefined;
}

async function create(target: string, temporary: string): Promise<Created> {
  try {
    const { made, result } = await inFolder(dirname(target), () => open(temporary, 'wx'));
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
  /** Bytes that nobody has been asked to bring to the disk, and what became of those before; it never rejects. */
  #unflushed = 0;
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
      if (this.#unflushed >= FLUSH_EVERY) await this.#flushOnTheWay();
    } catch (error) {
      throw explain(`write ${this.#target}`, error);
    }
  }

  async publish(): Promise<Published> {
    let version: string;
    try {
      this.#signal.throwIfAborted();
      await this.#flushed();
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
      await this.#makeVisible();
      await this.#flush();
    } catch (error) {
      await this.#cleanUp(error);
      if (this.#signal.aborted && error === this.#signal.reason) throw error;
      throw explain(`publish ${this.#target}`, error);
    }
    await this.#cleanUp(undefined);
    return { location: this.#target, bytes: this.#bytes, version };
  }

  async discard(): Promise<void> {
    await this.#cleanUp(undefined);
  }

  /** So that publishing has little to wait for (5 instead of 70 ms for 135 MB). */
  async #flushOnTheWay(): Promise<void> {
    await this.#flushed();
    this.#unflushed = 0;
    this.#flushing = this.#handle.datasync().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  /** @throws what the last flush on the way met: the system may tell of a lost byte once and then no more */
  async #flushed(): Promise<void> {
    const failure = await this.#flushing;
    if (failure !== undefined) throw failure.error;
  }

  async #makeVisible(): Promise<void> {
    const { existing, changed } = this.#options;
    if (existing === 'never') return this.#linkOnce();
    // No system call compares and renames, so whoever replaces by version holds the lease of what it replaces.
    if (existing !== 'replace' && (await versionAt(this.#target)) !== existing.version) {
      throw changed(this.#target, 'replaced');
    }
    await rename(this.#temporary, this.#target);
  }

  /** link() is the one call that creates a name in one step and refuses a name that is taken. */
  async #linkOnce(): Promise<void> {
    try {
      await link(this.#temporary, this.#target);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw this.#options.alreadyExists(this.#target, error);
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
      if (this.#options.existing === 'never') await unlink(this.#target);
      throw error;
    }
  }

  /** @param failure what led here, for the message when something stays */
  async #cleanUp(failure: unknown): Promise<void> {
    await this.#flushing;
    try {
      await this.#handle.close();
    } catch {
      // A write error can be told again at close; the file goes in any case.
    }
    await removeTemporary(this.#temporary, failure);
    await removeEmpty(dirname(this.#target), this.#made);
  }
}
