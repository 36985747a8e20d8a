// XLSX as a format: its options, and what they mean for writing, reading and describing a workbook.
import { resolve } from 'node:path';
import * as z from 'zod';
import { commonFieldType, type Format } from './format.js';
import { booleanWords } from './words/booleans.js';
import { sheetOf, type XlsxOptions } from './xlsx/options.js';
import { checkTemplate, readTemplate } from './xlsx/template/open.js';

export const xlsx: Format = {
  extension: 'xlsx',
  contentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  options: {
    locale: z.enum(['pt-BR']).optional(),
    booleans: z.string().optional(),
    strict: z.boolean().optional(),
    sheet: z.string().optional(),
    /** A path. */
    template: z.string().min(1).optional(),
  } satisfies Readonly<Record<keyof XlsxOptions, z.ZodType>>,
  isCompressed: true,
  isLight: false,
  load: ({ template, ...options }, folder) =>
    template === undefined ? options : { ...options, template: readTemplate(resolve(folder, template)) },
  check(options, columnCount) {
    const { template, sheet } = options;
    if (template === undefined) sheetOf(options);
    else checkTemplate(template, columnCount, sheet);
  },
  create: async (options, about) => (await import('./xlsx/write.js')).createXlsxWriter(options, about),
  async *read(bytes, file) {
    const { readXlsx } = await import('./xlsx/read.js');
    yield* readXlsx(bytes, file);
  },
  spelling: ({ booleans }) => ({
    dates: 'serial',
    booleans: booleanWords(booleans),
    neutralise: undefined,
    separator: undefined,
  }),
  describe: ({ sheet, template }, timezone) => ({
    dialect: { sheetName: template === undefined ? sheetOf({ sheet }) : (sheet ?? sheetOf({})) },
    fieldType: (kind) => ({
      ...commonFieldType(kind),
      ...(kind === 'timestamp' ? { description: `in ${timezone}` } : {}),
    }),
  }),
};
