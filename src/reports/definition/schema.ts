// The keys and values that a definition may have. What needs more than one value to be checked is checked in the other files.
import * as z from 'zod';
import { PERIOD_KINDS } from '../../core/calendar.js';
import { KINDS, LONG_NUMBERS, MASKS } from '../../core/table.js';
import { COMPRESSIONS } from '../../writers/compression.js';
import { ALL_OPTIONS, FORMAT_NAMES } from '../../writers/index.js';
import { documentFilters, sqlFilters } from './filters.js';
import { gatesSchema } from './gates.js';
import { timing } from './schedules.js';
import { splitBySchema } from './split-by.js';
import { testsSchema } from './tests.js';
import { documentWaitSchema, sqlWaitSchema } from './wait-for.js';

const name = z.string().min(1);

const kind = z.enum(KINDS);
/** Its value is the text that was typed: YamlText.typed(). */
const scalar = z.union([z.string(), z.number(), z.boolean()]);

const common = {
  title: z.string().optional(),
  source: z.union([name, z.array(name).min(1)]),
  period: z.enum(PERIOD_KINDS).default('day'),
  ...timing,
  timezone: z.string().default('America/Sao_Paulo'),
  volatile: z.array(name).default([]),
  'order-by': z.array(name).default([]),
  totals: z.array(name).default([]),
  gates: gatesSchema,
  'on-empty': z.enum(['publish', 'skip', 'fail']).default('publish'),
  labels: z.record(name, scalar).default({}),
  outputs: z
    .array(
      z.strictObject({
        format: z.enum(FORMAT_NAMES),
        key: name,
        compress: z.enum(Object.keys(COMPRESSIONS)).optional(),
        'split-by': splitBySchema,
        ...ALL_OPTIONS,
      }),
    )
    .default([]),
  tests: testsSchema,
};

const columnKeys = {
  kind,
  title: name.optional(),
  currency: name.optional(),
  format: name.optional(),
  'long-numbers': z.enum(LONG_NUMBERS).optional(),
  // YAML reads the word null as null.
  mask: z.enum(MASKS).nullable().optional(),
};

export const sqlSchema = z.strictObject({
  ...common,
  filters: sqlFilters,
  'wait-for': sqlWaitSchema,
  params: z.record(name, z.union([kind, z.strictObject({ kind, default: scalar.optional() })])).default({}),
  columns: z.record(name, z.union([kind, z.strictObject({ ...columnKeys })])),
});

export const documentSchema = z.strictObject({
  ...common,
  collection: name,
  pipeline: z.array(z.record(z.string(), z.unknown())).default([]),
  // YAML reads the word null as null.
  'on-mismatch': z.enum(['fail', 'null']).nullable().default('fail'),
  'wait-for': documentWaitSchema,
  filters: documentFilters,
  columns: z.record(name, z.union([kind, z.strictObject({ ...columnKeys, path: name.optional() })])),
});

/** A definition that has passed its schema. */
export type Definition = z.infer<typeof sqlSchema> | z.infer<typeof documentSchema>;
