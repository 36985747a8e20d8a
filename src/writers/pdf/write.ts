// Writes PDF (ISO 32000-1, and ISO 19005-2 for archives): rows stream into pages, and a page is written when it is full.
import type { Column, Table as Rows } from '../../core/table.js';
import type { About, Writer } from '../../core/writer.js';
import { broadcast } from '../../rows/broadcast.js';
import { ContentHash } from '../../rows/counters.js';
import { type Lines, linesOf } from '../../rows/lines.js';
import { Attached } from './attached.js';
import type { Faces } from './canvas.js';
import { Changes } from './changes.js';
import { placeColumns } from './columns.js';
import { ReportPages } from './document.js';
import { type Drawn, writeRest } from './finish.js';
import { openFace } from './fonts.js';
import { Head, logoSize } from './head.js';
import { writeLogo } from './image.js';
import { Levels } from './levels.js';
import { PdfFile } from './objects.js';
import { languageOf, PDF_FILE, type PdfOptions } from './options.js';
import { Pages } from './pages.js';
import { MEASURED_ROWS, measureColumns } from './sample.js';
import type { Language } from './spelling.js';
import { Table } from './table.js';

/**
 * @param writerOf a writer of another format, for the rows that are attached
 * @throws ReportError `usage` for words for booleans that are none
 */
export async function createPdfWriter(
  options: PdfOptions,
  about: About = {},
  writerOf?: (format: string) => Promise<Writer>,
): Promise<Writer> {
  const language = languageOf(options);
  const csv = options.attach?.includes('csv') ? await writerOf?.('csv') : undefined;
  let changes = new Changes(options.strict ?? false);

  async function* encode({ columns, batches }: Rows): AsyncGenerator<Buffer> {
    changes = new Changes(options.strict ?? false);
    const attached = new Attached(options.attach ?? [], columns, about);
    const both = csv === undefined ? undefined : broadcast(batches, 2);
    const [own = batches, copy] = both?.readers ?? [];
    const spooled = copy && csv && attached.spool(csv, copy);
    // When it fails, the pages fail at their next batch.
    spooled?.catch((error: unknown) => both?.fail(error));
    try {
      const file = new PdfFile();
      const faces = { regular: await openFace('regular', file), bold: await openFace('bold', file) };
      const beginning = { file, faces, columns, options, about, language, changes };
      const content = new ContentHash(columns, about.volatile ?? []);
      let drawing: Drawn | undefined;
      // However the rows are cut into batches, the same ones are measured.
      const first: Lines[] = [];
      let rows = 0;
      for await (const batch of own) {
        content.add(batch);
        const lines = linesOf(batch, columns.length);
        rows += batch.rowCount;
        if (drawing !== undefined) drawing.report.add(lines);
        else if (first.push(lines) && rows >= MEASURED_ROWS) drawing = begin(beginning, first);
        const bytes = file.take();
        if (bytes.length > 0) yield bytes;
      }
      drawing ??= begin(beginning, first);
      await spooled;
      yield* finish(drawing, content.digest(), attached);
    } finally {
      await both?.fail(new Error('the pages are done'));
      await spooled?.catch(() => undefined);
      await attached.close();
    }
  }

  return { ...PDF_FILE, encode, neutralised: 0, notes: () => changes.notes() };
}

/** Writes what is known when all rows were seen. @param sha256 of the rows */
async function* finish(drawing: Drawn, sha256: string, attached: Attached): AsyncGenerator<Buffer> {
  const { file, report } = drawing;
  const links = report.finish();
  yield file.take();
  const attachments = yield* attached.embed(file, { ...report.total(), sha256 });
  for (const _ of writeRest(drawing, links, sha256, attachments)) yield file.take();
  yield file.take();
}

interface Beginning {
  readonly file: PdfFile;
  readonly faces: Faces;
  readonly columns: readonly Column[];
  readonly options: PdfOptions;
  readonly about: About;
  readonly language: Language;
  readonly changes: Changes;
}

/** Lays the table out and draws the first rows. @throws ReportError `definition` when the columns do not fit */
function begin(beginning: Beginning, first: readonly Lines[]): Drawn {
  const { file, faces, columns, options, about, language, changes } = beginning;
  const { locale } = language;
  const groupBy = (options['group-by'] ?? []).map((name) =>
    columns.findIndex((column) => column.name === name),
  );
  const shown = columns.map((_, index) => index).filter((index) => !groupBy.includes(index));
  const totals = [...new Set(about.totals ?? [])];
  const measured = measureColumns(columns, shown, first, faces, { ...language, summed: totals });
  const layout = placeColumns(measured, options.page ?? {});
  const plans = measured.map((column, index) => ({
    ...column,
    ...(layout.columns[index] as (typeof layout.columns)[number]),
  }));
  const summed = plans.flatMap(({ column }, index) => (totals.includes(column.name) ? [index] : []));
  const isShort = first.reduce((rows, { rowCount }) => rows + rowCount, 0) < MEASURED_ROWS;
  const pages = new Pages(file, layout.paper, faces, locale, options.tagged !== false, isShort);
  const table = new Table(pages, faces, {
    ...language,
    layout,
    plans,
    summed,
    isCut: options.overflow === 'cut',
  });
  const levels = new Levels(
    groupBy.map((index) => columns[index] as Column),
    groupBy,
    summed.map((index) => plans[index]?.index ?? 0),
  );
  const logo = options.logo && writeLogo(file, options.logo);
  const head = new Head(about, locale, logo && logoSize(logo));
  const isTagged = options.tagged === true;
  const report = new ReportPages(
    { pages, head, table, levels, changes },
    { ...language, isTagged, hasSums: summed.length > 0 },
  );
  for (const lines of first) report.add(lines);
  return { ...beginning, pages, head, report, locale, columns: plans.length, summed, logo: logo?.number };
}
