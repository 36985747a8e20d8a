// PDF files of many objects, every glyph, a logo and attachments in programs that nobody here wrote.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { fileId, writeArchive } from '../../src/writers/pdf/archive.js';
import { AttachedFile, embedAll } from '../../src/writers/pdf/attachments.js';
import { type Face, NO_GLYPH, openFace } from '../../src/writers/pdf/fonts.js';
import { writeLogo } from '../../src/writers/pdf/image.js';
import { readLogo } from '../../src/writers/pdf/logo.js';
import { PdfFile } from '../../src/writers/pdf/objects.js';
import { temporaryFolder } from '../support/cli.js';
import {
  mutoolFaults,
  pageTexts,
  popplerFaults,
  qpdfFaults,
  veraPdfFailures,
  withoutPrograms,
  withoutVeraPdf,
} from '../support/pdf-tools.js';

const OBJECTS = 300_000;
const CREATED = new Date('2024-02-03T04:05:06Z');
const ROWS = Buffer.from('código;valor\r\n1;2\r\n'.repeat(200_000));
/** Marks that join with the letter before them, and what has no ink. */
const NOT_SHOWN = /[\p{M}\p{Z}\p{C}]/gu;

let folder: string;

/** The text as the operand of an operator that draws it. */
function drawn({ used }: Face, text: string): string {
  for (let index = 0; index < text.length; index++) used[text.charCodeAt(index)] = 1;
  return `<${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;
}

interface Parts {
  /** The text of each page. */
  readonly pages: readonly string[];
  /** Numbers in an array that nothing needs. */
  readonly objects?: number;
  readonly logo?: string;
  readonly attached?: readonly AttachedFile[];
}

async function saved(name: string, { pages, objects = 0, logo, attached = [] }: Parts): Promise<string> {
  const file = new PdfFile();
  const pieces: Buffer[] = [];
  const faces = [await openFace('regular', file), await openFace('bold', file)] as const;
  const image = logo === undefined ? undefined : writeLogo(file, readLogo(logo));
  const resources = `<</Font<</F1 ${faces[0].resource} 0 R/F2 ${faces[1].resource} 0 R>>${image === undefined ? '' : `/XObject<</Logo ${image.number} 0 R>>`}>>`;
  const tree = file.reserve();
  const kids = pages.map((text) => {
    const lines = faces.map((face, index) => `/F${index + 1} 1 Tf 0 -2 Td ${drawn(face, text)} Tj`);
    const picture = image === undefined ? '' : 'q 50 0 0 50 100 100 cm /Logo Do Q';
    const content = deflateSync(Buffer.from(`BT 20 800 Td ${lines.join(' ')} ET ${picture}`));
    const number = file.stream('/Filter/FlateDecode', content);
    const page = `/Type/Page/Parent ${tree} 0 R/MediaBox[0 0 595 842]/Contents ${number} 0 R`;
    pieces.push(file.take());
    return `${file.object(`<<${page}/Resources ${resources}>>`)} 0 R`;
  });
  const others: number[] = [];
  for (let index = 0; index < objects; index++) others.push(file.object(`<</Index ${index}>>`));
  for (const face of faces) face.write(file);
  file.object(`<</Type/Pages/Count ${kids.length}/Kids[${kids.join(' ')}]>>`, tree);
  const embedding = embedAll(file, attached, CREATED);
  let step = await embedding.next();
  for (; !step.done; step = await embedding.next()) pieces.push(step.value);
  const { metadata, outputIntent, info } = writeArchive(file, {
    title: 'Produção',
    language: 'pt-BR',
    created: CREATED,
    tagged: false,
    hasAttachments: attached.length > 0,
  });
  const attachments =
    attached.length === 0 ? '' : `/AF${step.value.associated}/Names<</EmbeddedFiles${step.value.embedded}>>`;
  const list = file.object(`[${others.map((number) => `${number} 0 R`).join(' ')}]`);
  const root = file.object(
    `<</Type/Catalog/Pages ${tree} 0 R/Lang(pt-BR)/Metadata ${metadata} 0 R/OutputIntents[${outputIntent} 0 R]${attachments}/Others ${list} 0 R>>`,
  );
  file.end({ root, info, id: fileId(name) });
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([...pieces, file.take()]));
  return path;
}

async function assertSound(path: string): Promise<void> {
  assert.equal(await qpdfFaults(path), '');
  assert.equal(await popplerFaults(path), '');
  assert.doesNotMatch(await mutoolFaults(path), /error|repair/);
}

/** Every character that both fonts have. */
async function everyCharacter(): Promise<string> {
  const [regular, bold] = [await openFace('regular', new PdfFile()), await openFace('bold', new PdfFile())];
  const all = Array.from({ length: 65536 }, (_, code) => code).filter(
    (code) => regular.widths[code] !== NO_GLYPH && bold.widths[code] !== NO_GLYPH,
  );
  return String.fromCharCode(...all);
}

async function pathOfLogo(): Promise<string> {
  const picture = new PNG({ width: 300, height: 200 });
  for (let at = 0; at < picture.data.length; at++) picture.data[at] = (at * 7) % 256;
  const path = join(folder, 'logo.png');
  await writeFile(path, PNG.sync.write(picture));
  return path;
}

describe('PDF files in other programs', {
  skip: withoutPrograms('qpdf', 'mutool', 'pdftotext', 'pdftoppm'),
}, () => {
  const pages = Array.from({ length: 300 }, (_, index) => `Página ${index + 1}: ação, €`);
  let lines: readonly string[];
  let many: string;
  let every: string;
  let attached: string;

  before(async () => {
    folder = await temporaryFolder();
    many = await saved('many.pdf', { pages, objects: OBJECTS });
    const characters = await everyCharacter();
    assert.ok(characters.length > 5000);
    lines = characters.replaceAll(NOT_SHOWN, '').match(/.{1,40}/g) ?? [];
    every = await saved('every.pdf', { pages: [characters, ...lines] });
    const [csv, manifest] = [
      new AttachedFile({ name: 'produção.csv', mediaType: 'text/csv', description: 'Linhas' }),
      new AttachedFile({ name: 'manifest.json', mediaType: 'application/json', description: 'Manifesto' }),
    ];
    await csv.write(ROWS);
    await manifest.write(Buffer.from('{}'));
    const parts = { pages: ['Anexos'], logo: await pathOfLogo(), attached: [csv, manifest] };
    attached = await saved('attached.pdf', parts);
    await Promise.all([csv.close(), manifest.close()]);
  });
  after(() => rm(folder, { recursive: true }));

  test('a file of 300,000 objects has them where it says', async () => {
    await assertSound(many);
    const texts = await pageTexts(many);
    assert.deepEqual(
      texts.map((text) => text.split('\n')[0]),
      pages,
    );
  });

  test('every glyph is drawn, and is the text that it was', async () => {
    await assertSound(every);
    const texts = await pageTexts(every);
    for (const [index, line] of lines.entries()) {
      const found = new Set(texts[index + 1]?.normalize('NFKC'));
      // Poppler spells ligatures and the like by their letters.
      const missing = [...line.normalize('NFKC')].filter((character) => !found.has(character));
      assert.deepEqual(missing, [], line);
    }
  });

  test('attachments come out as they went in, beside a logo', async () => {
    await assertSound(attached);
    for (const [name, content] of [
      ['produção.csv', ROWS],
      ['manifest.json', Buffer.from('{}')],
    ] as const) {
      const { stdout } = await promisify(execFile)('qpdf', [`--show-attachment=${name}`, attached], {
        encoding: 'buffer',
        maxBuffer: 2 * ROWS.length,
      });
      assert.ok(stdout.equals(content), name);
    }
  });

  test('they are archives: 2b, and 3b with attachments', { skip: withoutVeraPdf() }, async () => {
    const failures = await veraPdfFailures([
      { path: every, profile: '2b' },
      { path: attached, profile: '3b' },
    ]);
    assert.deepEqual(failures, [[], []]);
  });
});
