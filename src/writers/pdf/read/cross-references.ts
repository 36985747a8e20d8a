// The cross-reference stream (ISO 32000-1, 7.5.8): it must say of each object what was seen in the file.
import { damaged } from './damaged.js';
import { type Dictionary, wholeNumber } from './dictionary.js';
import { inflated } from './inflated.js';

/** ISO 19005-2, 6.1.13. */
const MOST_OBJECTS = 8_388_607;
const FREE = 0;
const IN_FILE = 1;
const IN_OBJECT_STREAM = 2;
/** Of an object that is never used again. */
const LAST_GENERATION = 0xffff;

export class CrossReferences {
  /** By object number: the position in the file. */
  readonly #positions = new Map<number, number>();
  /** By number of an object stream: how many objects it holds. */
  readonly #members = new Map<number, number>();

  /** An object that was seen in the file. @throws ReportError `contract` when there was one of this number before */
  add(number: number, position: number, dictionary: Dictionary, where: string): void {
    if (this.#positions.has(number)) throw damaged(`${where} comes twice`);
    this.#positions.set(number, position);
    if (dictionary.get('Type') === '/ObjStm') this.#members.set(number, wholeNumber(dictionary, 'N', where));
  }

  /**
   * @param packed the bytes of the stream
   * @throws ReportError `contract` when it is not about all objects that were seen, and about no other
   */
  check(packed: Buffer, dictionary: Dictionary, where: string): void {
    const size = wholeNumber(dictionary, 'Size', where);
    const width = Number(/^\[1 ([4-6]) 2\]$/.exec(dictionary.get('W') ?? '')?.[1]);
    if (Number.isNaN(width) || dictionary.has('Index') || size > MOST_OBJECTS + 1) {
      throw damaged(`${where} has no cross-references as the writer makes them`);
    }
    const entry = 1 + width + 2;
    const entries = inflated(packed, dictionary, size * entry, where);
    if (entries.length !== size * entry) throw damaged(`${where} is not about ${size} objects`);
    const found = { inFile: 0, inStreams: 0 };
    for (let number = 0, at = 0; number < size; number++, at += entry) {
      const type = entries[at];
      const place = entries.readUIntBE(at + 1, width);
      const index = entries.readUInt16BE(at + 1 + width);
      const isInFile = type === IN_FILE && place === this.#positions.get(number) && index === 0;
      const isInStream = type === IN_OBJECT_STREAM && index < (this.#members.get(place) ?? 0);
      const isFree = type === FREE && place === 0 && number === 0 && index === LAST_GENERATION;
      if (!isInFile && !isInStream && !isFree) throw damaged(`object ${number} is not where ${where} says`);
      if (isInFile) found.inFile += 1;
      if (isInStream) found.inStreams += 1;
    }
    const members = [...this.#members.values()].reduce((sum, count) => sum + count, 0);
    if (found.inFile !== this.#positions.size || found.inStreams !== members) {
      throw damaged(`${where} leaves objects out`);
    }
  }
}
