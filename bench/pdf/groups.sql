/*---
title: The bench's table, in groups
source: bench
filters:
  organization: organizacao
  product-type: tipo
columns:
  id: integer
  cliente: text
  momento: timestamp
  valor: decimal
  quantidade: integer
  organizacao: text
  produto: text
  tipo: text
  codigo: text
  status: text
totals: [valor, quantidade]
order-by: [organizacao, tipo, id]
---*/
SELECT * FROM linhas
