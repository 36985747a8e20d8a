// A PNG becomes the image of a PDF file on white; what is no PNG, or is too large, is refused before it is decoded.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import { ReportError } from '../../src/core/errors.js';
import { writeLogo } from '../../src/writers/pdf/image.js';
import { readLogo } from '../../src/writers/pdf/logo.js';
import { PdfFile } from '../../src/writers/pdf/objects.js';
import { temporaryFolder } from '../support/cli.js';
import { objectsOf } from '../support/pdf-objects.js';

const [GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA] = [0, 2, 3, 4, 6];

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  readonly colour: number | undefined;
  readonly interlace?: number;
  /** Chunks before the data. */
  readonly chunks?: Readonly<Record<string, readonly number[]>>;
  /** Each with its filter type first. */
  readonly rows: readonly (readonly number[])[];
}

function pngOf({ width, height, depth = 8, colour = 0, interlace = 0, chunks = {}, rows }: Picture): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  Buffer.from([depth, colour, 0, 0, interlace]).copy(head, 8);
  const before = Object.entries(chunks).map(([type, content]) => chunk(type, Buffer.from(content)));
  const data = chunk('IDAT', deflateSync(Buffer.from(rows.flat())));
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', head), ...before, data, chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

let folder: string;
before(async () => {
  folder = await temporaryFolder();
});
after(() => rm(folder, { recursive: true }));

async function saved(bytes: Buffer | string): Promise<string> {
  const path = join(folder, 'logo.png');
  await writeFile(path, bytes);
  return path;
}

describe('a logo is drawn', () => {
  const cases: Record<string, [Picture, samples: readonly number[]]> = {
    'in colours': [
      { width: 2, height: 1, colour: RGB, rows: [[0, 1, 2, 3, 250, 251, 252]] },
      [1, 2, 3, 250, 251, 252],
    ],
    'in gray': [
      {
        width: 2,
        height: 2,
        colour: GRAY,
        rows: [
          [0, 7, 9],
          [2, 1, 1],
        ],
      },
      [7, 9, 8, 10],
    ],
    'on white where it is transparent': [
      { width: 3, height: 1, colour: RGBA, rows: [[0, 255, 0, 0, 255, 255, 0, 0, 128, 9, 9, 9, 0]] },
      [255, 0, 0, 255, 127, 127, 255, 255, 255],
    ],
    'in gray on white': [{ width: 2, height: 1, colour: GRAY_ALPHA, rows: [[0, 0, 255, 0, 51]] }, [0, 204]],
    'from a palette, one of its colours transparent': [
      {
        width: 2,
        height: 1,
        depth: 1,
        colour: PALETTE,
        chunks: { PLTE: [10, 20, 30, 40, 50, 60], tRNS: [255, 0] },
        rows: [[0, 0b0100_0000]],
      },
      [10, 20, 30, 255, 255, 255],
    ],
    'with 16 bits': [
      { width: 1, height: 1, depth: 16, colour: RGB, rows: [[0, 255, 255, 128, 0, 0, 0]] },
      [255, 128, 0],
    ],
    interlaced: [
      {
        width: 2,
        height: 2,
        colour: GRAY,
        interlace: 1,
        rows: [
          [0, 1],
          [0, 2],
          [0, 3, 4],
        ],
      },
      [1, 2, 3, 4],
    ],
  };
  for (const [name, [picture, samples]] of Object.entries(cases)) {
    test(name, async () => {
      const file = new PdfFile();
      const { number, width, height } = writeLogo(file, readLogo(await saved(pngOf(picture))));
      file.end({ root: file.object('<<>>'), info: file.object('<<>>'), id: Buffer.alloc(16) });
      const { text, bytes } = objectsOf(file.take()).get(number);
      assert.deepEqual([width, height], [picture.width, picture.height]);
      const isGray = samples.length === width * height;
      assert.ok(
        text.startsWith(
          `/Type/XObject/Subtype/Image/Width ${width}/Height ${height}/ColorSpace/${isGray ? 'DeviceGray' : 'DeviceRGB'}/BitsPerComponent 8/`,
        ),
        text,
      );
      assert.deepEqual([...(bytes ?? [])], samples);
    });
  }
});

const SMALL: Picture = { width: 4, height: 4, colour: GRAY, rows: Array(4).fill([0, 1, 2, 3, 4]) };

test('its JSON is its name and its hash, and it is not read twice', async () => {
  const path = await saved(pngOf(SMALL));
  const logo = readLogo(path);
  await rm(path);
  assert.deepEqual(logo.bytes(), pngOf(SMALL));
  assert.equal(logo.path(), path);
  const { sha256, ...others } = JSON.parse(JSON.stringify(logo));
  assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual(others, { file: 'logo.png' });
});

describe('a logo is refused', () => {
  const whole = pngOf(SMALL);
  const changed = Buffer.from(whole);
  changed[45] = (changed[45] ?? 0) ^ 1;
  const zeros = (count: number) => Array<number>(count).fill(0);
  const cases: Record<string, [Buffer | string, RegExp]> = {
    'when it is a JPEG': [Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), /: it is a JPEG, not a PNG$/],
    'when it is an SVG': ['<svg xmlns="http://www.w3.org/2000/svg"/>', /: it is an SVG, not a PNG$/],
    'when it is something else': ['logo', /: it is no PNG$/],
    'when it is empty': ['', /: it is no PNG$/],
    'when it is cut off': [whole.subarray(0, -13), /: it is damaged$/],
    'when its last chunk is missing': [whole.subarray(0, -12), /: it is damaged$/],
    'when a byte is another': [changed, /: it is damaged$/],
    'when rows are missing': [pngOf({ ...SMALL, height: 5 }), /: it is damaged$/],
    'when an interlaced one holds far more than it shows': [
      pngOf({ ...SMALL, interlace: 1, rows: [zeros(100_000)] }),
      /: it is damaged$/,
    ],
    'when its kind of colour does not exist': [pngOf({ ...SMALL, colour: 5 }), /: it is damaged$/],
    'when it has more than 4 megapixels': [
      pngOf({ ...SMALL, width: 2001, height: 2000, rows: [] }),
      /: it has 2001 × 2000 pixels, more than 4 megapixels$/,
    ],
    'when it has more than 2 MiB': [Buffer.alloc(2 * 1024 * 1024 + 1), /: it has more than 2 MiB$/],
  };
  for (const [name, [bytes, message]] of Object.entries(cases)) {
    test(name, async () => {
      const path = await saved(bytes);
      assert.throws(
        () => readLogo(path),
        (error) => error instanceof ReportError && error.code === 'definition' && message.test(error.message),
      );
    });
  }

  test('when it is a folder, is missing, or has more than a caller allows', async () => {
    const path = await saved(whole);
    for (const [given, most] of [
      [folder, undefined],
      [join(folder, 'none.png'), undefined],
      [path, whole.length - 1],
    ] as const)
      assert.throws(() => readLogo(given, most), { name: 'ReportError', code: 'definition' });
    readLogo(path, whole.length);
  });

  test('when only the decoder finds what is wrong', async () => {
    const noPalette = pngOf({ ...SMALL, colour: PALETTE });
    const logo = readLogo(await saved(noPalette));
    assert.throws(() => writeLogo(new PdfFile(), logo), { name: 'ReportError', code: 'definition' });
  });
});
