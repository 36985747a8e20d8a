// A template as parts and the relationships between them (ECMA-376 part 2): the sheet to fill, its tables, no calculation chain.
import { posix } from 'node:path';
import { ReportError } from '../../../core/errors.js';
import { isSameName, type Template } from '../options.js';
import { TooLarge } from '../unzip.js';
import { attributeOf, elementsOf, unescaped } from './xml.js';

export interface Package {
  /** Name to content, in the archive's order. */
  readonly parts: ReadonlyMap<string, Buffer>;
  readonly workbook: string;
  /** All worksheets, in the order of their tabs. */
  readonly sheets: readonly Sheet[];
  /** The part of the sheet that takes the rows, and its name. */
  readonly sheet: string;
  readonly sheetName: string;
  readonly styles: string;
  /** Undefined in a workbook without shared strings. */
  readonly sharedStrings: string | undefined;
  /** The tables of the sheet that takes the rows. */
  readonly tables: readonly string[];
  /** The tables of all sheets. */
  readonly allTables: readonly string[];
  readonly drawings: readonly string[];
  /** The drawing on the sheet that takes the rows. */
  readonly drawing: string | undefined;
  readonly charts: readonly string[];
  readonly pivotCaches: readonly string[];
}

interface Sheet {
  readonly name: string;
  readonly part: string;
}

interface Relationship {
  readonly element: string;
  readonly id: string | undefined;
  /** The last segment of its type's URI, such as `worksheet`. */
  readonly type: string;
  /** The name of a part. */
  readonly target: string;
}

const CONTENT_TYPES = '[Content_Types].xml';
/** The newer kinds of charts have a type of their own (MS-ODRAWXML, 2.1 Chart Ex). */
const CHARTS =
  /^application\/vnd\.(?:openxmlformats-officedocument\.drawingml\.chart|ms-office\.chartex)\+xml$/;
const DRAWINGS = /^application\/vnd\.openxmlformats-officedocument\.drawing\+xml$/;
const TABLES = /^application\/vnd\.openxmlformats-officedocument\.spreadsheetml\.table\+xml$/;
const PIVOT_CACHES =
  /^application\/vnd\.openxmlformats-officedocument\.spreadsheetml\.pivotCacheDefinition\+xml$/;
const WORKBOOK = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml';
const RAISE =
  'Make it smaller, or raise REPORTCTL_MAX_TEMPLATE_SIZE; several times as much memory is needed.';
const AS_XLSX = 'Open it in Excel and save it as an Excel workbook (.xlsx) without a password.';

export function unfit({ file }: Template, what: string, hint: string): ReportError {
  return new ReportError('definition', `the template ${file}: ${what}`, { hint });
}

/** @throws ReportError `definition` for what is no workbook, or has no sheet of that name */
export function openPackage(template: Template, sheetName: string): Package {
  const parts = partsOf(template);
  const types = textOf(parts, CONTENT_TYPES);
  const workbook = relationshipsOf(parts, '').find(({ type }) => type === 'officeDocument')?.target;
  if (workbook === undefined || !types.includes(`"${WORKBOOK}"`)) {
    throw unfit(template, 'no .xlsx workbook (with macros, as .xltx or .xls it is none)', AS_XLSX);
  }
  const xml = textOf(parts, workbook);
  if (/<workbookPr\s[^<>]*date1904\s*=\s*["'](1|true)["']/.test(xml)) {
    throw unfit(
      template,
      'its dates count from 1904',
      'In Excel, untick Options, Advanced, "Use 1904 date system".',
    );
  }
  const related = relationshipsOf(parts, workbook);
  const styles = related.find(({ type }) => type === 'styles')?.target;
  if (styles === undefined) throw unfit(template, 'it has no styles', AS_XLSX);
  const sheets = (xml.match(elementsOf('sheet')) ?? []).flatMap((element) => {
    const id = attributeOf(element, '\\w+:id');
    const part = related.find((each) => each.id === id && each.type === 'worksheet')?.target;
    const name = unescaped(attributeOf(element, 'name') ?? '');
    return part !== undefined && parts.has(part) ? [{ name, part }] : [];
  });
  const sheet = sheets.find(({ name }) => isSameName(name, sheetName));
  if (sheet === undefined) {
    const names = sheets.map(({ name }) => JSON.stringify(name)).join(', ');
    throw unfit(
      template,
      `no sheet "${sheetName}"`,
      names === ''
        ? AS_XLSX
        : `Name the sheet for the rows with --sheet (in a report: sheet); there are: ${names}.`,
    );
  }
  return {
    parts: withoutCalculationChain(parts, workbook, related),
    workbook,
    sheets,
    sheet: sheet.part,
    sheetName: sheet.name,
    styles,
    sharedStrings: related.find(({ type }) => type === 'sharedStrings')?.target,
    tables: relationshipsOf(parts, sheet.part)
      .filter(({ type, target }) => type === 'table' && parts.has(target))
      .map(({ target }) => target),
    allTables: partsOfType(parts, types, TABLES),
    drawing: relationshipsOf(parts, sheet.part).find(({ type }) => type === 'drawing')?.target,
    drawings: partsOfType(parts, types, DRAWINGS),
    charts: partsOfType(parts, types, CHARTS),
    pivotCaches: partsOfType(parts, types, PIVOT_CACHES),
  };
}

function partsOfType(parts: ReadonlyMap<string, Buffer>, types: string, wanted: RegExp): string[] {
  return (types.match(elementsOf('Override')) ?? [])
    .filter((element) => wanted.test(attributeOf(element, 'ContentType') ?? ''))
    .map((element) => unescaped(attributeOf(element, 'PartName') ?? '').slice(1))
    .filter((name) => parts.has(name));
}

function partsOf(template: Template): Map<string, Buffer> {
  try {
    return template.parts();
  } catch (cause) {
    if (cause instanceof TooLarge) throw unfit(template, cause.message, RAISE);
    // Invalid offsets, a method that is not deflate, or a wrong checksum.
    throw new ReportError('definition', `the template ${template.file}: no .xlsx workbook, or damaged`, {
      hint: AS_XLSX,
      cause,
    });
  }
}

/** The XML of a part; empty where there is none. */
export function textOf(parts: ReadonlyMap<string, Buffer>, name: string): string {
  return parts.get(name)?.toString() ?? '';
}

function relationshipsName(part: string): string {
  return posix.join(posix.dirname(part), '_rels', `${posix.basename(part)}.rels`);
}

/** @param part the one that they start from, '' for the package itself */
function relationshipsOf(parts: ReadonlyMap<string, Buffer>, part: string): Relationship[] {
  const elements = textOf(parts, relationshipsName(part)).match(elementsOf('Relationship')) ?? [];
  return elements
    .filter((element) => attributeOf(element, 'TargetMode') !== 'External')
    .map((element) => ({
      element,
      id: attributeOf(element, 'Id'),
      type: posix.basename(attributeOf(element, 'Type') ?? ''),
      target: posix
        .resolve('/', posix.dirname(part), unescaped(attributeOf(element, 'Target') ?? ''))
        .slice(1),
    }));
}

/** The calculation chain lists cells with formulas. Some were replaced, and Excel reports a wrong chain as damage; it makes a new one. */
function withoutCalculationChain(
  parts: ReadonlyMap<string, Buffer>,
  workbook: string,
  related: readonly Relationship[],
): Map<string, Buffer> {
  const left = new Map(parts);
  for (const { element, target } of related.filter(({ type }) => type === 'calcChain')) {
    left.delete(target);
    const name = relationshipsName(workbook);
    left.set(name, Buffer.from(textOf(left, name).replace(element, '')));
    const types = textOf(left, CONTENT_TYPES).replace(elementsOf('Override'), (override) =>
      unescaped(attributeOf(override, 'PartName') ?? '') === `/${target}` ? '' : override,
    );
    left.set(CONTENT_TYPES, Buffer.from(types));
  }
  return left;
}
