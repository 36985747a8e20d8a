// Reads a TrueType font as its specification says (OpenType 1.9), to judge what a library makes of it.

const DIRECTORY_ENTRY = 16;
/** Flags of a component of a composite glyph. */
const [WORDS, SCALE, MORE, TWO_SCALES, FOUR_SCALES] = [0x01, 0x08, 0x20, 0x40, 0x80];

/** A font with outlines in `glyf` and long offsets. A subset for a PDF file needs no `cmap`. */
export class TrueType {
  readonly #tables: ReadonlyMap<string, Buffer>;
  readonly #advances: number;

  constructor(bytes: Buffer) {
    this.#tables = tablesOf(bytes);
    if (this.#table('head').readInt16BE(50) !== 1) throw new Error('the font has short offsets');
    this.#advances = this.#table('hhea').readUInt16BE(34);
  }

  get glyphCount(): number {
    return this.#table('maxp').readUInt16BE(4);
  }

  /** In units, of which an em has `unitsPerEm`. */
  advanceOf(glyph: number): number {
    // Glyphs after the last advance have the same.
    return this.#table('hmtx').readUInt16BE(4 * Math.min(glyph, this.#advances - 1));
  }

  get unitsPerEm(): number {
    return this.#table('head').readUInt16BE(18);
  }

  /** What draws a glyph, in hexadecimal digits: in a composite glyph its components stand in the places of their numbers. */
  outlineOf(glyph: number): string {
    const loca = this.#table('loca');
    const outline = this.#table('glyf').subarray(
      loca.readUInt32BE(4 * glyph),
      loca.readUInt32BE(4 * glyph + 4),
    );
    const isComposite = outline.length > 0 && outline.readInt16BE(0) < 0;
    if (!isComposite) return outline.toString('hex');
    let text = outline.toString('hex', 0, 10);
    let at = 10;
    for (let flags = MORE; flags & MORE; ) {
      flags = outline.readUInt16BE(at);
      const scales = flags & SCALE ? 2 : flags & TWO_SCALES ? 4 : flags & FOUR_SCALES ? 8 : 0;
      const end = at + 4 + (flags & WORDS ? 4 : 2) + scales;
      text += `${outline.toString('hex', at, at + 2)}(${this.outlineOf(outline.readUInt16BE(at + 2))})${outline.toString('hex', at + 4, end)}`;
      at = end;
    }
    return text + outline.toString('hex', at);
  }

  /** @returns by UTF-16 code unit its glyph, 0 where the font has none */
  glyphs(): Uint16Array {
    const glyphs = new Uint16Array(65536);
    const map = unicodeMapOf(this.#table('cmap'));
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
    const table = bytes.subarray(offset, offset + bytes.readUInt32BE(at + 12));
    tables.set(bytes.toString('latin1', at, at + 4), table);
  }
  return tables;
}

/** The map from the Basic Multilingual Plane: platform Windows, encoding Unicode BMP, format 4. */
function unicodeMapOf(cmap: Buffer): Buffer {
  for (let at = 4; at < 4 + 8 * cmap.readUInt16BE(2); at += 8) {
    if (cmap.readUInt32BE(at) !== 0x00030001) continue;
    const map = cmap.subarray(cmap.readUInt32BE(at + 4));
    if (map.readUInt16BE(0) === 4) return map;
  }
  throw new Error('the font has no Unicode map');
}
