// The tools that judge our PDF files see what is wrong with a file: here one of pdfkit's, whole and damaged.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import PDFDocument from 'pdfkit';
import { ROOT, temporaryFolder } from '../support/cli.js';
import {
  mutoolFaults,
  pageTexts,
  popplerFaults,
  qpdfFaults,
  veraPdfFailures,
  withoutPrograms,
  withoutVeraPdf,
} from '../support/pdf-tools.js';

const FONT = join(ROOT, 'node_modules/dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf');

describe('the tools that judge PDF files', () => {
  let folder: string;
  const path = (name: string) => join(folder, `${name}.pdf`);

  async function write(name: string, options: PDFKit.PDFDocumentOptions): Promise<void> {
    const document = new PDFDocument(options);
    const file = document.pipe(createWriteStream(path(name)));
    document.text('Relatório de vendas').addPage().text('Página 2').end();
    await once(file, 'close');
  }

  before(async () => {
    folder = await temporaryFolder();
    await write('archive', { subset: 'PDF/A-2b', pdfVersion: '1.7', font: FONT });
    await write('plain', {});
    const whole = await readFile(path('plain'));
    // The first page's content, which is compressed, and an entry of the table of cross-references.
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, damaged.indexOf('stream\n') + 20, damaged.indexOf('stream\n') + 40);
    await writeFile(path('damaged'), damaged);
  });
  after(() => rm(folder, { recursive: true }));

  test('qpdf', { skip: withoutPrograms('qpdf') }, async () => {
    assert.equal(await qpdfFaults(path('archive')), '');
    assert.match(await qpdfFaults(path('damaged')), /error decoding stream data/);
  });

  test('MuPDF', { skip: withoutPrograms('mutool') }, async () => {
    assert.equal(await mutoolFaults(path('archive')), '');
    assert.match(await mutoolFaults(path('damaged')), /zlib error/);
  });

  test('poppler', { skip: withoutPrograms('pdftotext', 'pdftoppm') }, async () => {
    assert.deepEqual(
      (await pageTexts(path('archive'))).map((text) => text.trim()),
      ['Relatório de vendas', 'Página 2'],
    );
    assert.equal(await popplerFaults(path('archive')), '');
    assert.notEqual(await popplerFaults(path('damaged')), '');
  });

  test('veraPDF', { skip: withoutVeraPdf() }, async () => {
    const files = [
      { path: path('archive'), profile: '2b' },
      { path: path('plain'), profile: '2b' },
      { path: path('archive'), profile: 'ua1' },
    ] as const;
    const [archive = [], plain = [], untagged = []] = await veraPdfFailures(files);
    assert.deepEqual(archive, []);
    assert.ok(
      plain.some((failure) => failure.includes('font programs')),
      plain.join('\n'),
    );
    assert.ok(
      untagged.some((failure) => failure.includes('StructTreeRoot')),
      untagged.join('\n'),
    );
  });
});
