// The body of a PDF file (ISO 32000-1, 7.3 and 7.5): objects, compressed object streams, and the cross-reference stream.
import { constants, deflateSync } from 'node:zlib';
import { ReportError } from '../../core/errors.js';

/** The second line tells transfer programs that the file is binary (7.5.2). */
const HEADER = Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1');
const STREAM_END = Buffer.from('\nendstream\nendobj\n');
const OBJECTS_PER_STREAM = 200;
/** ISO 19005-2, 6.1.13. */
const MOST_OBJECTS = 8_388_607;
const UNWRITTEN = 0;
const COMPLETE = -1;
const NOT_COMPRESSED = 0xffff;

/**
 * Takes objects in any order and gives the bytes of the file in pieces. It holds ten bytes for each object, and the objects
 * of one object stream.
 */
export class PdfFile {
  #ready: Buffer[] = [HEADER];
  #offset = HEADER.length;
  /** The next object number; 0 is the head of the list of free objects. */
  #next = 1;
  /** By object number: its position, or the number of its object stream; UNWRITTEN until then. */
  #places = new Float64Array(1024);
  /** By object number: its index in its object stream, or NOT_COMPRESSED. */
  #indexes = new Uint16Array(1024);
  #collected: Collected | undefined;
  /** Bytes of the stream that was begun, or COMPLETE. */
  #missing = COMPLETE;

  /**
   * Reserves the number of an object that is written later.
   * @throws ReportError `contract` when there are more objects than PDF/A allows
   */
  reserve(): number {
    const number = this.#next++;
    if (number > MOST_OBJECTS) throw tooMany();
    if (number >= this.#places.length) this.#grow();
    return number;
  }

  /**
   * Writes a stream object (7.3.8).
   * @param dictionary its entries without `<<`, `>>` and Length
   * @param bytes encoded as the dictionary's Filter says. They are kept, not copied, until take()
   * @param number reserved before. @returns its number
   */
  stream(dictionary: string, bytes: Buffer, number: number = this.reserve()): number {
    this.beginStream(dictionary, bytes.length, number);
    this.piece(bytes);
    return number;
  }

  /**
   * Begins a stream object as stream() writes it. The next calls are take() and piece(), until it has `length` bytes.
   * @returns its number
   */
  beginStream(dictionary: string, length: number, number: number = this.reserve()): number {
    if (this.#missing >= 0) throw new Error('a stream begins in another');
    this.#place(number, this.#offset, NOT_COMPRESSED);
    const head = `${number} 0 obj\n<<${dictionary}/Length ${length}>>stream\n`;
    this.#push(Buffer.from(head, 'latin1'));
    this.#missing = length;
    return number;
  }

  /** Some bytes of the stream that was begun; the last ones end it. They are kept, not copied, until take() */
  piece(bytes: Buffer): void {
    this.#push(bytes);
    this.#missing -= bytes.length;
    if (this.#missing < 0) throw new Error('a stream is longer than its length');
    if (this.#missing > 0) return;
    this.#push(STREAM_END);
    this.#missing = COMPLETE;
  }

  /**
   * Collects any other object; about 200 become a compressed object stream (7.5.7).
   * @param text the object's value, a byte for each character
   * @param number reserved before. @returns its number
   */
  object(text: string, number: number = this.reserve()): number {
    this.#collected ??= { stream: this.reserve(), count: 0, length: 0, heads: '', texts: '' };
    const collected = this.#collected;
    this.#place(number, collected.stream, collected.count++);
    collected.heads += `${number} ${collected.length} `;
    collected.texts += `${text}\n`;
    collected.length += text.length + 1;
    if (collected.count === OBJECTS_PER_STREAM) this.#flush();
    return number;
  }

  /** The bytes since the last call; an empty buffer when there are none. */
  take(): Buffer {
    const bytes = Buffer.concat(this.#ready);
    this.#ready = [];
    return bytes;
  }

  /**
   * Writes the collected objects, the cross-reference stream (7.5.8) and the end of the file.
   * @param trailer numbers of the catalog and of the information dictionary, and 16 bytes
   */
  end({ root, info, id }: { readonly root: number; readonly info: number; readonly id: Buffer }): void {
    this.#flush();
    const number = this.reserve();
    const start = this.#offset;
    // The cross-reference stream has an entry of itself.
    this.#place(number, start, NOT_COMPRESSED);
    const width = Math.max(4, Math.ceil(Math.log2(start + 1) / 8));
    const entries = deflateSync(this.#entries(width));
    const hex = `<${id.toString('hex')}>`;
    const dictionary = `/Type/XRef/Size ${this.#next}/W[1 ${width} 2]/Root ${root} 0 R/Info ${info} 0 R/ID[${hex}${hex}]/Filter/FlateDecode`;
    const head = `${number} 0 obj\n<<${dictionary}/Length ${entries.length}>>stream\n`;
    this.#push(Buffer.from(head), entries, STREAM_END, Buffer.from(`startxref\n${start}\n%%EOF\n`));
  }

  #flush(): void {
    const { stream, count, heads, texts } = this.#collected ?? {};
    this.#collected = undefined;
    if (stream === undefined || heads === undefined) return;
    const bytes = deflateSync(Buffer.from(`${heads}${texts}`, 'latin1'), { level: constants.Z_BEST_SPEED });
    this.stream(`/Type/ObjStm/N ${count}/First ${heads.length}/Filter/FlateDecode`, bytes, stream);
  }

  /** Type, place and index or generation of each object (7.5.8.3). @param width bytes of a place */
  #entries(width: number): Buffer {
    const size = 1 + width + 2;
    const entries = Buffer.alloc(this.#next * size);
    entries.writeUInt16BE(0xffff, size - 2);
    for (let number = 1, at = size; number < this.#next; number++, at += size) {
      const place = this.#places[number] ?? UNWRITTEN;
      const index = this.#indexes[number] ?? NOT_COMPRESSED;
      if (place === UNWRITTEN) throw new Error(`object ${number} was reserved and not written`);
      entries[at] = index === NOT_COMPRESSED ? 1 : 2;
      entries.writeUIntBE(place, at + 1, width);
      if (index !== NOT_COMPRESSED) entries.writeUInt16BE(index, at + 1 + width);
    }
    return entries;
  }

  #place(number: number, place: number, index: number): void {
    if (this.#places[number] !== UNWRITTEN) throw new Error(`object ${number} is written twice`);
    this.#places[number] = place;
    this.#indexes[number] = index;
  }

  #push(...pieces: Buffer[]): void {
    for (const piece of pieces) {
      this.#ready.push(piece);
      this.#offset += piece.length;
    }
  }

  #grow(): void {
    const [places, indexes] = [this.#places, this.#indexes];
    this.#places = new Float64Array(2 * places.length);
    this.#places.set(places);
    this.#indexes = new Uint16Array(2 * indexes.length);
    this.#indexes.set(indexes);
  }
}

/** The objects of the next object stream. */
interface Collected {
  readonly stream: number;
  count: number;
  /** Of `texts`. */
  length: number;
  /** Number and position of each object. */
  heads: string;
  texts: string;
}

/** A text string (7.9.2.2): a literal string when it is ASCII, else UTF-16BE in hexadecimal digits. */
export function textString(text: string): string {
  if (/^[ -~]*$/.test(text)) return `(${text.replaceAll(/[\\()]/g, '\\$&')})`;
  return `<FEFF${Buffer.from(text, 'utf16le').swap16().toString('hex').toUpperCase()}>`;
}

function tooMany(): ReportError {
  const most = MOST_OBJECTS.toLocaleString('en');
  return new ReportError('contract', `writing pdf: more than ${most} objects, the most of a PDF/A file`, {
    hint: 'Ask for fewer rows with filters, or leave out the tags with tagged: false.',
  });
}
