// What makes a PDF file an archive (ISO 19005-2 and -3, level B; ISO 14289-1 when it has tags): metadata, colours, identifier.
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { type PdfFile, textString } from './objects.js';
import { shortened } from './spelling.js';
import { srgbProfile } from './srgb.js';

export interface ArchiveFacts {
  readonly title: string;
  /** A language tag, such as `pt-BR`. */
  readonly language: string;
  /** Name and version of the program; its name alone when undefined. */
  readonly tool?: string | undefined;
  /** The time of emission; without it the file has no dates. */
  readonly created?: Date | undefined;
  readonly tagged: boolean;
  readonly hasAttachments: boolean;
}

/** Numbers of objects. */
export interface Archive {
  /** The catalog's entry Metadata. */
  readonly metadata: number;
  /** Element of the catalog's array OutputIntents. */
  readonly outputIntent: number;
  /** The trailer's information dictionary. */
  readonly info: number;
}

/** Characters: a string has at most 32,767 bytes (ISO 19005-2, 6.1.13). */
export const LONGEST_TITLE = 2000;

/** What XML 1.0 has no character for. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\p{Surrogate}]/gu;
const MARKUP: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Writes the metadata, the information dictionary that agrees with it, and the meaning of the colours. */
export function writeArchive(file: PdfFile, facts: ArchiveFacts): Archive {
  const title = shortened(facts.title, LONGEST_TITLE).replace(NOT_XML, '\ufffd');
  const { tool = 'reportctl', created } = facts;
  const date = created && pdfDate(created);
  const dates = date === undefined ? '' : `/CreationDate${date}/ModDate${date}`;
  const info = file.object(`<</Title${textString(title)}/Producer${textString(tool)}${dates}>>`);
  const metadata = file.stream(
    '/Type/Metadata/Subtype/XML',
    Buffer.from(packetOf({ ...facts, title, tool })),
  );
  const profile = file.stream('/N 3/Filter/FlateDecode', deflateSync(srgbProfile()));
  const outputIntent = file.object(
    `<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)/DestOutputProfile ${profile} 0 R>>`,
  );
  return { metadata, outputIntent, info };
}

/** A date (7.9.4), in UTC. */
export function pdfDate(date: Date): string {
  return `(D:${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z)`;
}

/** The identifier of a file with this content (14.4). */
export function fileId(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
}

/** An XMP packet (ISO 16684-1). */
function packetOf({ title, language, tool, created, tagged, hasAttachments }: ArchiveFacts): string {
  const time = created?.toISOString().replace(/\.\d+/, '');
  const dates = ['CreateDate', 'ModifyDate', 'MetadataDate'].map((name) => element(`xmp:${name}`, time));
  const own = [
    element('dc:format', 'application/pdf'),
    `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">${escaped(title)}</rdf:li></rdf:Alt></dc:title>`,
    `<dc:language><rdf:Bag>${element('rdf:li', language)}</rdf:Bag></dc:language>`,
    element('pdf:Producer', tool),
    ...(time === undefined ? [] : dates),
    element('pdfaid:part', hasAttachments ? '3' : '2'),
    element('pdfaid:conformance', 'B'),
    ...(tagged ? [element('pdfuaid:part', '1'), UA_SCHEMA] : []),
  ];
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
${own.join('\n')}
</rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`;
}

function element(name: string, text = ''): string {
  return `<${name}>${escaped(text)}</${name}>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (mark) => MARKUP[mark] ?? '');
}

/** PDF/A wants to be told of properties that it does not know (ISO 19005-2, 6.6.2.3.3). */
const UA_SCHEMA = `<pdfaExtension:schemas xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>`;
