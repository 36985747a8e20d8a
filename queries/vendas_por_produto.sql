/*---
title: Vendas por organização, tipo de produto e produto no mês
source: vendas
period: month
timezone: America/Sao_Paulo
filters:                          # SQL expressions: they go into the WHERE below, before the rows are grouped
  date: t.data_transacao
  organization: o.nome
  product: p.nome
  product-type: tp.nome
  quantity: t.quantidade
  price: t.preco_unitario
columns:
  organizacao: { kind: text, title: Organização }
  tipo_produto: { kind: text, title: Tipo de produto }
  produto: { kind: text, title: Produto }
  transacoes: { kind: integer, title: Transações }
  quantidade: { kind: integer, title: Quantidade }
  valor_total: { kind: decimal, title: Valor total }
  preco_medio: { kind: decimal, title: Preço médio }
order-by: [organizacao, tipo_produto, produto]
totals: [quantidade, valor_total]
gates: { min-rows: 1 }
labels: { project: vendas }
outputs:
  - { format: csv, key: "relatorios/{project}/vendas_por_produto_{YYYYMMDD}.csv" }
  - format: pdf
    key: "relatorios/{project}/vendas_por_produto_{YYYYMMDD}.pdf"
    locale: pt-BR
    group-by: [organizacao, tipo_produto]
tests:
  - { name: atacado, date: 2024-09, quantity: 100.., product-type: Bebidas }
---*/
SELECT o.nome AS organizacao,
       tp.nome AS tipo_produto,
       p.nome AS produto,
       count(*) AS transacoes,
       -- The amount of a reversed sale is negative already.
       sum(CASE t.status WHEN 'estornada' THEN -t.quantidade ELSE t.quantidade END)::bigint AS quantidade,
       sum(t.valor) AS valor_total,
       round(avg(t.preco_unitario), 2) AS preco_medio
FROM transacoes AS t
JOIN organizacoes AS o ON o.id = t.organizacao_id
JOIN produtos AS p ON p.id = t.produto_id
JOIN tipos_produto AS tp ON tp.id = p.tipo_id
WHERE true /*{filters}*/
  AND t.status IN ('aprovada', 'estornada')
GROUP BY o.nome, tp.nome, p.nome
