/*---
title: Fourteen columns
source: bench
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
  documento: text
  vencimento: date
  imposto: decimal
  bruto: decimal
totals: [valor, imposto, bruto]
---*/
SELECT linhas.*, 'NF ' || id AS documento, (momento AT TIME ZONE 'UTC')::date AS vencimento,
  round(valor / 10, 2) AS imposto, valor * 3 AS bruto FROM linhas
