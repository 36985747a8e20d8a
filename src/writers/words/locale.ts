// The option `locale`, which several formats have.
import * as z from 'zod';

export const locale = z
  .enum(['pt-BR'])
  .optional()
  .meta({ argument: '<name>', description: '; , BOM CRLF dd/mm/yyyy at once' });
