// Reads a TrueType font, and writes a subset of it for embedding (OpenType 1.9; ISO 32000-1, 9.9).

/** Tables that a PDF file's font needs. The others say what the PDF file says itself. */
const EMBEDDED = ['cvt ', 'fpgm', 'glyf', 'head', 'hhea', 'hmtx', 'loca', 'maxp', 'prep'];
const VERSION = 0x00010000;
const DIRECTORY_ENTRY = 16;
const CHECKSUM_BASE = 0xb1b0afba;
/** Flags of a component of a composite glyph. */
const [WORDS, SCALE, MORE, TWO_SCALES, FOUR_SCALES] = [0x01, 0x08, 0x20, 0x40, 0x80];

/** A font with outlines in `glyf`, long offsets or short ones, and a Unicode map of format 4. */
export class TrueType {
  readonly unitsPerEm: number;
  /** Above and below the baseline, and the box around all glyphs: in units. */
  readonly ascent: number;
  readonly descent: number;
  readonly box: readonly number[];
  /** By UTF-16 code unit: its glyph, 0 where the font has none. */
  readonly glyphs: Uint16Array;
  readonly #tables: ReadonlyMap<string, Buffer>;
  readonly #hasLongOffsets: boolean;
  readonly #advances: number;

  constructor(bytes: Buffer) {
    this.#tables = tablesOf(bytes);
    const [head, hhea] = [this.#table('head'), this.#table('hhea')];
    this.unitsPerEm = head.readUInt16BE(18);
    this.box = [36, 38, 40, 42].map((at) => head.readInt16BE(at));
    this.#hasLongOffsets = head.readInt16BE(50) === 1;
    this.ascent = hhea.readInt16BE(4);
    this.descent = hhea.readInt16BE(6);
    this.#advances = hhea.readUInt16BE(34);
    this.glyphs = glyphsOf(this.#table('cmap'));
  }

  /** In units. */
  advanceOf(glyph: number): number {
    // Glyphs after the last advance have the same.
    return this.#table('hmtx').readUInt16BE(4 * Math.min(glyph, this.#advances - 1));
  }

  /** The highest point of a glyph with an outline, in units. */
  topOf(glyph: number): number {
    return this.#outline(glyph).readInt16BE(8);
  }

  /** A font in which these glyphs, their components and glyph 0 have the same numbers, and others have no outline. */
  subset(glyphs: Iterable<number>): Buffer {
    const used = this.#withComponents(glyphs);
    const count = 1 + Math.max(...used);
    const advances = Math.min(count, this.#advances);
    const hmtx = Buffer.alloc(4 * advances + 2 * (count - advances));
    const loca = Buffer.alloc(4 * (count + 1));
    const outlines: Buffer[] = [];
    let length = 0;
    for (let glyph = 0; glyph < count; glyph++) {
      if (used.has(glyph)) {
        const outline = this.#outline(glyph);
        outlines.push(outline);
        length += outline.length;
        // After the last advance there are only bearings.
        const [at, size] = glyph < advances ? [4 * glyph, 4] : [4 * advances + 2 * (glyph - advances), 2];
        this.#table('hmtx').copy(hmtx, at, at, at + size);
      }
      loca.writeUInt32BE(length, 4 * (glyph + 1));
    }
    const head = Buffer.from(this.#table('head'));
    head.writeUInt32BE(0, 8);
    head.writeInt16BE(1, 50);
    const hhea = Buffer.from(this.#table('hhea'));
    hhea.writeUInt16BE(advances, 34);
    const maxp = Buffer.from(this.#table('maxp'));
    maxp.writeUInt16BE(count, 4);
    const changed = { glyf: Buffer.concat(outlines), head, hhea, hmtx, loca, maxp };
    return fontOf(new Map([...this.#tables, ...Object.entries(changed)]));
  }

  #withComponents(glyphs: Iterable<number>): Set<number> {
    const used = new Set([0, ...glyphs]);
    // Components that are added while the set is read are read too.
    for (const glyph of used) for (const component of componentsOf(this.#outline(glyph))) used.add(component);
    return used;
  }

  #outline(glyph: number): Buffer {
    const loca = this.#table('loca');
    const at = (index: number) =>
      this.#hasLongOffsets ? loca.readUInt32BE(4 * index) : 2 * loca.readUInt16BE(2 * index);
    return this.#table('glyf').subarray(at(glyph), at(glyph + 1));
  }

  #table(name: string): Buffer {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`the font has no table ${name}`);
    return table;
  }
}

function tablesOf(bytes: Buffer): Map<string, Buffer> {
  const tables = new Map<string, Buffer>();
  const count = bytes.readUInt16BE(4);
  for (let at = 12; at < 12 + DIRECTORY_ENTRY * count; at += DIRECTORY_ENTRY) {
    const offset = bytes.readUInt32BE(at + 8);
    tables.set(
      bytes.toString('latin1', at, at + 4),
      bytes.subarray(offset, offset + bytes.readUInt32BE(at + 12)),
    );
  }
  return tables;
}

function glyphsOf(cmap: Buffer): Uint16Array {
  const glyphs = new Uint16Array(65536);
  const map = unicodeMapOf(cmap);
  const size = map.readUInt16BE(6);
  // Four arrays of that many bytes; a word without a meaning follows the first.
  const [ends, starts, deltas, offsets] = [14, 16 + size, 16 + 2 * size, 16 + 3 * size];
  for (let segment = 0; segment < size; segment += 2) {
    const start = map.readUInt16BE(starts + segment);
    const delta = map.readUInt16BE(deltas + segment);
    // From its own place.
    const offset = map.readUInt16BE(offsets + segment);
    for (let code = start; code <= map.readUInt16BE(ends + segment); code++) {
      if (code === 0xffff) break;
      const found = offset === 0 ? code : map.readUInt16BE(offsets + segment + offset + 2 * (code - start));
      glyphs[code] = offset !== 0 && found === 0 ? 0 : (found + delta) & 0xffff;
    }
  }
  return glyphs;
}

/** The map from the Basic Multilingual Plane: platform Windows, encoding Unicode BMP. */
function unicodeMapOf(cmap: Buffer): Buffer {
  for (let at = 4; at < 4 + 8 * cmap.readUInt16BE(2); at += 8) {
    if (cmap.readUInt32BE(at) !== 0x00030001) continue;
    const map = cmap.subarray(cmap.readUInt32BE(at + 4));
    if (map.readUInt16BE(0) === 4) return map;
  }
  throw new Error('the font has no Unicode map');
}

function* componentsOf(outline: Buffer): Generator<number> {
  const isComposite = outline.length > 0 && outline.readInt16BE(0) < 0;
  if (!isComposite) return;
  for (let at = 10, flags = MORE; flags & MORE; ) {
    flags = outline.readUInt16BE(at);
    yield outline.readUInt16BE(at + 2);
    const scales = flags & SCALE ? 2 : flags & TWO_SCALES ? 4 : flags & FOUR_SCALES ? 8 : 0;
    at += 4 + (flags & WORDS ? 4 : 2) + scales;
  }
}

/** The file of a font: a directory, then the tables, each at a multiple of four. */
function fontOf(tables: ReadonlyMap<string, Buffer>): Buffer {
  const present = EMBEDDED.flatMap((name) => {
    const table = tables.get(name);
    return table === undefined ? [] : [{ name, table, padding: (4 - (table.length % 4)) % 4 }];
  });
  const power = Math.floor(Math.log2(present.length));
  const directory = Buffer.alloc(12 + DIRECTORY_ENTRY * present.length);
  directory.writeUInt32BE(VERSION, 0);
  const search = [present.length, 16 * 2 ** power, power, 16 * (present.length - 2 ** power)];
  for (const [index, value] of search.entries()) directory.writeUInt16BE(value, 4 + 2 * index);
  let offset = directory.length;
  let head = 0;
  for (const [index, { name, table, padding }] of present.entries()) {
    const at = 12 + DIRECTORY_ENTRY * index;
    directory.write(name, at, 'latin1');
    directory.writeUInt32BE(checksumOf(table), at + 4);
    directory.writeUInt32BE(offset, at + 8);
    directory.writeUInt32BE(table.length, at + 12);
    if (name === 'head') head = offset;
    offset += table.length + padding;
  }
  const font = Buffer.concat([
    directory,
    ...present.flatMap(({ table, padding }) => [table, Buffer.alloc(padding)]),
  ]);
  font.writeUInt32BE((CHECKSUM_BASE - checksumOf(font)) >>> 0, head + 8);
  return font;
}

/** The sum of its 32-bit words. */
function checksumOf(bytes: Buffer): number {
  let sum = 0;
  const whole = bytes.length & ~3;
  for (let at = 0; at < whole; at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0;
  const rest = Buffer.alloc(4);
  bytes.copy(rest, 0, whole);
  return (sum + rest.readUInt32BE(0)) >>> 0;
}
