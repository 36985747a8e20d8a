// The option `locale`, which several formats have.
import * as z from 'zod';

export const locale = z
  .enum(['pt-BR'])
  .optional()
  .meta({ argument: '<name>', description: 'semicolon, decimal comma, BOM, CRLF and dd/mm/yyyy' });
