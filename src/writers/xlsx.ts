// XLSX (ECMA-376): our own encoder for the rows, exceljs for the other parts of the workbook, or a template.
import { resolve } from 'node:path';
import type { Format, SpelledOptions, Spelling } from '../core/format.js';
import { booleanWords } from './words/booleans.js';
import { describeXlsx } from './xlsx/describe.js';
import { sheetOf, XLSX_FILE, type XlsxOptions, xlsxOptions } from './xlsx/options.js';
import { serialToIso } from './xlsx/serial.js';
import { checkTemplate, readTemplate, templateCautions } from './xlsx/template/open.js';

export const xlsx: Format<XlsxOptions> = {
  ...XLSX_FILE,
  isCompressed: true,
  isLight: false,
  options: xlsxOptions,
  fromSpelled({ template, ...options }, { folder, most }) {
    return typeof template === 'string'
      ? { ...options, template: readTemplate(resolve(folder, template), most) }
      : options;
  },
  files: ({ template }) => (template === undefined ? [] : [{ path: template.path(), option: 'template' }]),
  check(options, columns) {
    const { template, sheet } = options;
    booleanWords(options.booleans);
    if (template === undefined) sheetOf(options);
    else checkTemplate(template, columns, sheet);
  },
  cautions: ({ template, sheet }, columns) =>
    template === undefined ? [] : templateCautions(template, columns, sheet),
  async create(options, about) {
    const { createXlsxWriter } = await import('./xlsx/write.js');
    return createXlsxWriter(options, about);
  },
  async *read(bytes, file) {
    const { readXlsx } = await import('./xlsx/read.js');
    yield* readXlsx(bytes, file);
  },
  spelling,
  describe: describeXlsx,
};

function spelling({ booleans }: SpelledOptions): Spelling {
  const words = booleanWords(typeof booleans === 'string' ? booleans : undefined);
  return { isoDate: serialToIso, booleans: words, formulaGuard: undefined };
}
