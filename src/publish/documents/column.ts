// The shape of a column as manifests describe it.
import * as z from 'zod';
import { KINDS, LONG_NUMBERS, MASKS, OFFSETS } from '../../core/table.js';

const text = z.string();

export const column = z.object({
  name: text.describe('The name in the definition.'),
  kind: z.enum(KINDS).describe('What its values are.'),
  title: text.exactOptional().describe('The header; without one the name is.'),
  currency: text.exactOptional().describe('ISO 4217: the currency that its amounts are of.'),
  format: text.exactOptional().describe('How a workbook shows its numbers, such as `0.0%`.'),
  offset: z
    .enum(OFFSETS)
    .exactOptional()
    .describe(
      'Of a timestamp: whether its values have an offset from UTC in the source; absent where there was none to tell by.',
    ),
  longNumbers: z
    .enum(LONG_NUMBERS)
    .exactOptional()
    .describe('What a workbook makes of its numbers of more than 15 significant digits; without it text.'),
  float: z
    .literal(true)
    .exactOptional()
    .describe(
      'Its numbers are binary floating point (IEEE 754), or may be, as in documents; totals are exact sums of their shortest decimal texts.',
    ),
  mask: z
    .enum(MASKS)
    .exactOptional()
    .describe('What the file has in place of its texts: a keyed hash, the last characters, or null.'),
  path: text.exactOptional().describe('In documents: where the value is; without one, at the name.'),
});
