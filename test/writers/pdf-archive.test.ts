// What a PDF file says about itself as an archive: its metadata twice, and its colours.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ArchiveFacts, fileId, writeArchive } from '../../src/writers/pdf/archive.js';
import { PdfFile } from '../../src/writers/pdf/objects.js';
import { objectsOf } from '../support/pdf-objects.js';

const FACTS: ArchiveFacts = {
  title: 'Produção & <mais>',
  language: 'pt-BR',
  tool: 'reportctl 1.2.3',
  created: new Date('2024-02-03T04:05:06.789Z'),
  tagged: false,
  hasAttachments: false,
};

function written(facts: Partial<ArchiveFacts> = {}) {
  const file = new PdfFile();
  const { metadata, outputIntent, info } = writeArchive(file, { ...FACTS, ...facts });
  file.end({ root: file.object('<<>>'), info, id: fileId('hash') });
  const bytes = file.take();
  const objects = objectsOf(bytes);
  return {
    bytes,
    objects,
    xmp: objects.get(metadata).bytes?.toString() ?? '',
    info: objects.get(info).text,
    outputIntent: objects.get(outputIntent).text,
  };
}

describe('metadata', () => {
  test('says level, title, language, program and times, as the information dictionary does', () => {
    const { xmp, info } = written();
    for (const part of [
      '<pdfaid:part>2</pdfaid:part>',
      '<pdfaid:conformance>B</pdfaid:conformance>',
      '<rdf:li xml:lang="x-default">Produção &amp; &lt;mais&gt;</rdf:li>',
      '<dc:language><rdf:Bag><rdf:li>pt-BR</rdf:li></rdf:Bag></dc:language>',
      '<pdf:Producer>reportctl 1.2.3</pdf:Producer>',
      '<xmp:CreateDate>2024-02-03T04:05:06Z</xmp:CreateDate>',
      '<xmp:ModifyDate>2024-02-03T04:05:06Z</xmp:ModifyDate>',
    ])
      assert.ok(xmp.includes(part), part);
    const title = Buffer.from('\ufeffProdução & <mais>', 'utf16le').swap16().toString('hex').toUpperCase();
    const dates = '/CreationDate(D:20240203040506Z)/ModDate(D:20240203040506Z)';
    assert.equal(info, `<</Title<${title}>/Producer(reportctl 1.2.3)${dates}>>`);
  });

  test('claims tags and attachments only where there are some', () => {
    assert.doesNotMatch(written().xmp, /<pdfuaid:part>|pdfaExtension/);
    const { xmp } = written({ tagged: true, hasAttachments: true });
    assert.match(xmp, /<pdfaid:part>3</);
    assert.match(xmp, /<pdfuaid:part>1<.*<pdfaSchema:prefix>pdfuaid</s);
  });

  test('has no time but that of the emission: without it the bytes are always the same', () => {
    const one = written({ created: undefined });
    assert.deepEqual(one.bytes, written({ created: undefined }).bytes);
    assert.doesNotMatch(one.xmp + one.info, /Date/);
  });

  test('has no character in a title that XML does not have', () => {
    const { xmp, info } = written({ title: 'a\0b\ud800c\ufffe😀' });
    assert.ok(xmp.includes('>a\ufffdb\ufffdc\ufffd😀<'));
    assert.ok(info.includes('/Title<FEFF0061FFFD0062FFFD0063FFFDD83DDE00>'));
  });
});

test('the colours are those of a valid profile', () => {
  const { objects, outputIntent } = written();
  assert.match(outputIntent, /\/S\/GTS_PDFA1\/OutputConditionIdentifier\(sRGB\)/);
  const { text, bytes } = objects.follow(outputIntent, 'DestOutputProfile');
  assert.match(text, /\/N 3\//);
  assert.ok(bytes);
  assert.equal(bytes.readUInt32BE(0), bytes.length);
  assert.equal(bytes.toString('latin1', 12, 24), 'mntrRGB XYZ ');
  assert.equal(bytes.toString('latin1', 36, 40), 'acsp');
  const names: string[] = [];
  let white = [0, 0, 0];
  for (let at = 132; at < 132 + 12 * bytes.readUInt32BE(128); at += 12) {
    const name = bytes.toString('latin1', at, at + 4);
    names.push(name);
    const [offset, length] = [bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at + 8)];
    assert.ok(offset % 4 === 0 && offset + length <= bytes.length, name);
    if (name.endsWith('XYZ'))
      white = white.map((sum, axis) => sum + bytes.readInt32BE(offset + 8 + 4 * axis));
  }
  assert.deepEqual(names.join(), 'desc,cprt,wtpt,chad,rXYZ,gXYZ,bXYZ,rTRC,gTRC,bTRC');
  // All three primaries together are white.
  for (const [axis, value] of [0.9642, 1, 0.8249].entries())
    assert.ok(Math.abs((white[axis] ?? 0) / 65536 - value) < 0.0005, `axis ${axis}`);
});

test('an identifier has 16 bytes and depends on every part', () => {
  assert.equal(fileId('a', 'b').length, 16);
  assert.deepEqual(fileId('a', 'b'), fileId('a', 'b'));
  assert.notDeepEqual(fileId('a', 'b'), fileId('ab'));
});
