// The option `locale`, which several formats have.
import * as z from 'zod';
import { LOCALES } from '../../core/format.js';

export const locale = z.enum(LOCALES).optional().meta({
  argument: '<name>',
  description: 'csv: semicolon, decimal comma, BOM, CRLF and dd/mm/yyyy; xlsx, pdf: in Portuguese',
});
