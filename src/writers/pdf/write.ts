// Writes PDF (ISO 32000-1, and ISO 19005-2 for archives): rows stream into pages, and a page is written when it is full.
import { createHash } from 'node:crypto';
import type { Column, Table as Rows } from '../../core/table.js';
import type { About, Writer } from '../../core/writer.js';
import { ContentHash } from '../../rows/counters.js';
import { type Lines, linesOf } from '../../rows/lines.js';
import { writeArchive } from './archive.js';
import type { Faces } from './canvas.js';
import { Changes } from './changes.js';
import { placeColumns } from './columns.js';
import { ReportPages } from './document.js';
import { openFace } from './fonts.js';
import { writeFoot } from './foot.js';
import { Head } from './head.js';
import { writeLinks } from './index-pages.js';
import { labelsOf } from './labels.js';
import { Levels } from './levels.js';
import { PdfFile, textString } from './objects.js';
import { PDF_FILE, type PdfOptions, pdfBooleans } from './options.js';
import { writeOutline } from './outline.js';
import { PageTree } from './page-tree.js';
import { Pages } from './pages.js';
import { measureColumns } from './sample.js';
import type { Language } from './spelling.js';
import { Table } from './table.js';

/** @throws ReportError `usage` for words for booleans that are none */
export async function createPdfWriter(options: PdfOptions, about: About = {}): Promise<Writer> {
  const booleans = pdfBooleans(options);
  const language: Language = { locale: options.locale, booleans };
  let changes = new Changes(options.strict ?? false);

  async function* encode({ columns, batches }: Rows): AsyncGenerator<Buffer> {
    changes = new Changes(options.strict ?? false);
    const file = new PdfFile();
    const faces = { regular: await openFace('regular', file), bold: await openFace('bold', file) };
    const content = new ContentHash(columns, about.volatile ?? []);
    let writing: Writing | undefined;
    for await (const batch of batches) {
      content.add(batch);
      const lines = linesOf(batch, columns.length);
      writing ??= begin({ file, faces, columns, options, about, language, changes }, lines);
      writing.report.add(lines);
      const bytes = file.take();
      if (bytes.length > 0) yield bytes;
    }
    writing ??= begin({ file, faces, columns, options, about, language, changes }, undefined);
    for (const _ of end(writing, content.digest())) yield file.take();
    yield file.take();
  }

  return { ...PDF_FILE, encode, neutralised: 0, notes: () => changes.notes() };
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

interface Writing extends Beginning {
  readonly pages: Pages;
  readonly head: Head;
  readonly report: ReportPages;
}

/** Lays the table out and begins the first page. @throws ReportError `definition` when the columns do not fit */
function begin(beginning: Beginning, first: Lines | undefined): Writing {
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
  const labels = labelsOf(locale);
  const pages = new Pages(file, layout.paper, faces, { page: labels.page }, options.tagged !== false);
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
  const head = new Head(about, locale);
  const isTagged = options.tagged === true;
  const report = new ReportPages(
    { pages, head, table, levels, changes },
    { ...language, isTagged, hasSums: summed.length > 0 },
  );
  return { ...beginning, pages, head, report };
}

/** Writes what is known when all rows were seen; yields when some of it can be written. @param content SHA-256 of the rows */
function* end({ file, faces, pages, head, report, about, language }: Writing, content: string): Generator<void> {
  const { locale } = language;
  const links = report.finish();
  const isTagged = pages.tags.isOn;
  writeFoot(file, pages.foot, pages.paper, faces, {
    about,
    locale,
    pages: pages.contents.length,
    content,
    namesCsv: !isTagged,
  });
  for (const face of Object.values(faces)) face.write(file);
  const tree = new PageTree(file, pages.contents.length);
  const pageOf = (page: number) => tree.objectOf(page);
  const annotations = annotationsOf(
    links,
    writeLinks(file, links, pageOf, () => undefined),
  );
  const fonts = `/F1 ${faces.regular.resource} 0 R/F2 ${faces.bold.resource} 0 R`;
  const resources = file.object(`<</Font<<${fonts}>>/XObject<</Foot ${pages.foot} 0 R>>>>`);
  const root = tree.write(file, pages.paper, pages.contents, resources, (index) => {
    const list = annotations.get(index + 1);
    return list === undefined ? '' : `/Annots[${list.map((number) => `${number} 0 R`).join(' ')}]`;
  });
  const labels = labelsOf(locale);
  const { metadata, outputIntent, info } = writeArchive(file, {
    title: head.title,
    language: labels.language,
    ...(about.started !== undefined && { created: new Date(about.started) }),
    tagged: isTagged,
    hasAttachments: false,
  });
  const { entries } = report;
  const outline =
    entries.length === 0 ? '' : `/Outlines ${writeOutline(file, entries, pageOf)} 0 R/PageMode/UseOutlines`;
  const catalog = file.object(
    `<</Type/Catalog/Pages ${root} 0 R/Metadata ${metadata} 0 R/OutputIntents[${outputIntent} 0 R]/Lang${textString(labels.language)}/ViewerPreferences<</DisplayDocTitle true>>${outline}>>`,
  );
  const id = createHash('sha256')
    .update(`${content} ${head.title} ${about.started ?? ''}`)
    .digest()
    .subarray(0, 16);
  file.end({ root: catalog, info, id });
}

function annotationsOf(
  links: readonly { readonly on: number }[],
  numbers: readonly number[],
): Map<number, number[]> {
  const byPage = new Map<number, number[]>();
  for (const [index, { on }] of links.entries()) {
    const list = byPage.get(on) ?? [];
    list.push(numbers[index] as number);
    byPage.set(on, list);
  }
  return byPage;
}
