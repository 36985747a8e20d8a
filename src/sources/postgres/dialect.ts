// PostgreSQL's own way with SQL: its lexical structure, its type names, its casts.
import type { Client } from 'pg';
import type { Kind } from '../../core/table.js';
import type { Dialect } from '../sql/dialect.js';
import { tokenizer } from '../sql/tokens.js';
import { condition } from './condition.js';

/** PostgreSQL manual, 4.1 "Lexical Structure". */
export const tokens = tokenizer({
  lineComment: /--[^\r\n]*/,
  nestsComments: true,
  quoted: [
    /\b[eE]'(?:[^'\\]|''|\\[\s\S])*'/,
    /'(?:[^']|'')*'/,
    /"(?:[^"]|"")*"/,
    /(?<![\w$\u0080-\uffff])\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?\$\k<tag>\$/,
  ],
});

/** A text param stays untyped, as psql's `:'name'` is, so that it fits enums and dates too. */
const PARAM_CASTS: Readonly<Record<Kind, string>> = {
  text: '',
  integer: '::bigint',
  decimal: '::numeric',
  boolean: '::boolean',
  date: '::date',
  timestamp: '::timestamptz',
  json: '::jsonb',
};

/** @param quoting the driver's own functions */
export function postgresDialect(quoting: Pick<Client, 'escapeLiteral' | 'escapeIdentifier'>): Dialect {
  const escapeLiteral = (text: string) => quoting.escapeLiteral(text);
  return {
    tokens,
    escapeLiteral,
    escapeIdentifier: (name) => quoting.escapeIdentifier(name),
    types: {
      text: 'any',
      integer: ['int2', 'int4', 'int8'],
      decimal: ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8'],
      boolean: ['bool'],
      date: ['date'],
      timestamp: ['timestamp', 'timestamptz'],
      json: ['json', 'jsonb'],
    },
    floats: ['float4', 'float8'],
    param: (kind, value) => {
      const cast = PARAM_CASTS[kind];
      return cast === '' ? escapeLiteral(value) : `(${escapeLiteral(value)}${cast})`;
    },
    // COPY spells a boolean t or f; its text is true or false.
    cell: (expression, type) => (type === 'bool' ? `${expression}::text` : expression),
    condition: (filter, operand) => condition(filter, { ...operand, quote: escapeLiteral }),
  };
}
