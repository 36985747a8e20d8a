/*---
title: Relatório diário de transações
source: vendas
period: day
timezone: America/Sao_Paulo
filters:
  date: data_transacao
  organization: organizacao
  product: produto
  product-type: tipo_produto
  quantity: quantidade
  price: preco_unitario
columns:
  data_extracao: timestamp
  nome_usuario: text
  id_transacao: integer
  valor_transacao: decimal
  status_transacao: text
volatile: [data_extracao]
order-by: [id_transacao]
totals: [valor_transacao]
gates: { min-rows: 1 }
outputs:
  - { format: csv, key: "relatorio_{YYYYMMDD}.csv" }
tests:
  - { run: 2018-11-04 }           # began at 01:00
  - { name: atacado, date: 2024-10, organization: [ACME Ltda, "Café & Cia"], quantity: 100 }
---*/
SELECT now() AS data_extracao,
       u.nome AS nome_usuario, -- null: a sale over the counter
       t.id AS id_transacao,
       t.valor AS valor_transacao,
       t.status AS status_transacao,
       -- From here on for the filters only.
       t.data_transacao,
       o.nome AS organizacao,
       p.nome AS produto,
       tp.nome AS tipo_produto,
       t.quantidade,
       t.preco_unitario
FROM transacoes AS t
JOIN organizacoes AS o ON o.id = t.organizacao_id
JOIN produtos AS p ON p.id = t.produto_id
JOIN tipos_produto AS tp ON tp.id = p.tipo_id
LEFT JOIN usuarios AS u ON u.id = t.usuario_id
