// A power cut, simulated from the log of a run: what was not flushed with fsync() is there afterwards only in a random part.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Files } from '../scenarios.js';
import type { Call } from './shim.js';

const CREATES = 0o100;
const TRUNCATES = 0o1000;

/** A file or a folder. What was done to it since its last flush may be lost, in any part. */
class Inode {
  readonly entries: Map<string, Inode> | undefined;
  content: Buffer = Buffer.alloc(0);
  /** What the disk has for certain. */
  readonly flushedEntries = new Map<string, Inode>();
  flushedContent: Buffer = Buffer.alloc(0);
  pending: Change[] = [];

  constructor(kind: 'file' | 'folder') {
    this.entries = kind === 'folder' ? new Map() : undefined;
  }

  flush(): void {
    for (const change of this.pending) change.isFlushed = true;
    this.pending = [];
  }
}

/** A write, or a change of names. A rename between two folders is one change of both. */
interface Change {
  readonly apply: () => void;
  isFlushed: boolean;
}

/** The file system below the destination as a run changed it. */
class Disk {
  readonly root = new Inode('folder');
  readonly #changes: Change[] = [];
  readonly #opened = new Map<number, { inode: Inode; position: number }>();

  constructor(before: Files) {
    for (const [key, content] of before) {
      let folder = this.root;
      const names = key.split('/');
      const name = names.pop() ?? '';
      for (const each of names) {
        const next = folder.flushedEntries.get(each) ?? new Inode('folder');
        folder.entries?.set(each, next);
        folder.flushedEntries.set(each, next);
        folder = next;
      }
      const file = new Inode('file');
      file.content = content;
      file.flushedContent = content;
      folder.entries?.set(name, file);
      folder.flushedEntries.set(name, file);
    }
  }

  /** @param call that succeeded */
  play(call: Call): void {
    const { name, path, second, descriptor } = call;
    if (name === 'mkdir' && path !== '.') this.#enter(path, new Inode('folder'));
    if (name === 'open') this.#open(call);
    if (name === 'link') this.#enter(second, this.#at(path));
    if (name === 'rename') this.#rename(path, second);
    if (name === 'unlink' || name === 'rmdir') this.#remove(path);
    const opened = this.#opened.get(descriptor);
    if (opened === undefined) return;
    if (name === 'write') {
      const at = call.offset < 0 ? opened.position : call.offset;
      this.#write(opened.inode, at, call.data);
      opened.position = at + call.data.length;
    }
    if (name === 'sendfile') {
      const from = this.#opened.get(call.flags);
      if (from === undefined) throw new Error(`copied from an unknown file: ${call.second}`);
      const data = from.inode.content.subarray(from.position, from.position + call.result);
      from.position += data.length;
      this.#write(opened.inode, opened.position, data);
      opened.position += data.length;
    }
    if (name === 'fsync' || name === 'fdatasync') opened.inode.flush();
    if (name === 'close') this.#opened.delete(descriptor);
  }

  #open({ path, flags, descriptor }: Call): void {
    const known = this.#find(path);
    const inode = known ?? new Inode('file');
    if (known === undefined) {
      if ((flags & CREATES) === 0) throw new Error(`${path} was opened and is not there`);
      this.#enter(path, inode);
    } else if (flags & TRUNCATES) throw new Error(`${path} is truncated: the simulation does not know how`);
    this.#opened.set(descriptor, { inode, position: 0 });
  }

  #write(inode: Inode, at: number, data: Buffer): void {
    const written = (content: Buffer) => {
      const grown = Buffer.alloc(Math.max(content.length, at + data.length));
      content.copy(grown);
      data.copy(grown, at);
      return grown;
    };
    inode.content = written(inode.content);
    this.#change([inode], () => {
      inode.flushedContent = written(inode.flushedContent);
    });
  }

  #enter(path: string, inode: Inode): void {
    const [folder, name] = this.#parentOf(path);
    folder.entries?.set(name, inode);
    this.#change([folder], () => folder.flushedEntries.set(name, inode));
  }

  #remove(path: string): void {
    const [folder, name] = this.#parentOf(path);
    const inode = folder.entries?.get(name);
    folder.entries?.delete(name);
    this.#change([folder], () => {
      if (folder.flushedEntries.get(name) === inode) folder.flushedEntries.delete(name);
    });
  }

  #rename(path: string, second: string): void {
    const inode = this.#at(path);
    // Two names of one file: rename() does nothing (POSIX).
    if (this.#find(second) === inode) return;
    const [from, name] = this.#parentOf(path);
    const [to, newName] = this.#parentOf(second);
    from.entries?.delete(name);
    to.entries?.set(newName, inode);
    this.#change([from, to], () => {
      if (from.flushedEntries.get(name) === inode) from.flushedEntries.delete(name);
      to.flushedEntries.set(newName, inode);
    });
  }

  #change(of: readonly Inode[], apply: () => void): void {
    const change: Change = { apply, isFlushed: false };
    this.#changes.push(change);
    for (const inode of of) inode.pending.push(change);
  }

  #parentOf(path: string): [Inode, string] {
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    const name = names.pop() ?? '';
    return [this.#at(names.join('/')), name];
  }

  #at(path: string): Inode {
    const inode = this.#find(path);
    if (inode === undefined) throw new Error(`${path} is not there`);
    return inode;
  }

  #find(path: string): Inode | undefined {
    let inode: Inode | undefined = this.root;
    for (const name of path.split('/')) if (name !== '' && name !== '.') inode = inode?.entries?.get(name);
    return inode;
  }

  /** What is there when the power is back. @param isKept of a change that was not flushed */
  after(isKept: () => boolean): Map<string, Buffer> {
    for (const change of this.#changes) if (change.isFlushed || isKept()) change.apply();
    const found = new Map<string, Buffer>();
    const collect = (folder: Inode, prefix: string) => {
      for (const [name, inode] of folder.flushedEntries) {
        if (inode.entries) collect(inode, `${prefix}${name}/`);
        else found.set(`${prefix}${name}`, inode.flushedContent);
      }
    };
    collect(this.root, '');
    return found;
  }
}

/**
 * The files after the power was cut behind a call.
 * @param calls of the run, with the bytes written
 * @param last the number of the last call that was made
 * @param isKept says of each change that was not flushed whether the disk has it
 */
export function filesAfterPowerCut(
  before: Files,
  calls: readonly Call[],
  last: number,
  isKept: () => boolean,
): Map<string, Buffer> {
  const disk = new Disk(before);
  for (const call of calls) if (call.number <= last && call.result >= 0) disk.play(call);
  return disk.after(isKept);
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [key, content] of files) {
    await mkdir(dirname(join(folder, key)), { recursive: true });
    await writeFile(join(folder, key), content);
  }
}
