// The objects of a PDF file are where its cross-reference stream says, and its fonts draw as the whole fonts do.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { type Face, NO_GLYPH, openFace } from '../../src/writers/pdf/fonts.js';
import { PdfFile, textString } from '../../src/writers/pdf/objects.js';
import { objectsOf } from '../support/pdf-objects.js';
import { TrueType } from '../support/true-type.js';

const ID = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

const WHOLE = {
  regular: wholeFont('DejaVuSansCondensed'),
  bold: wholeFont('DejaVuSansCondensed-Bold'),
};

function ended(file: PdfFile): Buffer {
  const root = file.object('<</Type/Catalog>>');
  file.end({ root, info: file.object('<<>>'), id: ID });
  return file.take();
}

describe('PdfFile', () => {
  test('objects and streams are found by number, however they are written', () => {
    const file = new PdfFile();
    const later = file.reserve();
    const laterStream = file.reserve();
    const pieces = [file.take()];
    const numbers: number[] = [];
    for (let index = 0; index < 5000; index++) {
      numbers.push(file.object(`<</Index ${index}>>`));
      if (index % 50 === 0) numbers.push(file.stream(`/Index ${index}`, Buffer.from(`stream ${index}`)));
      if (index % 1000 === 0) pieces.push(file.take());
    }
    file.object('(later \u00e9)', later);
    file.stream('/Filter/FlateDecode', deflateSync(Buffer.from('later')), laterStream);
    pieces.push(ended(file));

    const objects = objectsOf(Buffer.concat(pieces));
    assert.match(objects.trailer, /\/ID\[<000102030405060708090a0b0c0d0e0f>/);
    assert.equal(objects.follow(objects.trailer, 'Root').text, '<</Type/Catalog>>');
    assert.equal(objects.get(later).text, '(later \u00e9)');
    assert.equal(objects.get(laterStream).bytes?.toString(), 'later');
    let index = -1;
    for (const number of numbers) {
      const { text, bytes } = objects.get(number);
      if (bytes === undefined) assert.equal(text, `<</Index ${++index}>>`);
      else assert.equal(bytes.toString(), `stream ${index}`);
    }
    assert.equal(index, 4999);
    for (let number = 1; number <= objects.last; number++) objects.get(number);
  });

  test('the same calls give the same bytes', () => {
    const bytes = () => {
      const file = new PdfFile();
      for (let index = 0; index < 500; index++) file.object(`<</Index ${index}>>`);
      return ended(file);
    };
    assert.deepEqual(bytes(), bytes());
  });

  test('a stream in pieces is the same as a whole one, and nothing comes between them', () => {
    const [whole, parts] = [new PdfFile(), new PdfFile()];
    whole.stream('/Kind 1', Buffer.from('0123456789'));
    const number = parts.beginStream('/Kind 1', 10);
    parts.piece(Buffer.from('01234'));
    const start = parts.take();
    assert.throws(() => parts.stream('', Buffer.from('')), /a stream begins in another/);
    parts.piece(Buffer.from('56789'));
    assert.deepEqual(Buffer.concat([start, parts.take()]), whole.take());
    assert.equal(number, 1);
    assert.throws(() => parts.piece(Buffer.from('0')), /longer than its length/);
  });

  test('nothing is ready twice', () => {
    const file = new PdfFile();
    assert.equal(file.take().toString('latin1', 0, 9), '%PDF-1.7\n');
    assert.equal(file.take().length, 0);
  });

  test('an object that was reserved must be written, once', () => {
    const file = new PdfFile();
    const number = file.reserve();
    assert.throws(() => ended(file), /object 1 was reserved and not written/);
    file.object('null', number);
    assert.throws(() => file.object('null', number), /object 1 is written twice/);
    assert.throws(() => file.stream('', Buffer.from(''), number), /object 1 is written twice/);
  });

  test('more objects than PDF/A allows are refused', () => {
    const file = new PdfFile();
    for (let number = 1; number < 8_388_607; number++) file.reserve();
    assert.equal(file.reserve(), 8_388_607);
    assert.throws(() => file.reserve(), { name: 'ReportError', code: 'contract' });
  });
});

test('texts are literal strings, or UTF-16BE where they are not ASCII', () => {
  assert.equal(textString('a (b) \\ c'), '(a \\(b\\) \\\\ c)');
  assert.equal(textString(''), '()');
  assert.equal(textString('Ação'), '<FEFF004100E700E3006F>');
  assert.equal(textString('line\n'), '<FEFF006C0069006E0065000A>');
  assert.equal(textString('😀'), '<FEFFD83DDE00>');
});

describe('fonts', () => {
  const TEXT = 'Código: çÂﬁ €1.234,50 – ќ Ω ẫ';

  for (const weight of ['regular', 'bold'] as const) {
    test(`${weight}: a code has the width of its glyph, and controls, surrogates and others have none`, async () => {
      const whole = WHOLE[weight];
      const { widths, ascent, descent, capHeight } = await openFace(weight, new PdfFile());
      for (const [code, glyph] of whole.glyphs().entries()) {
        const width = glyph === 0 || code === 0xfeff ? NO_GLYPH : inEm(whole, glyph);
        if (widths[code] !== width) assert.equal(widths[code], width, `code ${code.toString(16)}`);
      }
      for (const code of [0x0, 0xa, 0x85, 0xd800, 0xdfff, 0xe000, 0xfeff, 0xfffe, 0xffff])
        assert.equal(widths[code], NO_GLYPH);
      assert.deepEqual([ascent, descent, capHeight], [928, -236, 729]);
    });

    test(`${weight}: the embedded font has what was used as the whole font has it, and little more`, async () => {
      const { subset, bytes } = await assertSubset(weight, TEXT);
      assert.ok(bytes.length < 30_000, `${bytes.length} bytes for ${TEXT.length} characters`);
      assert.ok(subset.glyphCount < 2 * TEXT.length, `${subset.glyphCount} glyphs`);
    });

    test(`${weight}: many characters are embedded as few are`, async () => {
      const { widths } = await openFace(weight, new PdfFile());
      const many = [...widths.keys()].filter((code) => code % 4 === 0 && widths[code] !== NO_GLYPH);
      assert.ok(many.length > 1000);
      await assertSubset(weight, String.fromCharCode(...many));
    });
  }

  test('widths and Unicode texts of what was used are listed', async () => {
    const { font, objects } = await embedded('regular', 'abcxŁł€');
    const descendant = objects.follow(font, 'DescendantFonts').text;
    assert.match(descendant, /\/W\[97\[551 571 495\]120\[532\]321\[505 255\]8364\[572\]\]/);
    assert.match(
      objects.follow(font, 'ToUnicode').bytes?.toString() ?? '',
      /4 beginbfrange\n<0061><0063><0061>\n<0078><0078><0078>\n<0141><0142><0141>\n<20AC><20AC><20AC>\nendbfrange/,
    );
  });

  test('a subset has its own name, which depends on its characters', async () => {
    const nameOf = async (text: string) =>
      /\/BaseFont\/([A-Z]{6})\+DejaVuSansCondensed\//.exec((await embedded('regular', text)).font)?.[1];
    const [one, same, other] = await Promise.all(['abc', 'cab', 'abcd'].map(nameOf));
    assert.ok(one);
    assert.equal(one, same);
    assert.notEqual(one, other);
  });

  test('a font of which nothing was used is embedded, and many ranges become blocks of a hundred', async () => {
    const none = await embedded('bold', '');
    assert.match(none.objects.follow(none.font, 'DescendantFonts').text, /\/W\[\]/);
    const every = String.fromCharCode(...Array.from({ length: 220 }, (_, index) => 0x100 + 2 * index));
    const { font, objects } = await embedded('regular', every);
    const map = objects.follow(font, 'ToUnicode').bytes?.toString() ?? '';
    assert.deepEqual(map.match(/\d+ beginbfrange/g), [
      '100 beginbfrange',
      '100 beginbfrange',
      '20 beginbfrange',
    ]);
  });
});

function wholeFont(name: string): TrueType {
  return new TrueType(
    readFileSync(createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`)),
  );
}

/** A glyph's advance in 1/1000 em. */
function inEm(font: TrueType, glyph: number): number {
  return Math.round((font.advanceOf(glyph) * 1000) / font.unitsPerEm);
}

/** The embedded font draws the text as the whole one does, and its widths are those that the file lists. */
async function assertSubset(weight: 'regular' | 'bold', text: string) {
  const { font, objects } = await embedded(weight, text);
  const descendant = objects.follow(font, 'DescendantFonts').text;
  const { text: descriptor } = objects.follow(descendant, 'FontDescriptor');
  const { text: entries, bytes } = objects.follow(descriptor, 'FontFile2');
  assert.ok(bytes !== undefined && entries.includes(`/Length1 ${bytes.length}/`));
  const map = objects.follow(descendant, 'CIDToGIDMap').bytes;
  const widths = listedWidths(descendant);
  const [whole, subset] = [WHOLE[weight], new TrueType(bytes)];
  const glyphs = whole.glyphs();
  for (const code of codesOf(text)) {
    const [glyph, original] = [map?.readUInt16BE(2 * code) ?? 0, glyphs[code] ?? 0];
    assert.ok(glyph > 0 && glyph < subset.glyphCount, `code ${code.toString(16)} is glyph ${glyph}`);
    const outline = subset.outlineOf(glyph);
    if (outline !== whole.outlineOf(original)) assert.fail(`code ${code.toString(16)} is drawn otherwise`);
    assert.equal(subset.advanceOf(glyph), whole.advanceOf(original));
    assert.equal(widths.get(code), inEm(subset, glyph));
  }
  assert.equal(widths.size, new Set(codesOf(text)).size);
  return { subset, bytes };
}

/** W (ISO 32000-1, 9.7.4.3): by code its width. */
function listedWidths(descendant: string): Map<number, number> {
  const widths = new Map<number, number>();
  for (const [, first, run = ''] of descendant.matchAll(/(\d+)\[([\d ]+)\]/g))
    for (const [index, width] of run.split(' ').entries()) widths.set(Number(first) + index, Number(width));
  return widths;
}

function codesOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

/** The dictionary of the font in a file that used these characters. */
async function embedded(weight: 'regular' | 'bold', text: string) {
  const file = new PdfFile();
  const face: Face = await openFace(weight, file);
  for (const code of codesOf(text)) face.used[code] = 1;
  face.write(file);
  const objects = objectsOf(ended(file));
  return { font: objects.get(face.resource).text, objects };
}
