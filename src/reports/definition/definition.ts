// The YAML in a report file's leading comment, validated; every complaint has the file, the line, what was found and what is allowed.
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { assertTimeZone, PERIOD_KINDS, periodContaining } from '../../core/calendar.js';
import { didYouMean, errorSentence, ReportError } from '../../core/errors.js';
import { DIMENSIONS, type Dimension } from '../../core/filter.js';
import type { DocumentQuery } from '../../core/source.js';
import { type Column, KINDS, type Kind } from '../../core/table.js';
import { COMPRESSIONS } from '../../writers/compression.js';
import { ALL_OPTIONS, FORMAT_NAMES, formatOf, readOptions } from '../../writers/index.js';
import { expandKey, TOKENS, unknownTokens } from '../key.js';
import { deepest, explain } from './complaints.js';
import { gateKeys, gatesSchema, parseGates } from './gates.js';
import { dividedOutputs, EXPECT_BY_KEYS, parseSchedules, type Schedule, timing } from './schedules.js';
import { splitBySchema, splitKeyFault, splitTerms } from './split-by.js';
import { parseTests, TEST_KEYS, testsSchema } from './tests.js';
import { documentWaitSchema, parseWaitFor, sqlWaitSchema, waitKeys } from './wait-for.js';
import { type Path, YamlText } from './yaml-text.js';

const name = z.string().min(1);

const kind = z.enum(KINDS);
/** Taken as it was typed, see YamlText.typed(). */
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

const columnKeys = { kind, title: name.optional(), currency: name.optional() };

const sqlSchema = z.strictObject({
  ...common,
  filters: z.strictObject(Object.fromEntries(DIMENSIONS.map((word) => [word, name.optional()]))).default({}),
  'wait-for': sqlWaitSchema,
  params: z.record(name, z.union([kind, z.strictObject({ kind, default: scalar.optional() })])).default({}),
  columns: z.record(name, z.union([kind, z.strictObject({ ...columnKeys })])),
});

const field = z.union([
  name,
  z.strictObject({ path: name, kind: kind.optional(), stored: z.enum(['text']).optional() }),
]);
const documentSchema = z.strictObject({
  ...common,
  collection: name,
  pipeline: z.array(z.record(z.string(), z.unknown())).default([]),
  // The word null is YAML's null too.
  'on-mismatch': z.enum(['fail', 'null']).nullable().default('fail'),
  'wait-for': documentWaitSchema,
  filters: z.strictObject(Object.fromEntries(DIMENSIONS.map((word) => [word, field.optional()]))).default({}),
  columns: z.record(name, z.union([kind, z.strictObject({ ...columnKeys, path: name.optional() })])),
});
type SqlDefinition = z.infer<typeof sqlSchema>;
type DocumentDefinition = z.infer<typeof documentSchema>;
type Definition = SqlDefinition | DocumentDefinition;

/**
 * The definition and the query of a report file: SQL with its definition in the leading comment, or YAML alone.
 * @throws ReportError `definition`, for example `queries/x.sql:7: columns.valor: found "money"; allowed: text, integer, …`
 */
export function parseDefinition(file: string, text: string, cwd: string) {
  const folder = resolve(cwd, dirname(file));
  return /\.ya?ml$/.test(file) ? parseDocuments(file, text, folder) : parseSql(file, text, folder);
}

function parseSql(file: string, text: string, folder: string) {
  const header = /^\s*\/\*---[ \t]*\r?\n([\s\S]*?)^---\*\/[ \t]*(?:\r?\n|$)/m.exec(text);
  if (header?.index !== 0 || header[1] === undefined) {
    throw new ReportError('definition', `${file}:1: no definition`, {
      hint: 'Begin the file with /*---, the YAML of the report, and ---*/ at the start of a line.',
    });
  }
  const yamlStart = header[0].indexOf(header[1]);
  const document = new YamlText(file, text.slice(0, yamlStart).split('\n').length - 1, header[1]);
  const definition = validated(sqlSchema, document);
  const query = text.slice(header[0].length).trim();
  if (query === '') {
    const line = header[0].trimEnd().split('\n').length;
    throw new ReportError('definition', `${file}:${line}: no query after the definition`);
  }
  const params = Object.entries(definition.params).map(([parameter, value]) => {
    if (typeof value === 'string') return [parameter, { kind: value, default: undefined }] as const;
    const given = value.default === undefined ? undefined : document.typed(['params', parameter, 'default']);
    return [parameter, { kind: value.kind, default: given }] as const;
  });
  return {
    ...toReport(definition, document, folder),
    filters: definition.filters,
    params: Object.fromEntries(params),
    query,
  };
}

/** What a dimension's value is unless the report says otherwise. */
const FIELD_KINDS: Readonly<Record<Dimension, Kind>> = {
  date: 'timestamp',
  organization: 'text',
  product: 'text',
  'product-type': 'text',
  quantity: 'decimal',
  price: 'decimal',
};

function parseDocuments(file: string, text: string, folder: string) {
  const document = new YamlText(file, 0, text);
  const definition = validated(documentSchema, document);
  const filters: Partial<Record<Dimension, string>> = {};
  const fields: Partial<Record<Dimension, { kind: Kind; stored: 'text' | undefined }>> = {};
  for (const dimension of DIMENSIONS) {
    const mapped = definition.filters[dimension];
    if (mapped === undefined) continue;
    const { path, kind: given, stored } = typeof mapped === 'string' ? { path: mapped } : mapped;
    filters[dimension] = path;
    fields[dimension] = { kind: given ?? FIELD_KINDS[dimension], stored };
  }
  const report = toReport(definition, document, folder);
  const orderBy = report.orderBy.map((term, index) => {
    const name = term.replace(/^-/, '');
    const column = report.columns.find((candidate) => candidate.name === name);
    if (column !== undefined) return { column, descending: term.startsWith('-') };
    const names = report.columns.map((candidate) => candidate.name);
    throw document.complaint(
      ['order-by', index],
      `found "${name}", which is no column; ${didYouMean(name, names)}`,
    );
  });
  const { collection, pipeline, 'on-mismatch': onMismatch } = definition;
  // A key with nothing behind it is not yet the word.
  if (onMismatch === null && document.typed(['on-mismatch']) !== 'null')
    throw document.complaint(['on-mismatch'], 'found nothing; allowed: fail, null');
  const query: DocumentQuery = { collection, pipeline, fields, orderBy, onMismatch: onMismatch ?? 'null' };
  return { ...report, filters, params: {}, query };
}

function validated<T extends z.ZodType>(schema: T, document: YamlText): z.infer<T> {
  const parsed = schema.safeParse(document.value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [path, message] = explain(deepest(parsed.error.issues), (at) => allowedKeys(at, schema));
  throw document.complaint(path, message);
}

/** @param folder where the paths of templates start */
function toReport(definition: Definition, document: YamlText, folder: string) {
  const columns = document.keys(['columns']).map((column): Column => {
    const value = Object.hasOwn(definition.columns, column) ? definition.columns[column] : undefined;
    if (value === undefined)
      throw document.complaint(['columns', column], 'this cannot be the name of a column');
    if (typeof value === 'string') return { name: column, kind: value };
    const { kind, title, currency, path }: ColumnDefinition = value;
    assertCurrency(kind, currency, (complaint) =>
      document.complaint(['columns', column, 'currency'], complaint),
    );
    return {
      name: column,
      kind,
      ...(title && { title }),
      ...(currency && { currency }),
      ...(path && { path }),
    };
  });
  if (columns.length === 0) throw document.complaint(['columns'], 'at least one column is needed');
  const names = columns.map((column) => column.name);
  for (const key of ['volatile', 'totals'] as const) {
    definition[key].forEach((column, index) => {
      if (!names.includes(column))
        throw document.complaint(
          [key, index],
          `found "${column}", which is no exported column; ${didYouMean(column, names)}`,
        );
    });
  }
  definition.totals.forEach((total, index) => {
    const found = columns.find((column) => column.name === total);
    if (found && !['integer', 'decimal'].includes(found.kind))
      throw document.complaint(
        ['totals', index],
        `"${total}" is ${found.kind}; a total needs an integer or a decimal`,
      );
  });
  try {
    assertTimeZone(definition.timezone);
  } catch (error) {
    throw document.complaint(['timezone'], errorSentence(error));
  }
  const labels = Object.fromEntries(
    Object.keys(definition.labels).map((label) => [label, document.typed(['labels', label])]),
  );
  const schedules = parseSchedules(definition, document);
  const outputs = outputsOf(definition, columns, labels, schedules, document, folder);
  const sources = [definition.source].flat();
  sources.forEach((source, index) => {
    const path = Array.isArray(definition.source) ? ['source', index] : ['source'];
    if (!/^[a-z][a-z0-9_-]*$/i.test(source))
      throw document.complaint(
        path,
        // A URL may hold a password.
        `${/[:/@]/.test(source) ? '' : `found "${source}"; `}a source is a name (letters, digits, "_", "-"), never a URL`,
      );
    if (sources.indexOf(source) !== index)
      throw document.complaint(path, `"${source}" stands twice and would double its rows`);
  });
  const expectBy = definition['expect-by'];
  return {
    title: definition.title,
    sources,
    period: definition.period,
    timezone: definition.timezone,
    columns,
    volatile: definition.volatile,
    orderBy: definition['order-by'],
    totals: definition.totals,
    gates: parseGates(definition.gates, columns, document),
    waitFor: parseWaitFor(definition['wait-for'], document),
    onEmpty: definition['on-empty'],
    labels,
    ...dividedOutputs(outputs, schedules, document),
    schedules,
    organization: undefined,
    tests: parseTests(definition.tests, document),
    expectBy: typeof expectBy === 'string' ? { time: expectBy, days: 1 } : expectBy,
  };
}

interface ColumnDefinition {
  kind: Kind;
  title?: string | undefined;
  currency?: string | undefined;
  path?: string | undefined;
}

/** @throws what `complaint` makes of a currency that there is not, or of one for something that is no number */
function assertCurrency(
  kind: Kind,
  currency: string | undefined,
  complaint: (message: string) => ReportError,
): void {
  if (currency === undefined) return;
  if (!['integer', 'decimal'].includes(kind)) {
    throw complaint(`the column is ${kind}; an amount of a currency is an integer or a decimal`);
  }
  if (Intl.supportedValuesOf('currency').includes(currency)) return;
  throw complaint(`found "${currency}"; give a code of ISO 4217, such as BRL, USD or EUR`);
}

/** Every key has known tokens only and is a file of its own, and every dialect is one that the writer takes. */
function outputsOf(
  definition: Definition,
  columns: readonly Column[],
  labels: Readonly<Record<string, string>>,
  schedules: readonly Schedule[],
  document: YamlText,
  folder: string,
) {
  for (const label of Object.keys(labels)) {
    if (TOKENS.some((token) => token === label))
      throw document.complaint(
        ['labels', label],
        `{${label}} has a meaning already; call the label otherwise`,
      );
  }
  const period = periodContaining(definition.period, '2024-10-05');
  const keys: string[] = [];
  const mapped = Object.fromEntries(
    Object.entries(definition.filters).flatMap(([dimension, field]) =>
      field === undefined ? [] : [[dimension, typeof field === 'string' ? field : field.path]],
    ),
  );
  const known = { columns, mapped, labels: Object.keys(labels), volatile: definition.volatile };
  return definition.outputs.map(({ format, key, compress, ...output }, index) => {
    const { 'split-by': split, ...options } = output;
    const terms = splitTerms([split ?? []].flat(), known, (message) =>
      document.complaint(['outputs', index, 'split-by'], message),
    );
    const words = terms.map(({ word }) => word);
    const tokens = [...Object.keys(labels), ...words, ...(schedules.length === 0 ? [] : ['organization'])];
    if (key.includes('{organization}') && !tokens.includes('organization'))
      throw document.complaint(
        ['outputs', index, 'key'],
        '{organization} needs schedules or split-by, which say whose files these are',
      );
    const [unknown] = unknownTokens(key, tokens);
    if (unknown !== undefined) throw document.complaint(['outputs', index, 'key'], unknown);
    const plain = formatOf(format).extension;
    const extension = compress === undefined ? plain : `${plain}.${compress}`;
    const values = { report: 'report', period, extension, labels };
    const fault = splitKeyFault(key, terms, values);
    if (fault !== undefined) throw document.complaint(['outputs', index, 'key'], fault);
    const expanded = expandKey(key, values);
    const twin = keys.indexOf(expanded);
    if (twin !== -1)
      throw document.complaint(['outputs', index, 'key'], `found "${key}", the file that outputs.${twin} is`);
    keys.push(expanded);
    try {
      const dialect = readOptions(format, options, folder, compress);
      formatOf(format).check(dialect, columns);
      // Absent where nothing is split, so that the definition of every other report is what it was.
      return { format, key, compress, dialect, ...(terms.length > 0 && { splitBy: terms }) };
    } catch (error) {
      throw document.complaint(['outputs', index], errorSentence(error));
    }
  });
}

/** The keys that the schema has at a path. */
function allowedKeys(path: Path, schema: z.ZodType): string[] {
  const [first, second] = path;
  const documents = schema === documentSchema;
  if (first === undefined) return Object.keys((documents ? documentSchema : sqlSchema).shape);
  const keys: Readonly<Record<string, readonly string[]>> = {
    filters: second === undefined ? DIMENSIONS : ['path', 'kind', 'stored'],
    columns: ['kind', 'title', 'currency', ...(documents ? ['path'] : [])],
    params: ['kind', 'default'],
    gates: gateKeys(path.slice(1)),
    'expect-by': EXPECT_BY_KEYS,
    'wait-for': waitKeys[documents ? 'documents' : 'sql'],
    outputs: ['format', 'key', 'compress', 'split-by', ...Object.keys(ALL_OPTIONS)],
    tests: second === undefined || path.length > 2 ? [] : TEST_KEYS,
  };
  return [...(keys[String(first)] ?? [])];
}
