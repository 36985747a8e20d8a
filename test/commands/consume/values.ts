// Values that tools read wrong easily, and the dialects of the files that they are in.
import type { Kind } from '../../../src/core/table.js';

export const ZONE = 'America/Sao_Paulo';

interface Values {
  readonly columns: Readonly<Record<string, Kind>>;
  /** The last part of the report, after its columns. */
  readonly more: string;
  readonly query: string;
}

/** The clock went from 00:00 to 01:00 on 2018-11-04, and from 00:00 back to 23:00 on 2019-02-17. */
export const VALORES: Values = {
  columns: {
    id: 'integer',
    // To DuckDB, Athena and Power BI the same name.
    ID: 'integer',
    codigo: 'text',
    nota: 'text',
    grande: 'decimal',
    taxa: 'decimal',
    dia: 'date',
    quando: 'timestamp',
    local: 'timestamp',
    hora: 'text',
    hora_zona: 'text',
    ativo: 'boolean',
    dados: 'json',
  },
  more: 'order-by: [id]\ntotals: [grande]',
  query: `SELECT * FROM (VALUES
  (1::int8, 9007199254740993::int8, '007', 'José, "Jota"; a;"";b' || chr(10) || 'outra linha', 1234567890123456789012345678.0123456789::numeric(38,10),
   0.1::numeric, date '2024-02-29', timestamptz '2024-10-05 13:45:10.123456-03', timestamp '2018-11-04 00:30:00', time '00:30', timetz '23:59:59.5-03', true, '{"a": "é"}'::jsonb),
  (2, -2, '', 'NULL', -0.5::numeric(38,10), 1::numeric, date '1999-12-31', timestamptz '2018-11-04 01:30:00-02', timestamp '2018-11-04 01:30:00.25', time '24:00', NULL, false, '[]'::jsonb),
  (3, NULL, NULL, 'N/A', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, 4, '\\N', '"', 12.5::numeric(38,10), 12.125, date '0001-01-01', timestamptz '2019-02-16 23:30:00-02', timestamp '2019-02-16 23:30:00', NULL, timetz '00:00+05:30', true, '"null"'::jsonb),
  (5, 5, 'C:\\temp\\', chr(9) || ' ', 0::numeric(38,10), 0, date '9999-12-31', timestamptz '2019-02-16 23:30:00-03', timestamp '1900-01-01 00:00:00', NULL, NULL, true, '1'::jsonb)
) AS v(id, "ID", codigo, nota, grande, taxa, dia, quando, local, hora, hora_zona, ativo, dados)`,
};

/** Dates that Python and Excel do not have. */
export const LIMITES: Values = {
  columns: { id: 'integer', dia: 'date', quando: 'timestamp', local: 'timestamp' },
  more: 'order-by: [id]',
  query: `SELECT * FROM (VALUES
  (1, date 'infinity', timestamptz 'infinity', timestamp 'infinity'),
  (2, date '-infinity', timestamptz '-infinity', timestamp '-infinity'),
  (3, date '0044-03-15 BC', timestamptz '0044-03-15 12:00:00.5Z BC', timestamp '0044-03-15 12:00:00.5 BC'),
  (4, date '0001-12-31 BC', timestamptz '1900-01-01 00:00Z', timestamp '0001-01-01 00:00'),
  (5, date '5874897-12-31', timestamptz '12024-10-05 00:00:00-03', timestamp '290000-12-31 23:59:59.999999'),
  (6, NULL, NULL, NULL),
  (7, date '2024-10-05', timestamptz '2024-10-05 00:00:00-03', timestamp '2024-10-05 00:00:00')
) AS v(id, dia, quando, local)`,
};

export const REPORTS: Readonly<Record<string, Values>> = { valores: VALORES, limites: LIMITES };

/** Each file to its report and the options of export that make its dialect. */
export const FILES: Readonly<Record<string, readonly [report: string, ...options: string[]]>> = {
  'simples.csv': ['valores'],
  'com acento é @ ~1 [x].csv': ['valores', '--quote', 'all', '--eol', 'crlf', '--bom'],
  'tabela.csv.gz': ['valores', '--delimiter', '\\t', '--null', '\\N'],
  'brasil.csv': ['valores', '--locale', 'pt-BR'],
  "brasil d'agua.csv.gz": ['valores', '--locale', 'pt-BR', '--null', 'nulo', '--quote', 'all'],
  'limites.csv': ['limites'],
  'limites brasil.csv': ['limites', '--locale', 'pt-BR'],
};
export const isBrazilian = (file: string) => file.includes('brasil');
export const reportOf = (file: string) => REPORTS[FILES[file]?.[0] ?? ''] ?? VALORES;

/** The definition of the report with the values, which reads the source `vendas`. */
export function definitionOf({ columns, more }: Values): string {
  return [
    'source: vendas',
    `timezone: ${ZONE}`,
    'columns:',
    ...Object.entries(columns).map(([name, kind]) => {
      // DuckDB does not read a first title with a quote behind a byte order mark.
      const title = name === 'id' ? '' : `, title: "Título; \\"${name}\\""`;
      return `  ${name}: { kind: ${kind}${title} }`;
    }),
    more,
  ].join('\n');
}
