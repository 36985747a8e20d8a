// Decodes a PNG and writes it as an image of a PDF file (ISO 32000-1, 8.9.5).
import { deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { messageOf, ReportError } from '../../core/errors.js';
import type { PdfFile } from './objects.js';
import type { Logo } from './options.js';

export interface Image {
  /** Its object's number. */
  readonly number: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Writes it on white, as paper is. @throws ReportError `definition` for what readLogo() could not know to be damaged */
export function writeLogo(file: PdfFile, logo: Logo): Image {
  const { width, height, data } = decoded(logo);
  const colours = onWhite(data);
  const isGray = !colours.some((value, at) => value !== colours[at - (at % 3)]);
  const samples = isGray ? colours.filter((_, at) => at % 3 === 0) : colours;
  const number = file.stream(
    `/Type/XObject/Subtype/Image/Width ${width}/Height ${height}/ColorSpace/${isGray ? 'DeviceGray' : 'DeviceRGB'}/BitsPerComponent 8/Filter/FlateDecode`,
    deflateSync(samples),
  );
  return { number, width, height };
}

function decoded(logo: Logo): PNG {
  try {
    return PNG.sync.read(logo.bytes());
  } catch (cause) {
    throw new ReportError('definition', `reading the logo ${logo.path()}: ${messageOf(cause)}`, {
      hint: 'Save the picture anew as a PNG.',
      cause,
    });
  }
}

/** Red, green and blue of pixels that have alpha as well. */
function onWhite(pixels: Buffer): Buffer {
  const colours = Buffer.allocUnsafe((pixels.length / 4) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4) {
    const alpha = pixels[from + 3] ?? 255;
    for (let channel = 0; channel < 3; channel++) {
      const value = pixels[from + channel] ?? 0;
      colours[to++] = Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return colours;
}
