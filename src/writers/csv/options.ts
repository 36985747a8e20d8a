// What a report file may say about a CSV; dialect() says what it means.
import * as z from 'zod';
import type { CsvOptions } from './dialect.js';

export const csvOptions = {
  delimiter: z.string().optional(),
  decimal: z.string().optional(),
  bom: z.boolean().optional(),
  eol: z.enum(['lf', 'crlf']).optional(),
  null: z.string().optional(),
  quote: z.enum(['all', 'needed']).optional(),
  locale: z.enum(['pt-BR']).optional(),
  booleans: z.string().optional(),
  formulas: z.enum(['neutralise', 'keep']).optional(),
} satisfies Readonly<Record<keyof CsvOptions, z.ZodType>>;
