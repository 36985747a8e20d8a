/*---
title: The bench's table, as it is
source: bench
timezone: America/Sao_Paulo
filters:
  date: momento
  organization: organizacao
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
totals: [valor]
---*/
SELECT * FROM linhas
