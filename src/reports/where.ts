// `--where` and `--order-by`: conditions and an order by the columns of the report, typed by their kinds; never SQL.
import { parseDates } from '../core/calendar.js';
import { didYouMean, ReportError } from '../core/errors.js';
import type { Filter, FilterTest } from '../core/filter.js';
import type { Request } from '../core/source.js';
import type { Column } from '../core/table.js';
import { dateTest } from '../filters/date.js';
import { parseFilter } from '../filters/index.js';
import { literalText } from '../filters/text-values.js';
import type { Report } from './report.js';

/** The word of these conditions where filters are named. */
const WHERE = 'where';

/** Longer ones first: `>=` begins with `>`. */
const OPERATORS = ['!=', '<>', '>=', '<=', '!~', '=', '>', '<', '~'] as const;
type Operator = (typeof OPERATORS)[number];

/** One condition of --where as a filter on the column of the result. */
export type Condition = Request['filters'][number] & { readonly onResult: Column };

interface Comparison {
  /** As typed, for messages. */
  readonly text: string;
  readonly column: Column;
  readonly operator: Operator;
  /** Without the quotes around it. */
  readonly value: string;
}

/**
 * `<column> <operator> <value>`, such as `valor >= 100`.
 * @param today `YYYY-MM-DD` in the report's zone
 * @throws ReportError `usage` for a column that the report does not have, and an operator or value that its kind does not take
 */
export function parseCondition(report: Report, text: string, today: string): Condition {
  const comparison = parseComparison(report, text);
  const { column } = comparison;
  const filter: Filter = {
    dimension: WHERE,
    values: [text],
    test: testOf(comparison, report.timezone, today),
  };
  return { filter, column: column.path ?? column.name, onResult: column };
}

function parseComparison({ name: report, columns }: Report, text: string): Comparison {
  const trimmed = text.trim();
  const named = columns
    .flatMap((column) => [column.name, quoted(column.name)].map((typed) => ({ column, typed })))
    .filter(({ typed }) => trimmed.startsWith(typed))
    .map(({ column, typed }) => ({ column, rest: trimmed.slice(typed.length).trimStart() }))
    .map(({ column, rest }) => ({ column, rest, operator: OPERATORS.find((each) => rest.startsWith(each)) }))
    .filter(({ operator }) => operator !== undefined)
    .sort((a, b) => b.column.name.length - a.column.name.length);
  const [found] = named;
  if (found?.operator !== undefined) {
    const value = found.rest.slice(found.operator.length).trim();
    return { text, column: found.column, operator: found.operator, value: unquoted(value) };
  }
  const [, word = ''] = /^([^\s=!<>~]*)/.exec(trimmed) ?? [];
  const names = columns.map(({ name }) => name);
  if (names.includes(word))
    throw wrong(
      text,
      'no operator follows the column',
      `write one of ${OPERATORS.join(' ')}, then the value`,
    );
  throw new ReportError(
    'usage',
    `--where ${JSON.stringify(text)}: report "${report}" has no column "${word}"`,
    {
      hint: `${didYouMean(word, names)}.`,
    },
  );
}

/** A name as SQL has it where it is not a plain word. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The text between quotes, in which a doubled quote is one, as SQL has it; any other text as it is. */
function unquoted(value: string): string {
  const [, quote, inside] = /^(['"])(.*)\1$/s.exec(value) ?? [];
  return quote === undefined || inside === undefined ? value : inside.replaceAll(quote + quote, quote);
}

function testOf(comparison: Comparison, timezone: string, today: string): FilterTest {
  const { column, text, operator } = comparison;
  switch (column.kind) {
    case 'text':
      return textTest(comparison, { timezone, today });
    case 'integer':
    case 'decimal':
      return numberTest(comparison, { timezone, today });
    case 'date':
    case 'timestamp':
      return dayTest(comparison, { timezone, today });
    case 'boolean': {
      if (operator !== '=' && !isUnequal(operator)) throw wrongOperator(comparison, ['=', '!=']);
      const { test } = parsed(comparison, comparison.value, { timezone, today });
      if (test.of !== 'booleans' || operator === '=') return test;
      return { of: 'booleans', anyOf: test.anyOf.includes('true') ? ['false'] : ['true'] };
    }
    case 'json':
      throw wrong(text, `the column "${column.name}" is json`, 'compare a column of another kind');
  }
}

interface Today {
  readonly timezone: string;
  readonly today: string;
}

function textTest(comparison: Comparison, context: Today): FilterTest {
  const { operator, value } = comparison;
  const prefix = { '=': '', '!=': '!', '<>': '!', '~': '~', '!~': '!~' }[operator as string];
  if (prefix === undefined) throw wrongOperator(comparison, ['=', '!=', '~', '!~']);
  const isPart = prefix.endsWith('~');
  return parsed(comparison, `${prefix}${isPart ? value : literalText(value)}`, context).test;
}

const OPEN = { from: undefined, to: undefined };

/** A strict inequality is the range that includes the number, without the number. */
function numberTest(comparison: Comparison, context: Today): FilterTest {
  const { operator, value } = comparison;
  if (value.includes('..'))
    throw wrong(comparison.text, 'a range is no number', 'give two conditions, or a filter');
  const { test } = parsed(comparison, value, context);
  const [same] = test.of === 'numbers' ? test.anyOf : [];
  if (same === undefined) throw new Error('a number became another test');
  const numbers = (range: typeof same, isWithout: boolean): FilterTest => {
    return { of: 'numbers', anyOf: [range], ...(isWithout && { noneOf: [same] }) };
  };
  if (isUnequal(operator)) return numbers(OPEN, true);
  switch (operator) {
    case '=':
      return numbers(same, false);
    case '<':
    case '<=':
      return numbers({ ...same, from: undefined }, operator === '<');
    case '>':
    case '>=':
      return numbers({ ...same, to: undefined }, operator === '>');
    default:
      throw wrongOperator(comparison, ['=', '!=', '<', '<=', '>', '>=']);
  }
}

/** Days are compared whole: `> 2026-01` is from the 1st of February on. */
function dayTest(comparison: Comparison, { timezone, today }: Today): FilterTest {
  const { operator, value, text } = comparison;
  const { from, to } = parseDates(value, today);
  if (from === undefined || to === undefined)
    throw wrong(text, 'a range without an end is no day', 'give a day, a month or a year');
  const spans = (span: { readonly from: string | undefined; readonly to: string | undefined }) =>
    dateTest([span], timezone);
  switch (operator) {
    case '=':
      return spans({ from, to });
    case '<':
      return spans({ from: undefined, to: from });
    case '<=':
      return spans({ from: undefined, to });
    case '>':
      return spans({ from: to, to: undefined });
    case '>=':
      return spans({ from, to: undefined });
    case '!=':
    case '<>':
      return dateTest(
        [
          { from: undefined, to: from },
          { from: to, to: undefined },
        ],
        timezone,
      );
    default:
      throw wrongOperator(comparison, ['=', '!=', '<', '<=', '>', '>=']);
  }
}

function isUnequal(operator: Operator): boolean {
  return operator === '!=' || operator === '<>';
}

/** What the filter of a word of this kind makes of the value. */
function parsed({ column: { name, kind } }: Comparison, value: string, context: Today): Filter {
  return parseFilter(`column ${name}`, [value], context, kind === 'json' ? 'text' : kind);
}

function wrongOperator({ text, column, operator }: Comparison, allowed: readonly Operator[]): ReportError {
  const hint = `${column.kind} takes ${allowed.join(' ')}`;
  return wrong(
    text,
    `the column "${column.name}" is ${column.kind}, which ${operator} does not compare`,
    hint,
  );
}

function wrong(text: string, fault: string, hint: string): ReportError {
  return new ReportError('usage', `--where ${JSON.stringify(text)}: ${fault}`, { hint: `${hint}.` });
}

/**
 * The terms of a definition's `order-by` for `--order-by valor:desc`, followed by the report's own, so that rows that are alike keep their
 * order.
 * @throws ReportError `usage` for a column that the report does not have, or that stands twice
 */
export function orderTermsOf(report: Report, terms: readonly string[]): string[] {
  const names = report.columns.map(({ name }) => name);
  const chosen = terms.map((term) => {
    const [, name = '', direction] = /^(.*?)(?::(asc|desc))?$/s.exec(term) ?? [];
    if (!names.includes(name) || name.startsWith('-'))
      throw new ReportError(
        'usage',
        `--order-by: report "${report.name}" has no column "${name}" to sort by`,
        {
          hint: `${didYouMean(name, names)}; :desc after a name sorts descending.`,
        },
      );
    return { name, term: direction === 'desc' ? `-${name}` : name };
  });
  const twice = chosen.find(({ name }, index) => chosen.findIndex((each) => each.name === name) !== index);
  if (twice !== undefined)
    throw new ReportError('usage', `--order-by: "${twice.name}" was given twice`, {
      hint: 'Name each column once.',
    });
  const own = report.orderBy.filter((term) => !chosen.some(({ name }) => name === term.replace(/^-/, '')));
  return [...chosen.map(({ term }) => term), ...own];
}
