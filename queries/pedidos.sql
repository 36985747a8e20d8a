/*---
title: Pedidos em detalhe, numa moeda
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
params: { moeda: text }           # BRL or USD; in psql: -v moeda=BRL
columns:
  id_transacao: integer
  dia: date
  data_transacao: timestamp
  organizacao: text
  cnpj: text
  projeto: text
  nome_usuario: text
  cpf: text
  email: text
  produto: text
  tipo_produto: text
  quantidade: integer
  preco_unitario: decimal
  desconto: decimal
  valor: decimal
  taxa_cambio: decimal
  status: text
  estornada: boolean
  observacao: text
  metadados: json
order-by: [data_transacao, id_transacao]
totals: [quantidade, valor]
tests:                            # what export with these filters writes, held by `reportctl test`
  - { name: bebidas, date: 2024-10-05, product-type: Bebidas, price: ..9.99, params: { moeda: BRL } }
  - { name: dolares, date: 2024-10-01..2024-10-06, organization: ACME Ltda, params: { moeda: USD } }
---*/
SELECT t.id AS id_transacao,
       (t.data_transacao AT TIME ZONE 'America/Sao_Paulo')::date AS dia,
       t.data_transacao,
       o.nome AS organizacao,
       o.cnpj,
       pr.nome AS projeto,
       u.nome AS nome_usuario,
       u.cpf,
       u.email,
       p.nome AS produto,
       tp.nome AS tipo_produto,
       t.quantidade,
       t.preco_unitario,
       t.desconto,
       t.valor,
       t.taxa_cambio,
       t.status,
       t.status = 'estornada' AS estornada,
       t.observacao,
       t.metadados
FROM transacoes AS t
JOIN organizacoes AS o ON o.id = t.organizacao_id
JOIN projetos AS pr ON pr.id = t.projeto_id
JOIN produtos AS p ON p.id = t.produto_id
JOIN tipos_produto AS tp ON tp.id = p.tipo_id
LEFT JOIN usuarios AS u ON u.id = t.usuario_id
WHERE t.moeda = :'moeda'
