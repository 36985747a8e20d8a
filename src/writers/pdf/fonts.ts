// The two fonts of a PDF file: what they measure, and the objects that embed what was used of them (ISO 32000-1, 9.7).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import regular from 'dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf';
import bold from 'dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf';
import type { PdfFile } from './objects.js';
import { TrueType } from './true-type.js';

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

interface Font {
  readonly name: string;
  /** Thickness of stems, in 1/1000 em. */
  readonly stem: number;
  readonly trueType: TrueType;
  readonly widths: Uint16Array;
}

// Read when this module is loaded: later, an upgrade may have removed the files.
const FILES = { regular: readAsset(regular), bold: readAsset(bold) };
const FONTS = new Map<Weight, Font>();
const CODES = 65536;
/** The most entries of one `begin…` of a character map (Adobe Technical Note 5014). */
const MAP_ENTRIES = 100;

/** One of the fonts for a new file. */
export async function openFace(weight: Weight, file: PdfFile): Promise<Face> {
  const font = FONTS.get(weight) ?? fontOf(weight);
  FONTS.set(weight, font);
  const { trueType, widths } = font;
  const thousandths = (units: number) => Math.round((units * 1000) / trueType.unitsPerEm);
  const used = new Uint8Array(CODES);
  const resource = file.reserve();
  return {
    widths,
    used,
    ascent: thousandths(trueType.ascent),
    descent: thousandths(trueType.descent),
    capHeight: thousandths(trueType.topOf(glyphOf(trueType, 'H'))),
    resource,
    write: (to) => writeFont(to, font, used, resource),
  };
}

function readAsset(address: string): Buffer {
  return readFileSync(fileURLToPath(new URL(address, import.meta.url)));
}

function fontOf(weight: Weight): Font {
  const trueType = new TrueType(FILES[weight]);
  const widths = new Uint16Array(CODES).fill(NO_GLYPH);
  for (const [code, glyph] of trueType.glyphs.entries()) {
    if (glyph === 0 || !isText(code)) continue;
    widths[code] = Math.round((trueType.advanceOf(glyph) * 1000) / trueType.unitsPerEm);
  }
  return weight === 'regular'
    ? { name: 'DejaVuSansCondensed', stem: 80, trueType, widths }
    : { name: 'DejaVuSansCondensed-Bold', stem: 140, trueType, widths };
}

/** Without controls, and without what a ToUnicode map must not have (ISO 14289-1, 7.21.7). */
function isText(code: number): boolean {
  return code >= 0x20 && (code < 0x7f || code > 0x9f) && code !== 0xfeff && code < 0xfffe;
}

function glyphOf({ glyphs }: TrueType, character: string): number {
  return glyphs[character.charCodeAt(0)] ?? 0;
}

function writeFont(
  file: PdfFile,
  { name, stem, trueType, widths }: Font,
  used: Uint8Array,
  resource: number,
): void {
  const codes: number[] = [];
  for (let code = 0; code < CODES; code++) if (used[code] && widths[code] !== NO_GLYPH) codes.push(code);
  const glyphs = Buffer.alloc(2 * (1 + (codes.at(-1) ?? 0)));
  for (const code of codes) glyphs.writeUInt16BE(trueType.glyphs[code] ?? 0, 2 * code);
  const subset = trueType.subset(codes.map((code) => trueType.glyphs[code] ?? 0));

  const thousandths = (units: number) => Math.round((units * 1000) / trueType.unitsPerEm);
  const fontName = `/${tagOf(codes)}+${name}`;
  const stream = (bytes: Buffer, entries = '') =>
    `${file.stream(`${entries}/Filter/FlateDecode`, deflateSync(bytes))} 0 R`;
  const program = stream(subset, `/Length1 ${subset.length}`);
  const capHeight = thousandths(trueType.topOf(glyphOf(trueType, 'H')));
  const descriptor = file.object(
    `<</Type/FontDescriptor/FontName${fontName}/Flags 4/FontBBox[${trueType.box.map(thousandths).join(' ')}]/ItalicAngle 0/Ascent ${thousandths(trueType.ascent)}/Descent ${thousandths(trueType.descent)}/CapHeight ${capHeight}/StemV ${stem}/FontFile2 ${program}>>`,
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
