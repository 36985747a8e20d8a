// What is known when all rows were seen: foot, fonts, page tree, bookmarks, links, structure, metadata, catalog.
import type { Locale } from '../../core/format.js';
import type { About } from '../../core/writer.js';
import { fileId, writeArchive } from './archive.js';
import type { AttachmentEntries } from './attachments.js';
import type { Faces } from './canvas.js';
import type { ReportPages } from './document.js';
import { writeFoot } from './foot.js';
import type { Head } from './head.js';
import { type IndexLink, writeLinks } from './index-pages.js';
import { labelsOf } from './labels.js';
import { type PdfFile, textString } from './objects.js';
import { writeOutline } from './outline.js';
import { PageTree } from './page-tree.js';
import type { Pages } from './pages.js';
import { linkKey, writeStructure } from './structure.js';

export interface Drawn {
  readonly file: PdfFile;
  readonly faces: Faces;
  readonly pages: Pages;
  readonly head: Head;
  readonly report: ReportPages;
  /** The number of columns of the table, and those that are summed. */
  readonly columns: number;
  readonly summed: readonly number[];
  readonly about: About;
  readonly locale: Locale | undefined;
  /** The object number of the logo. */
  readonly logo: number | undefined;
}

/**
 * Writes the rest of the file; yields when some of it can be written.
 * @param links of the index. @param content SHA-256 of the rows
 */
export function* writeRest(
  drawn: Drawn,
  links: readonly IndexLink[],
  content: string,
  attachments: AttachmentEntries | undefined,
): Generator<void> {
  const { file, faces, pages, head, report, about, locale } = drawn;
  const tagged = pages.tags.isOn;
  const count = pages.contents.length;
  const labels = labelsOf(locale);
  const created = about.started === undefined ? undefined : new Date(about.started);
  const foot = { about, locale, content, namesCsv: !tagged };
  writeFoot(file, pages, faces, foot);
  for (const face of Object.values(faces)) face.write(file);
  const tree = new PageTree(file, count);
  const pageOf = (page: number) => tree.objectOf(page);
  const linkNumbers = writeLinks(file, links, pageOf, (index) =>
    tagged ? linkKey(count, index) : undefined,
  );
  const annotations = new Map<number, string>();
  for (const [index, { on }] of links.entries()) {
    annotations.set(on, `${annotations.get(on) ?? ''}${linkNumbers[index]} 0 R `);
  }
  const root = yield* tree.write({
    paper: pages.paper,
    contents: pages.contents,
    resources: resourcesOf(drawn),
    more: (index) => {
      const own = annotations.get(index + 1);
      const tabs = tagged ? `/StructParents ${index}/Tabs/S` : '';
      return own === undefined ? tabs : `/Annots[${own}]${tabs}`;
    },
  });
  const structure = tagged
    ? yield* writeStructure({ ...drawn, pages: pages.tags.pages(), pageOf, links: linkNumbers })
    : undefined;
  const hasAttachments = attachments !== undefined;
  const facts = {
    title: head.title,
    language: labels.language,
    tool: about.tool,
    created,
    tagged,
    hasAttachments,
  };
  const { metadata, outputIntent, info } = writeArchive(file, facts);
  const { entries } = report;
  const catalog = file.object(
    [
      `<</Type/Catalog/Pages ${root} 0 R/Metadata ${metadata} 0 R/OutputIntents[${outputIntent} 0 R]`,
      `/Lang${textString(labels.language)}/ViewerPreferences<</DisplayDocTitle true>>`,
      entries.length === 0 ? '' : `/Outlines ${writeOutline(file, entries, pageOf)} 0 R/PageMode/UseOutlines`,
      structure === undefined ? '' : `/MarkInfo<</Marked true>>/StructTreeRoot ${structure} 0 R`,
      hasAttachments ? `/AF${attachments.associated}/Names<</EmbeddedFiles${attachments.embedded}>>` : '',
      '>>',
    ].join(''),
  );
  file.end({ root: catalog, info, id: fileId(content, head.title, about.started ?? '') });
}

function resourcesOf({ file, faces, pages, logo }: Drawn): number {
  const fonts = `/F1 ${faces.regular.resource} 0 R/F2 ${faces.bold.resource} 0 R`;
  const picture = logo === undefined ? '' : `/Logo ${logo} 0 R`;
  return file.object(`<</Font<<${fonts}>>/XObject<</Foot ${pages.foot} 0 R${picture}>>>>`);
}
