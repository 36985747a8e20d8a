// Finds the parts of a workbook that hold its rows (ECMA-376 part 1: 18.2.19 sheet, part 2: 9.3 relationships).
import { ABOUT_SHEET, isSameName, nextSheetName, SUMMARY_SHEET } from '../options.js';
import { type Archive, damaged } from './zip-archive.js';

const WORKBOOK = 'xl/workbook.xml';
const RELATIONS = 'xl/_rels/workbook.xml.rels';
const LIST = '<sheets>';
const LIST_END = '</sheets>';
/** More than 10,000 sheets need. */
const MAX_BYTES = 8 * 1024 ** 2;

export interface SheetPart {
  readonly name: string;
  /** The name of the part in the archive. */
  readonly path: string;
}

/** Whether the reader needs this part. */
export function isWanted(name: string): boolean {
  return name === WORKBOOK || name === RELATIONS || /^xl\/worksheets\/sheet\d{1,9}\.xml$/.test(name);
}

/**
 * The sheets with the rows: all except the first and the last.
 * @param base the name of the first of them
 * @throws ReportError `contract` when the sheets are not those that the writer makes
 */
export async function dataSheets(archive: Archive, base: string): Promise<SheetPart[]> {
  const { list, sheets, pathOf } = await sheetsOf(archive);
  if (list.split('<').length !== sheets.length + 2) throw damaged(`${WORKBOOK} has odd sheets`);
  if (sheets.length < 3)
    throw damaged(`it has ${sheets.length} sheets, not ${SUMMARY_SHEET}, rows and ${ABOUT_SHEET}`);
  const data: SheetPart[] = [];
  for (const [index, sheet] of sheets.entries()) {
    const isData = index > 0 && index < sheets.length - 1;
    const taken = data.map((each) => each.name);
    const expected = isData ? nextSheetName(base, taken) : index === 0 ? SUMMARY_SHEET : ABOUT_SHEET;
    const name = sheet.get('name') ?? '';
    if (name !== expected || (sheet.get('state') ?? 'visible') !== 'visible') {
      throw damaged(
        `sheet ${index + 1} is ${JSON.stringify(name.slice(0, 60))}, not a visible ${JSON.stringify(expected)}`,
      );
    }
    if (isData) data.push({ name, path: pathOf(sheet) });
  }
  return data;
}

/**
 * The sheet of a template that took the rows.
 * @throws ReportError `contract` when there is none of that name, or several
 */
export async function templateSheet(archive: Archive, name: string): Promise<SheetPart> {
  const { sheets, pathOf } = await sheetsOf(archive);
  const [sheet, ...more] = sheets.filter((each) => isSameName(each.get('name') ?? '', name));
  if (sheet === undefined || more.length > 0)
    throw damaged(`it has no sheet ${JSON.stringify(name)}, or several`);
  return { name, path: pathOf(sheet) };
}

async function sheetsOf(archive: Archive) {
  const workbook = await whole(archive, WORKBOOK);
  const from = workbook.indexOf(LIST);
  const to = workbook.indexOf(LIST_END, from);
  if (from === -1 || to === -1 || workbook.indexOf(LIST, from + 1) !== -1) {
    throw damaged(`${WORKBOOK} has no list of sheets, or several`);
  }
  const list = workbook.slice(from, to);
  const related = elements(await whole(archive, RELATIONS), 'Relationship');
  const targets = new Map(related.map((each) => [each.get('Id'), each.get('Target') ?? '']));
  return {
    list,
    sheets: elements(list, 'sheet'),
    /** The part of a sheet. Targets are relative to the workbook, or absolute in the archive. */
    pathOf(sheet: ReadonlyMap<string, string>): string {
      const target = targets.get(sheet.get('r:id')) ?? '';
      return target.startsWith('/') ? target.slice(1) : `xl/${target}`;
    },
  };
}

async function whole(archive: Archive, name: string): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of archive.read(name)) {
    length += piece.length;
    if (length > MAX_BYTES) throw damaged(`${name} is longer than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  const text = Buffer.concat(pieces).toString();
  refuseHidden(name, text);
  return text;
}

/** Refuses comments and CDATA, which could hold text that looks like an element. */
export function refuseHidden(where: string, text: string): void {
  if (text.includes('<!')) throw damaged(`${where} has a comment, or what only looks like text`);
}

/** The attributes of each empty element of this name. */
function elements(xml: string, element: string): ReadonlyMap<string, string>[] {
  return [...xml.matchAll(new RegExp(`<${element}\\s([^<>]{0,4000})/>`, 'g'))].map(
    ([, attributes = '']) =>
      new Map(
        [...attributes.matchAll(/(?<![\w:])([\w:]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
          name,
          unescaped(value, () => `an attribute of ${element}`),
        ]),
      ),
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
};

/** Replaces the five entities of XML. @throws ReportError `contract` for any other */
export function unescaped(text: string, where: () => string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&[^;]{0,8};?/g, (entity) => {
    const character = ENTITIES[entity];
    if (character === undefined) throw damaged(`${where()} has ${JSON.stringify(entity)}`);
    return character;
  });
}
