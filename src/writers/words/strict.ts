// The option `strict`, which several formats have.
import * as z from 'zod';

export const strict = z.boolean().optional().meta({
  description: 'xlsx: fail on a value that Excel cannot hold (changed and counted)',
});
