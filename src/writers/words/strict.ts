// The option `strict`, which several formats have.
import * as z from 'zod';

export const strict = z.boolean().optional().meta({
  description: 'xlsx, pdf: fail on what the file cannot show as it is (changed or cut, and counted)',
});
