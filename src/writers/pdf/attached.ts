// The rows as CSV, and what describes them, inside of the file that shows them.
import { createHash } from 'node:crypto';
import type { Batch, Column } from '../../core/table.js';
import type { About, Writer } from '../../core/writer.js';
import { LONGEST_TITLE } from './archive.js';
import { AttachedFile, type AttachmentEntries, embedAll } from './attachments.js';
import type { PdfFile } from './objects.js';
import type { Attachment } from './options.js';
import { shortened } from './spelling.js';

/** What the manifest inside of a file says of all rows. */
export interface Content {
  readonly rows: number;
  /** Column name to exact sum. */
  readonly totals: Readonly<Record<string, string>>;
  /** SHA-256 of the rows, as the manifest of the report has it. */
  readonly sha256: string;
}

/** Spools the rows as CSV while they are drawn. */
export class Attached {
  readonly #name: string;
  readonly #wanted: readonly Attachment[];
  readonly #about: About;
  readonly #columns: readonly Column[];
  readonly #csv: AttachedFile | undefined;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  constructor(wanted: readonly Attachment[], columns: readonly Column[], about: About) {
    this.#wanted = wanted;
    this.#columns = columns;
    this.#about = about;
    this.#name = about.report ?? 'report';
    if (wanted.includes('csv')) {
      const description = shortened(about.title ?? this.#name, LONGEST_TITLE);
      this.#csv = new AttachedFile({ name: `${this.#name}.csv`, mediaType: 'text/csv', description });
    }
  }

  /** @param writer of CSV. @throws what the batches throw, and ReportError `destination` when there is no room */
  async spool(writer: Writer, batches: AsyncIterable<Batch>): Promise<void> {
    for await (const bytes of writer.encode({ columns: this.#columns, batches })) {
      this.#bytes += bytes.length;
      this.#hash.update(bytes);
      await this.#csv?.write(bytes);
    }
  }

  /** Writes the attachments, and yields the bytes of the file meanwhile. @returns what the catalog says of them */
  async *embed(file: PdfFile, content: Content): AsyncGenerator<Buffer, AttachmentEntries | undefined> {
    if (this.#wanted.length === 0) return undefined;
    const { started } = this.#about;
    const modified = started === undefined ? undefined : new Date(started);
    const files = this.#csv === undefined ? [] : [this.#csv];
    if (this.#wanted.includes('manifest')) files.push(await this.#manifest(content));
    try {
      return yield* embedAll(file, files, modified);
    } finally {
      for (const each of files) await each.close();
    }
  }

  async #manifest({ rows, totals, sha256 }: Content): Promise<AttachedFile> {
    const { report, title, period, timezone, params, limit, sources } = this.#about;
    const { definition, revision, run, started, tool } = this.#about;
    const csv = { name: `${this.#name}.csv`, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
    const facts = {
      ...{ report, title, period, timezone, params, limit, sources },
      ...{ definition, revision, run, started, tool },
      columns: this.#columns.map(({ name, kind, title: label }) => ({
        name,
        kind,
        ...(label && { title: label }),
      })),
      ...{ rows, totals, contentSha256: sha256 },
      ...(this.#csv !== undefined && { csv }),
    };
    const name = `${this.#name}.manifest.json`;
    const file = new AttachedFile({ name, mediaType: 'application/json', description: 'Manifest' });
    await file.write(Buffer.from(`${JSON.stringify(facts, undefined, 2)}\n`));
    return file;
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await this.#csv?.close();
  }
}
