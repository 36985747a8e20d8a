// The two fonts of a PDF file: what they measure, and the objects that embed what was used of them (ISO 32000-1, 9.7).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import regular from 'dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf';
import bold from 'dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf';
import { create, type Font, type Glyph } from 'fontkit';
import type { PdfFile } from './objects.js';

/** In Face.widths: the font has no glyph. */
export const NO_GLYPH = 0xffff;

/** A font of a file. A string in it is UTF-16BE text: its character identifiers are UTF-16 code units. */
export interface Face {
  /** By UTF-16 code unit: its advance in 1/1000 em, or NO_GLYPH. */
  readonly widths: Uint16Array;
  /** By UTF-16 code unit: the writer sets 1 for what it draws. */
  readonly used: Uint8Array;
  /** In 1/1000 em from the baseline, upwards. */
  readonly ascent: number;
  readonly descent: number;
  readonly capHeight: number;
  /** The reserved number of the font's object. */
  readonly resource: number;
  /** Writes the font with the glyphs that were used. */
  write(file: PdfFile): void;
}

type Weight = 'regular' | 'bold';

/** With what @types/fontkit lacks, or types wrongly. */
interface FontkitFont extends Omit<Font, 'createSubset'> {
  /** Glyphs after the last entry have the advance of the last one. */
  readonly hmtx: { readonly metrics: { readonly length: number; get(glyph: number): { advance: number } } };
  createSubset(): FontkitSubset;
}

interface FontkitSubset {
  /** @returns the glyph's number in the subset */
  includeGlyph(glyph: Glyph): number;
  encode(): Uint8Array;
}

interface OpenFont {
  readonly name: string;
  /** Thickness of stems, in 1/1000 em. */
  readonly stem: number;
  readonly font: FontkitFont;
  readonly widths: Uint16Array;
  readonly ascent: number;
  readonly descent: number;
  readonly capHeight: number;
}

// Read when this module is loaded: later, an upgrade may have removed the files.
const FILES = { regular: readAsset(regular), bold: readAsset(bold) };
const FONTS = new Map<Weight, OpenFont>();
const CODES = 65536;
/** The most entries of one `begin…` of a character map (Adobe Technical Note 5014). */
const MAP_ENTRIES = 100;

/** One of the fonts for a new file. */
export async function openFace(weight: Weight, file: PdfFile): Promise<Face> {
  const opened = FONTS.get(weight) ?? openFont(weight);
  FONTS.set(weight, opened);
  const { widths, ascent, descent, capHeight } = opened;
  const used = new Uint8Array(CODES);
  const resource = file.reserve();
  return {
    widths,
    used,
    ascent,
    descent,
    capHeight,
    resource,
    write: (to) => writeFont(to, opened, used, resource),
  };
}

function readAsset(address: string): Buffer {
  return readFileSync(fileURLToPath(new URL(address, import.meta.url)));
}

function openFont(weight: Weight): OpenFont {
  const font = create(FILES[weight]) as unknown as FontkitFont;
  const inEm = thousandthsOf(font);
  return {
    ...(weight === 'regular'
      ? { name: 'DejaVuSansCondensed', stem: 80 }
      : { name: 'DejaVuSansCondensed-Bold', stem: 140 }),
    font,
    widths: widthsOf(font),
    ascent: inEm(font.ascent),
    descent: inEm(font.descent),
    // The font's table OS/2 is of a version without it.
    capHeight: inEm(font.glyphForCodePoint(0x48).cbox.maxY),
  };
}

function widthsOf(font: FontkitFont): Uint16Array {
  const widths = new Uint16Array(CODES).fill(NO_GLYPH);
  const inEm = thousandthsOf(font);
  // Not Glyph.advanceWidth, which reads the glyph's outline too.
  const { metrics } = font.hmtx;
  for (const code of font.characterSet) {
    if (!isText(code)) continue;
    const { id } = font.glyphForCodePoint(code);
    if (id !== 0) widths[code] = inEm(metrics.get(Math.min(id, metrics.length - 1)).advance);
  }
  return widths;
}

function thousandthsOf({ unitsPerEm }: FontkitFont): (units: number) => number {
  return (units) => Math.round((units * 1000) / unitsPerEm);
}

/** Without controls, and without what a ToUnicode map must not have (ISO 14289-1, 7.21.7). */
function isText(code: number): boolean {
  return code >= 0x20 && (code < 0x7f || code > 0x9f) && code !== 0xfeff && code < 0xfffe;
}

function writeFont(
  file: PdfFile,
  { name, stem, font, widths, ascent, descent, capHeight }: OpenFont,
  used: Uint8Array,
  resource: number,
): void {
  const codes: number[] = [];
  for (let code = 0; code < CODES; code++) if (used[code] && widths[code] !== NO_GLYPH) codes.push(code);
  const subset = font.createSubset();
  const glyphs = Buffer.alloc(2 * (1 + (codes.at(-1) ?? 0)));
  for (const code of codes) {
    const glyph = subset.includeGlyph(font.glyphForCodePoint(code));
    glyphs.writeUInt16BE(glyph, 2 * code);
  }
  const embedded = Buffer.from(subset.encode());
  const { minX, minY, maxX, maxY } = font.bbox;
  const box = [minX, minY, maxX, maxY].map(thousandthsOf(font));

  const fontName = `/${tagOf(codes)}+${name}`;
  const stream = (bytes: Buffer, entries = '') =>
    `${file.stream(`${entries}/Filter/FlateDecode`, deflateSync(bytes))} 0 R`;
  const program = stream(embedded, `/Length1 ${embedded.length}`);
  const descriptor = file.object(
    `<</Type/FontDescriptor/FontName${fontName}/Flags 4/FontBBox[${box.join(' ')}]/ItalicAngle 0/Ascent ${ascent}/Descent ${descent}/CapHeight ${capHeight}/StemV ${stem}/FontFile2 ${program}>>`,
  );
  const descendant = file.object(
    `<</Type/Font/Subtype/CIDFontType2/BaseFont${fontName}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor ${descriptor} 0 R/CIDToGIDMap ${stream(glyphs)}/W[${widthRuns(codes, widths)}]>>`,
  );
  const toUnicode = stream(Buffer.from(unicodeMap(codes)));
  file.object(
    `<</Type/Font/Subtype/Type0/BaseFont${fontName}/Encoding/Identity-H/DescendantFonts[${descendant} 0 R]/ToUnicode ${toUnicode}>>`,
    resource,
  );
}

/** Names a subset: six letters (9.6.4). */
function tagOf(codes: readonly number[]): string {
  const hash = createHash('sha256').update(codes.join()).digest().subarray(0, 6);
  return String.fromCharCode(...hash.map((byte) => 65 + (byte % 26)));
}

/** First and last code of each run of consecutive codes with the same high byte. */
function runsOf(codes: readonly number[]): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const code of codes) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] + 1 === code && code % 256 !== 0) run[1] = code;
    else runs.push([code, code]);
  }
  return runs;
}

/** 9.7.4.3. */
function widthRuns(codes: readonly number[], widths: Uint16Array): string {
  return runsOf(codes)
    .map(([first, last]) => `${first}[${widths.subarray(first, last + 1).join(' ')}]`)
    .join('');
}

/** Each code is the character's own (9.10.3). */
function unicodeMap(codes: readonly number[]): string {
  const hex = (code: number) => `<${code.toString(16).toUpperCase().padStart(4, '0')}>`;
  const ranges = runsOf(codes).map(([first, last]) => `${hex(first)}${hex(last)}${hex(first)}\n`);
  let blocks = '';
  for (let at = 0; at < ranges.length; at += MAP_ENTRIES) {
    const block = ranges.slice(at, at + MAP_ENTRIES);
    blocks += `${block.length} beginbfrange\n${block.join('')}endbfrange\n`;
  }
  return `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><FFFF>
endcodespacerange
${blocks}endcmap
CMapName currentdict /CMap defineresource pop
end
end
`;
}
