// Files inside a PDF file (ISO 19005-3, 6.8; ISO 32000-1, 7.11.4), deflated into a temporary file until the pages are written.
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { createDeflate } from 'node:zlib';
import { ReportError } from '../../core/errors.js';
import { TemporaryFile } from '../../rows/temporary-file.js';
import { pdfDate } from './archive.js';
import { type PdfFile, textString } from './objects.js';

export interface AttachmentFacts {
  /** Its name without folders. */
  readonly name: string;
  /** IANA media type. */
  readonly mediaType: string;
  readonly description: string;
}

/** Values of the catalog's entries. */
export interface AttachmentEntries {
  /** Of AF. */
  readonly associated: string;
  /** Of EmbeddedFiles in Names. */
  readonly embedded: string;
}

const PIECE = 1024 * 1024;
/** The largest integer (ISO 19005-2, 6.1.13). */
const MAX_INTEGER = 2 ** 31 - 1;

/** A file to attach. Call close() in the end. */
export class AttachedFile {
  readonly facts: AttachmentFacts;
  readonly #spool: TemporaryFile;
  readonly #deflate = createDeflate();
  readonly #spooled: Promise<void>;
  // Readers compare it, by whatever name: it protects from nothing.
  readonly #checksum = createHash('md5');
  #size = 0;

  /** @param folder for the temporary file */
  constructor(facts: AttachmentFacts, folder: string = tmpdir()) {
    this.facts = facts;
    this.#spool = new TemporaryFile(folder, {
      name: 'attachment',
      code: 'destination',
      doing: `attaching ${facts.name}`,
      room: 'it needs compressed',
    });
    this.#spooled = pipeline(this.#deflate, async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) await this.#spool.append(piece);
    });
    // It may fail before somebody waits for it.
    this.#spooled.catch(() => undefined);
  }

  /** The memory of the bytes may be used again when it resolves. @throws ReportError `destination` when there is no room */
  async write(bytes: Buffer): Promise<void> {
    this.#size += bytes.length;
    this.#checksum.update(bytes);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#deflate.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
    } catch (error) {
      await this.#spooled;
      throw error;
    }
  }

  /**
   * Writes it, after the last write(), as one stream object, and yields the bytes of the PDF file meanwhile.
   * @param modified the time of emission, if the file has one
   * @returns the number of its file specification. @throws ReportError `contract` for more than PDF/A can hold, `destination`
   */
  async *embed(file: PdfFile, modified: Date | undefined): AsyncGenerator<Buffer, number> {
    this.#deflate.end();
    await this.#spooled;
    const { name, mediaType, description } = this.facts;
    const { length } = this.#spool;
    if (length > MAX_INTEGER) throw tooLarge(name);
    const size = this.#size > MAX_INTEGER ? '' : `/Size ${this.#size}`;
    const date = modified === undefined ? '' : `/ModDate${pdfDate(modified)}`;
    const parameters = `${size}/CheckSum<${this.#checksum.digest('hex')}>${date}`;
    const stream = file.beginStream(
      `/Type/EmbeddedFile/Subtype${nameObject(mediaType)}/Params<<${parameters}>>/Filter/FlateDecode`,
      length,
    );
    for (let from = 0; from < length; from += PIECE) {
      file.piece(await this.#spool.read({ from, length: Math.min(PIECE, length - from) }));
      yield file.take();
    }
    const plain = name.replaceAll(/[^ -~]/g, '_');
    return file.object(
      `<</Type/Filespec/F${textString(plain)}/UF${textString(name)}/Desc${textString(description)}/AFRelationship/Data/EF<</F ${stream} 0 R/UF ${stream} 0 R>>>>`,
    );
  }

  /** May be called twice, and after a failure. */
  async close(): Promise<void> {
    this.#deflate.destroy();
    await this.#spooled.catch(() => undefined);
    await this.#spool.close();
  }
}

/** Writes all of them, with different names, and yields the bytes of the PDF file meanwhile. @throws ReportError as embed() does */
export async function* embedAll(
  file: PdfFile,
  attached: readonly AttachedFile[],
  modified: Date | undefined,
): AsyncGenerator<Buffer, AttachmentEntries> {
  const references: string[] = [];
  const keys: [order: string, entry: string][] = [];
  for (const each of attached) {
    const { name } = each.facts;
    const reference = `${yield* each.embed(file, modified)} 0 R`;
    references.push(reference);
    // In a file, texts that are not ASCII begin with the byte FE.
    keys.push([/[^ -~]/.test(name) ? `\u00fe${name}` : name, `${textString(name)} ${reference}`]);
  }
  // A name tree is sorted (7.9.6).
  keys.sort(([one], [other]) => (one < other ? -1 : 1));
  const names = keys.map(([, entry]) => entry).join(' ');
  return { associated: `[${references.join(' ')}]`, embedded: `<</Names[${names}]>>` };
}

/** 7.3.5. */
function nameObject(text: string): string {
  return `/${text.replaceAll(/[^\w.+-]/g, (mark) => `#${mark.charCodeAt(0).toString(16).padStart(2, '0')}`)}`;
}

function tooLarge(name: string): ReportError {
  return new ReportError(
    'contract',
    `attaching ${name}: it has more than 2 GiB compressed, the most of PDF/A`,
    {
      hint: 'Ask for fewer rows with filters, or leave it out of attach and publish it as an output of its own.',
    },
  );
}
