// Finds the documents in the chunks of a file: objects on lines of their own, or one array.
import { isUtf8 } from 'node:buffer';
import { ReportError } from '../../core/errors.js';
import { viewOf } from '../documents/lines.js';
import { type ToCell, toCell } from '../documents/value.js';
import type { Fields } from './fields.js';
import type { Document } from './paths.js';
import { BrokenJson, OUT_OF_BYTES, Scanner, SLACK } from './scanner.js';

/** MongoDB's documents have at most 16 MiB, several times that as canonical Extended JSON. */
const MAX_DOCUMENT_BYTES = 128 * 1024 * 1024;

const FEED = 0x0a;

const CUT = 'The file was cut off: copy or export it again.';
const ONE_A_LINE = 'Write each document on a line of its own (NDJSON), or all of them in one array.';

/** What may come next. */
type State = 'anything' | 'document' | 'line' | 'first-element' | 'element' | 'comma' | 'nothing';

/** Reads the documents of files, one file after the other. Its bytes and texts are valid until the next call of next() or append(). */
export class DocumentReader implements Document {
  readonly scanner = new Scanner();
  scan = 0;
  readonly toJson: ToCell;
  readonly #root: Fields;
  readonly #doing: string;
  #file = '';
  #state: State = 'anything';
  /** The position in `bytes` of what comes next. */
  #at = 0;
  /** Bytes of the file before the first one in `bytes`. */
  #before = 0;
  /** Bytes already checked to be UTF-8. */
  #checked = 0;
  /** Where the current document starts, and the line feeds before it. */
  #start = 0;
  #line = 0;
  /** An unfinished document is scanned again when so many bytes are there, twice as many as before: the total cost stays linear. */
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

  /** Where the current document starts, in bytes of the decompressed file. */
  get offset(): number {
    return this.#before + this.#start;
  }

  /** Bytes of the file up to the end of the last document. */
  get taken(): number {
    return this.#before + this.#at;
  }

  /** Has the file had nothing but white space so far? */
  get isEmpty(): boolean {
    return this.#state === 'anything';
  }

  /** Does a line start here, after whole documents only? */
  get isAtLine(): boolean {
    return this.#state === 'document' && this.#at === this.scanner.end;
  }

  /** Starts a file. @param file its name, for messages */
  begin(file: string): void {
    this.#file = file;
    this.#state = 'anything';
    this.#final = false;
    this.#at = this.#before = this.#checked = this.#start = this.#line = this.#enough = 0;
    this.scanner.end = this.scanner.lines = 0;
  }

  /** Starts in the middle of a file that has documents on lines of their own, where a line starts. */
  resume(): void {
    this.begin('');
    this.#state = 'document';
  }

  /** Skips whole lines that another reader has read. isAtLine must be true, and stays so. */
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
    // The scanner needs a 0 after the last byte.
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

  /** Call it after the last chunk of a file: the bytes that are left must be whole documents. */
  finish(): void {
    this.#final = true;
    this.#check(this.scanner.end);
  }

  /** Moves to the next document. False when it needs more bytes, or after the last. @throws ReportError `source` */
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

  /** Adds the file and line to an error of the JSON; returns other errors unchanged. */
  explain(error: unknown): unknown {
    return error instanceof BrokenJson ? this.#broken(error) : error;
  }

  #anchor(): void {
    this.#start = this.#at;
    this.#line = this.scanner.lines;
  }

  /** Moves to the first byte of the next document. False when that has not arrived yet. */
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
    if (this.#state === 'nothing') return `${shown} after the end of the array`;
    return this.bytes[at] === 0x7b ? 'two documents on one line' : `${shown} after a document, on its line`;
  }

  /** Skips a byte order mark. False while too few bytes are there to know. */
  #pastMark(): boolean {
    const { bytes, end } = this.scanner;
    const mark = [0xef, 0xbb, 0xbf];
    const same = mark.findIndex((byte, index) => index >= end || bytes[index] !== byte);
    if (same === -1) this.#at = mark.length;
    return same === -1 || same < end || this.#final;
  }

  #outOfBytes(): void {
    const { scanner } = this;
    // Take back what this unfinished scan has counted.
    for (const field of this.#root.byName.values()) if (field.seenIn === this.scan) field.documents -= 1;
    const size = scanner.end - this.#at;
    if (this.#final)
      throw this.#broken(new BrokenJson('the file ends in the middle of a document', this.#at, CUT));
    if (size > MAX_DOCUMENT_BYTES) {
      throw this.#broken(
        new BrokenJson(`a document of more than ${MAX_DOCUMENT_BYTES} bytes begins here`, this.#at),
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

/** How many bytes before `end` belong to a character that continues after it. */
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
    // The file may hold a real U+FFFD too, as three bytes.
    const found = text.indexOf('\ufffd', index);
    if (found === -1) return end;
    at += Buffer.byteLength(text.slice(index, found));
    if (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd) return at;
    at += 3;
    index = found + 1;
  }
}
