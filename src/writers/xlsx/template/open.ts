// Reads a template, and checks whether rows fit into it. Both happen when the report is read, before any row.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { messageOf, ReportError } from '../../../core/errors.js';
import { MEBIBYTE, readSmallFileSync } from '../../../core/small-file.js';
import type { Column } from '../../../core/table.js';
import { DATA_SHEET, type Template } from '../options.js';
import { unzipped } from '../unzip.js';
import { lostTable } from './around.js';
import { cautionsOf } from './cautions.js';
import { headerFault } from './header.js';
import { openPackage, type Package, textOf, unfit } from './package.js';
import { type Model, modelOf } from './sheet.js';

/** A workbook of 128 MiB of XML takes Excel minutes. */
const MAX_TEMPLATE_BYTES = 128 * MEBIBYTE;

/**
 * @param most bytes, of the file and of all its parts together
 * @throws ReportError `definition` when it cannot be read
 */
export function readTemplate(path: string, most: number = MAX_TEMPLATE_BYTES): Template {
  try {
    return templateOf(path, readSmallFileSync(path, most), most);
  } catch (cause) {
    throw new ReportError('definition', `reading the template ${path}: ${messageOf(cause)}`, {
      hint: 'Give the path of an .xlsx file; one in a report starts at the folder of the report.',
      cause,
    });
  }
}

/** @param path absolute */
export function templateOf(path: string, bytes: Buffer, most: number = MAX_TEMPLATE_BYTES): Template {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { file: basename(path), sha256, path: () => path, parts: () => unzipped(bytes, most) };
}

/** Finds early what createTemplateWriter() and its encode() would throw. @throws ReportError `definition` */
export function checkTemplate(
  template: Template,
  columns: readonly Column[],
  sheet: string = DATA_SHEET,
): void {
  modelIn(template, openPackage(template, sheet), columns);
}

/** What the rows replace in a template, and what cannot follow them, one line each. @throws ReportError as checkTemplate() does */
export function templateCautions(
  template: Template,
  columns: readonly Column[],
  sheet: string = DATA_SHEET,
): string[] {
  const pack = openPackage(template, sheet);
  return cautionsOf(template, pack, modelIn(template, pack, columns), columns.length);
}

/** @throws ReportError `definition` when rows of these columns cannot go into it */
export function modelIn(template: Template, pack: Package, columns: readonly Column[]): Model {
  const { parts, sheet, sheetName, tables } = pack;
  const model = modelOf(textOf(parts, sheet), columns.length);
  const fault = headerFault(template, pack, columns, model?.headerRow);
  if (fault !== undefined) throw fault;
  if (model === undefined) throw new Error('a header without a fault is a model');
  for (const table of tables) {
    const lost = lostTable(textOf(parts, table), model.headerRow);
    if (lost === undefined) continue;
    throw unfit(
      template,
      `the table ${lost.name} begins in row ${lost.row} of the sheet "${sheetName}", where the rows go`,
      `Rows below ${model.headerRow}, the header, are replaced: move the table onto another sheet.`,
    );
  }
  return model;
}
