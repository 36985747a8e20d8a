// Report files whose hashes are pinned: one for each part of a definition that the hash covers.

interface PinnedDefinition {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly params?: Readonly<Record<string, string>>;
}

function sql(yaml: string, query = 'SELECT 1'): string {
  return `/*---\n${yaml}\n---*/\n${query}\n`;
}

export const DEFINITIONS: readonly PinnedDefinition[] = [
  { name: 'the least', file: 'queries/a.sql', text: sql('source: vendas\ncolumns: { a: text }') },
  {
    name: 'titles and currencies',
    file: 'queries/b.sql',
    text: sql(`title: Vendas
source: [sul, norte]
period: month
timezone: America/Manaus
columns:
  dia: date
  valor: { currency: BRL, kind: decimal, title: Valor }
  taxa: { title: Taxa, kind: decimal }
volatile: [dia]
order-by: [-dia, valor]
totals: [valor]`),
  },
  {
    name: 'all filters, in another order than the documentation has',
    file: 'queries/c.sql',
    text: sql(`source: vendas
filters: { price: preco, product-type: tipo, date: dia, quantity: q, organization: org, product: p }
columns: { dia: date, org: text }`),
  },
  {
    name: 'params',
    file: 'queries/d.sql',
    text: sql(
      'source: vendas\nparams: { moeda: text, ano: { kind: integer, default: 2024 } }\ncolumns: { a: text }',
      "SELECT 1 WHERE :'moeda' = 'x'",
    ),
    params: { moeda: 'BRL', ano: '2025' },
  },
  {
    name: 'labels and options of the formats',
    file: 'queries/e.sql',
    text: sql(`source: vendas
columns: { a: text, n: decimal }
labels: { project: vendas, area: financeiro }
outputs:
  - { key: "{project}/{area}_{YYYYMMDD}.csv", format: csv, locale: pt-BR, null: "-", delimiter: "|", formulas: keep, quote: all }
  - { format: csv, key: "{project}.csv.gz", compress: gzip, bom: true, eol: crlf, decimal: ".", booleans: sim/não }
  - { format: xlsx, key: "{area}.xlsx", sheet: Dados, strict: true, locale: pt-BR }`),
  },
  {
    name: 'split-by and schedules',
    file: 'queries/f.sql',
    text: sql(`source: vendas
filters: { date: dia, organization: org, product-type: tipo }
columns: { dia: date, org: text, tipo: text }
labels: { project: vendas }
schedules: { ACME Ltda: month, "Café & Cia": fortnight }
outputs:
  - { format: csv, key: "{project}/{organization}/{product-type}_{YYYYMMDD}.csv", split-by: [organization, product-type] }
  - { format: csv, key: "todas_{YYYYMMDD}.csv" }`),
  },
  {
    name: 'documents with a pipeline',
    file: 'queries/g.yaml',
    text: `source: producao
collection: producoes
on-mismatch: null
pipeline:
  - { $sort: { turno: 1, projeto: -1 } }
  - { $unwind: { path: $itens, preserveNullAndEmptyArrays: true } }
  - { $match: "{filters}" }
filters:
  price: { kind: integer, path: itens.0.preco }
  date: { stored: text, path: registrado_em, kind: date }
  organization: organizacao.nome
columns:
  id: { path: _id, kind: text, title: Código }
  preco: { kind: decimal, currency: BRL }
order-by: [-preco, id]
labels: { b: x, a: y }
outputs:
  - { format: csv, key: "{a}/{b}_{YYYYMMDD}.csv" }
`,
  },
  {
    name: 'gates and the like, which are no part of the hash',
    file: 'queries/h.sql',
    text: sql(`source: vendas
columns: { a: text, n: integer }
gates: { min-rows: 1, unique: [a] }
on-empty: skip
expect-by: "05:00"`),
  },
];
