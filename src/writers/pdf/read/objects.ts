// The objects of a PDF file one after the other, as ../objects.ts writes them (ISO 32000-1, 7.5).

import { LARGEST_PAGE } from '../limits.js';
import { CrossReferences } from './cross-references.js';
import { damaged, shown } from './damaged.js';
import { type Dictionary, dictionaryOf, wholeNumber } from './dictionary.js';
import { inflated } from './inflated.js';
import type { Window } from './window.js';

const HEADER = Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1');
const STREAM = 'stream\n';
const STREAM_END = Buffer.from('\nendstream\nendobj\n');
/** Bytes of an object's number and dictionary. */
const LONGEST_HEAD = 64 * 1024;
/** Bytes of cross-references, deflated: more than the most objects need. */
const LARGEST_REFERENCES = 128 * 1024 ** 2;

/**
 * The content streams of the pages, inflated, in the order of their numbers. Other streams are skipped. Memory holds one page, and
 * some bytes for each object that is not in an object stream.
 * @throws ReportError `contract` for bytes that are not as the writer makes them, also when somebody appended to the file
 */
export async function* pageContents(file: Window): AsyncGenerator<Buffer> {
  const references = new CrossReferences();
  await expect(file, HEADER, 'its header');
  for (let pages = 0; ; ) {
    const { position } = file;
    const { number, where, dictionary } = await headOf(file);
    references.add(number, position, dictionary, where);
    const length = wholeNumber(dictionary, 'Length', where);
    const page = dictionary.get('RPTC_Page');
    if (page !== undefined) {
      pages += 1;
      if (page !== String(pages)) throw damaged(`page ${pages} should follow, not page ${shown(page)}`);
      const content = inflated(
        await streamOf(file, length, LARGEST_PAGE, where),
        dictionary,
        LARGEST_PAGE,
        `page ${pages}`,
      );
      await expect(file, STREAM_END, `the end of ${where}`);
      yield content;
    } else if (dictionary.get('Type') === '/XRef') {
      references.check(await streamOf(file, length, LARGEST_REFERENCES, where), dictionary, where);
      await expect(file, STREAM_END, `the end of ${where}`);
      await expect(file, Buffer.from(`startxref\n${position}\n%%EOF\n`), 'its last lines');
      if ((await file.peek(1)).length > 0) throw damaged(`it goes on after ${file.position} bytes, its end`);
      return;
    } else {
      await file.skip(length);
      await expect(file, STREAM_END, `the end of ${where}`);
    }
  }
}

interface Head {
  readonly number: number;
  /** The object, for messages. */
  readonly where: string;
  readonly dictionary: Dictionary;
}

/** What stands before the bytes of a stream object (7.3.8). */
async function headOf(file: Window): Promise<Head> {
  const { position } = file;
  for (let wanted = 256; ; wanted *= 2) {
    const bytes = (await file.peek(wanted)).subarray(0, LONGEST_HEAD);
    const end = bytes.indexOf(STREAM);
    if (end === -1 && bytes.length >= wanted && wanted < LONGEST_HEAD) continue;
    const text = bytes.toString('latin1', 0, end === -1 ? 60 : end);
    const start = /^([1-9]\d{0,6}) 0 obj\n(?=<<)/.exec(text);
    if (end === -1 || start === null)
      throw damaged(`it has ${shown(text)} at byte ${position}, where a stream object should be`);
    const where = `object ${start[1]}`;
    const dictionary = dictionaryOf(text.slice(start[0].length), where);
    await file.take(end + STREAM.length);
    return { number: Number(start[1]), where, dictionary };
  }
}

async function streamOf(file: Window, length: number, most: number, where: string): Promise<Buffer> {
  if (length > most) throw damaged(`${where} has ${length} bytes; ${most} are the most`);
  return file.take(length);
}

async function expect(file: Window, bytes: Buffer, what: string): Promise<void> {
  const { position } = file;
  const found = await file.take(bytes.length);
  if (!found.equals(bytes))
    throw damaged(`it has ${shown(found.toString('latin1'))} at byte ${position}, not ${what}`);
}
