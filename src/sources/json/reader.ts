// Bytes of a file, chunk by chunk, to the documents in it: one or many objects on lines of their own, or one array.
import { isUtf8 } from 'node:buffer';
import { ReportError } from '../../core/errors.js';
import { viewOf } from '../documents/lines.js';
import { type ToCell, toCell } from '../documents/value.js';
import type { Fields } from './fields.js';
import type { Document } from './paths.js';
import { BrokenJson, OUT_OF_BYTES, Scanner, SLACK } from './scanner.js';

/** Bytes. A document of MongoDB has at most 16 MiB, and several times that in canonical Extended JSON. */
const LARGEST_DOCUMENT = 128 * 1024 * 1024;

const FEED = 0x0a;

const CUT = 'The file was cut off: copy or export it again.';
const ONE_A_LINE = 'Write each document on a line of its own (NDJSON), or all of them in one array.';

/** What may come next. */
type State = 'anything' | 'document' | 'line' | 'first-element' | 'element' | 'comma' | 'nothing';

/** Reads the documents of one file after the other; bytes and text belong to the document until the next call. */
export class DocumentReader implements Document {
  readonly scanner = new Scanner();
  scan = 0;
  readonly toJson: ToCell;
  readonly #root: Fields;
  readonly #doing: string;
  #file = '';
  #state: State = 'anything';
  /** Where the next thing begins, in the bytes. */
  #at = 0;
  /** Bytes of the file before those that are held. */
  #before = 0;
  /** How many of the bytes are known to be UTF-8. */
  #checked = 0;
  /** Where the current document begins, and the line feeds before it. */
  #start = 0;
  #line = 0;
  /** A document that is not whole is tried again when there are so many bytes: trying is paid for twice at most. */
  #enough = 0;
  #final = false;

  /** @param doing what we are doing, for messages: `reading "producao" from source "vendas" (file:docs)` */
  constructor(root: Fields, doing: string, timezone: string) {
    this.toJson = toCell('json', { timezone, isoText: false });
    this.#root = root;
    this.#doing = doing;
  }

  get bytes(): Buffer {
    return this.scanner.bytes;
  }

  /** The current document as it stands in the file. */
  get json(): string {
    return this.scanner.bytes.toString('utf8', this.#start, this.#at);
  }

  /** Where the current document is, for messages. */
  get place(): string {
    return `${this.#file} line ${this.#line + 1}`;
  }

  /** Where it begins, in bytes from the beginning of the file (unzipped). */
  get offset(): number {
    return this.#before + this.#start;
  }

  /** Bytes of the file that were taken by documents. */
  get taken(): number {
    return this.#before + this.#at;
  }

  /** Is there nothing but white space so far? */
  get isEmpty(): boolean {
    return this.#state === 'anything';
  }

  /** Are there only whole documents so far, and does a line begin here? */
  get isAtLine(): boolean {
    return this.#state === 'document' && this.#at === this.scanner.end;
  }

  begin(file: string): void {
    this.#file = file;
    this.#state = 'anything';
    this.#final = false;
    this.#at = this.#before = this.#checked = this.#start = this.#line = this.#enough = 0;
    this.scanner.end = this.scanner.lines = 0;
  }

  /** As begin(), for bytes of a file in which documents stand on lines of their own: a line begins with them. */
  resume(): void {
    this.begin('');
    this.#state = 'document';
  }

  /** So many bytes and line feeds were read by somebody else: whole documents, up to the end of a line. From isAtLine to isAtLine. */
  skip(bytes: number, lines: number): void {
    this.#before += this.#at + bytes;
    this.#at = this.#checked = this.scanner.end = 0;
    this.scanner.lines += lines;
  }

  /** @throws ReportError `source` when the bytes are not UTF-8 */
  append(chunk: Uint8Array): void {
    const { scanner } = this;
    const kept = scanner.end - this.#at;
    let bytes = scanner.bytes;
    // One more for the 0 at the end.
    const needed = kept + chunk.length + 1 + SLACK;
    if (needed > bytes.length) bytes = Buffer.allocUnsafeSlow(needed * 2);
    if (bytes !== scanner.bytes || this.#at > 0) scanner.bytes.copy(bytes, 0, this.#at, scanner.end);
    bytes.set(chunk, kept);
    this.#before += this.#at;
    this.#checked = Math.max(0, this.#checked - this.#at);
    this.#at = 0;
    this.#start = 0;
    this.#line = scanner.lines;
    if (bytes !== scanner.bytes) {
      scanner.bytes = bytes;
      scanner.view = viewOf(bytes);
    }
    scanner.end = kept + chunk.length;
    bytes[scanner.end] = 0;
    this.#check(scanner.end - unfinished(bytes, scanner.end));
  }

  /** No more bytes come: what is left must be whole. */
  finish(): void {
    this.#final = true;
    this.#check(this.scanner.end);
  }

  /** Goes to the next document; false when more bytes are needed, or after the last. @throws ReportError `source` */
  next(): boolean {
    const { scanner } = this;
    try {
      if (scanner.end - this.#at < this.#enough && !this.#final) return false;
      this.#anchor();
      if (!this.#toDocument()) return false;
      this.#anchor();
      this.scan += 1;
      this.#at = scanner.object(this.#root, this.#at + 1, this.scan);
    } catch (error) {
      if (error !== OUT_OF_BYTES) throw this.explain(error);
      this.#outOfBytes();
      return false;
    }
    this.#enough = 0;
    this.#state = this.#state === 'document' ? 'line' : 'comma';
    return true;
  }

  /** What is wrong with the JSON, with its place; other errors as they are. */
  explain(error: unknown): unknown {
    return error instanceof BrokenJson ? this.#broken(error) : error;
  }

  #anchor(): void {
    this.#start = this.#at;
    this.#line = this.scanner.lines;
  }

  /** To the first byte of the next document; false when there is none yet. */
  #toDocument(): boolean {
    const { scanner } = this;
    const { bytes } = scanner;
    if (this.#state === 'anything' && this.#before + this.#at === 0 && !this.#pastMark()) return false;
    for (;;) {
      const lines = scanner.lines;
      const at = scanner.space(this.#at);
      this.#at = at;
      if (this.#state === 'line' && scanner.lines > lines) this.#state = 'document';
      if (at >= scanner.end) {
        if (this.#final && isOpen(this.#state))
          throw new BrokenJson('the file ends in the middle of an array', at, CUT);
        return false;
      }
      const byte = bytes[at];
      if (this.#state === 'anything') this.#state = byte === 0x5b ? 'first-element' : 'document';
      else if (this.#state === 'first-element' && byte === 0x5d) this.#state = 'nothing';
      else if (this.#state === 'comma' && byte === 0x5d) this.#state = 'nothing';
      else if (this.#state === 'comma' && byte === 0x2c) this.#state = 'element';
      else if (this.#state === 'document' || this.#state === 'first-element' || this.#state === 'element') {
        if (byte === 0x7b) return true;
        if (byte === 0x5d && this.#state === 'element') throw new BrokenJson('a comma before "]"', at);
        throw new BrokenJson(`${scanner.shown(at)} where a document, which is an object, should begin`, at);
      } else throw new BrokenJson(this.#notExpected(at), at, ONE_A_LINE);
      if (this.#state !== 'document') this.#at = at + 1;
    }
  }

  #notExpected(at: number): string {
    const shown = this.scanner.shown(at);
    if (this.#state === 'comma') return `${shown} where "," or "]" should be`;
    if (this.#state === 'nothing') return `${shown} behind the end of the array`;
    return this.bytes[at] === 0x7b ? 'two documents on one line' : `${shown} behind a document, on its line`;
  }

  /** False while it cannot be told yet whether there is a byte order mark. */
  #pastMark(): boolean {
    const { bytes, end } = this.scanner;
    const mark = [0xef, 0xbb, 0xbf];
    const same = mark.findIndex((byte, index) => index >= end || bytes[index] !== byte);
    if (same === -1) this.#at = mark.length;
    return same === -1 || same < end || this.#final;
  }

  #outOfBytes(): void {
    const { scanner } = this;
    // The scan did not happen.
    for (const field of this.#root.byName.values()) if (field.seenIn === this.scan) field.documents -= 1;
    const size = scanner.end - this.#at;
    if (this.#final)
      throw this.#broken(new BrokenJson('the file ends in the middle of a document', this.#at, CUT));
    if (size > LARGEST_DOCUMENT) {
      throw this.#broken(
        new BrokenJson(`a document of more than ${LARGEST_DOCUMENT} bytes begins here`, this.#at),
      );
    }
    scanner.lines = this.#line;
    this.#enough = size * 2;
  }

  #check(end: number): void {
    const { bytes } = this.scanner;
    if (!isUtf8(bytes.subarray(this.#checked, end))) {
      throw this.explain(
        new BrokenJson(
          'bytes that are not UTF-8',
          firstInvalid(bytes, this.#checked, end),
          'Save the file as UTF-8.',
        ),
      );
    }
    this.#checked = end;
  }

  #broken({ message, hint, at }: BrokenJson): ReportError {
    const { bytes } = this.scanner;
    let line = this.#line + 1;
    for (let index = this.#start; index < at; index += 1) if (bytes[index] === FEED) line += 1;
    const place = `${this.#file} line ${line} (byte offset ${this.#before + at})`;
    return new ReportError('source', `${this.#doing}: ${place}: ${message}`, { hint, retryable: false });
  }
}

function isOpen(state: State): boolean {
  return state === 'first-element' || state === 'element' || state === 'comma';
}

/** How many bytes before `end` begin a character that goes on behind it. */
function unfinished(bytes: Buffer, end: number): number {
  for (let back = 1; back <= 3 && back <= end; back += 1) {
    const byte = bytes[end - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

function firstInvalid(bytes: Buffer, from: number, end: number): number {
  const text = bytes.toString('utf8', from, end);
  let at = from;
  for (let index = 0; ; ) {
    // What stands in the text for bytes that are no character may also be one of the file.
    const found = text.indexOf('\ufffd', index);
    if (found === -1) return end;
    at += Buffer.byteLength(text.slice(index, found));
    if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) return at;
    at += 3;
    index = found + 1;
  }
}
