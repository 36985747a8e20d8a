// A report file becomes a Report without its name: its YAML is validated, and every complaint has the file, the line, what was
// found and what is allowed.
import { dirname, resolve } from 'node:path';
import type * as z from 'zod';
import { assertTimeZone } from '../../core/calendar.js';
import { didYouMean, errorSentence, ReportError } from '../../core/errors.js';
import type { OptionFiles } from '../../core/format.js';
import type { DocumentQuery } from '../../core/source.js';
import { assertColumnNames, parseColumns } from './columns.js';
import { deepest, explain } from './complaints.js';
import { parseFilters } from './filters.js';
import { parseGates } from './gates.js';
import { parseOutputs } from './outputs.js';
import { dividedOutputs, parseSchedules } from './schedules.js';
import { type Definition, documentSchema, sqlSchema } from './schema.js';
import { parseTests } from './tests.js';
import { parseWaitFor } from './wait-for.js';
import { YamlText } from './yaml-text.js';

export interface Reading {
  /** The folder that a relative path of the report file starts at. */
  readonly cwd: string;
  /** Bytes of a template's parts, inflated; without it, what the format allows. */
  readonly maxTemplateSize?: number | undefined;
}

/**
 * The definition and the query of a report file: SQL with its definition in the leading comment, or YAML alone.
 * @throws ReportError `definition`, for example `queries/x.sql:7: columns.valor: found "money"; allowed: text, integer, …`
 */
export function parseDefinition(file: string, text: string, { cwd, maxTemplateSize }: Reading) {
  const files = { folder: resolve(cwd, dirname(file)), most: maxTemplateSize };
  return /\.ya?ml$/.test(file) ? parseDocuments(file, text, files) : parseSql(file, text, files);
}

function parseSql(file: string, text: string, files: OptionFiles) {
  const header = /^\s*\/\*---[ \t]*\r?\n([\s\S]*?)^---\*\/[ \t]*(?:\r?\n|$)/my.exec(text);
  if (header?.[1] === undefined) {
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
  const { fields: _, ...report } = toReport(definition, document, files);
  return {
    ...report,
    params: Object.fromEntries(params),
    query,
  };
}

function parseDocuments(file: string, text: string, files: OptionFiles) {
  const document = new YamlText(file, 0, text);
  const definition = validated(documentSchema, document);
  const { fields, ...report } = toReport(definition, document, files);
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
  // YAML reads a key without a value as null too; only the word null is meant.
  if (onMismatch === null && document.typed(['on-mismatch']) !== 'null')
    throw document.complaint(['on-mismatch'], 'found nothing; allowed: fail, null');
  const query: DocumentQuery = { collection, pipeline, fields, orderBy, onMismatch: onMismatch ?? 'null' };
  return { ...report, params: {}, query };
}

function validated<T extends z.ZodType>(schema: T, document: YamlText): z.infer<T> {
  const parsed = schema.safeParse(document.value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [path, message] = explain(deepest(parsed.error.issues), schema);
  throw document.complaint(path, message);
}

function toReport(definition: Definition, document: YamlText, files: OptionFiles) {
  const columns = parseColumns(definition, document);
  assertColumnNames(definition, columns, document);
  assertZone(definition.timezone, document);
  const filters = parseFilters(definition.filters, columns, document);
  const labels = parseLabels(definition, document);
  const schedules = parseSchedules(definition, document);
  const hasSchedules = schedules.length > 0;
  const outputs = parseOutputs(definition, { columns, labels, hasSchedules, files }, document);
  const expectBy = definition['expect-by'];
  return {
    title: definition.title,
    sources: parseSources(definition, document),
    period: definition.period,
    timezone: definition.timezone,
    columns,
    ...filters,
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
    tests: parseTests(definition.tests, Object.keys(filters.filterKinds), document),
    expectBy: typeof expectBy === 'string' ? { time: expectBy, days: 1 } : expectBy,
  };
}

function assertZone(timezone: string, document: YamlText): void {
  try {
    assertTimeZone(timezone);
  } catch (error) {
    throw document.complaint(['timezone'], errorSentence(error));
  }
}

function parseLabels({ labels }: Definition, document: YamlText): Record<string, string> {
  return Object.fromEntries(Object.keys(labels).map((label) => [label, document.typed(['labels', label])]));
}

/** The names of the sources. @throws ReportError `definition` for a URL, and for a name that stands twice */
function parseSources({ source }: Definition, document: YamlText): string[] {
  const sources = [source].flat();
  sources.forEach((name, index) => {
    const path = Array.isArray(source) ? ['source', index] : ['source'];
    if (!/^[a-z][a-z0-9_-]*$/i.test(name)) {
      // A URL may hold a password: do not repeat it.
      const found = /[:/@]/.test(name) ? '' : `found "${name}"; `;
      throw document.complaint(path, `${found}a source is a name (letters, digits, "_", "-"), never a URL`);
    }
    if (sources.indexOf(name) !== index)
      throw document.complaint(path, `"${name}" stands twice and would double its rows`);
  });
  return sources;
}
