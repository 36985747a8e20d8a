// Example documents of a factory, one a line, in the Extended JSON of mongoexport; the same at every run.
// node scripts/producao.js [documents] > producao.ndjson
import { createHash } from 'node:crypto';

const ORGANIZATIONS = [
  { nome: "Padaria d'Ávila", cnpj: '04252011000110' },
  { nome: 'ACME Ltda', cnpj: '00623904000173' },
  { nome: 'Café & Cia / Sul', cnpj: '33000167000101' },
  { nome: 'Indústrias São João 🏭', cnpj: '60746948000112' },
];
const PRODUCTS = [
  { nome: 'Café torrado 500 g', tipo: 'Bebidas', preco: '18.90' },
  { nome: 'Água com gás 1,5 L', tipo: 'Bebidas', preco: '4.50' },
  { nome: 'Farinha de trigo 1 kg', tipo: 'Alimentos', preco: '6.75' },
  { nome: 'Sabão em pó "Ótimo" 1 kg', tipo: 'Limpeza', preco: '15.99' },
  { nome: 'Carregador USB-C', tipo: 'Eletrônicos', preco: '129.00' },
];
const NOTES = [undefined, null, '', 'lote liberado', 'atraso; ver "ordem 7"', '=SOMA(A1:A9)', 'duas\nlinhas'];
/** 2024-08-08 00:00 in São Paulo, and 60 days. */
const FIRST = Date.UTC(2024, 7, 8, 3);
const SPAN = 60 * 86_400_000;

const count = Number(process.argv[2] ?? 20_000);
const lines = [];
for (let index = 0; index < count; index++) {
  const hash = createHash('md5').update(`producao ${index}`).digest();
  const product = PRODUCTS[hash[0] % PRODUCTS.length];
  const instant = FIRST + Math.floor((index / count) * SPAN) + (hash[1] % 60) * 1000 + hash[2];
  lines.push(
    JSON.stringify({
      _id: { $oid: hash.toString('hex').slice(0, 24) },
      registrado_em: { $date: new Date(instant).toISOString() },
      organizacao: ORGANIZATIONS[hash[3] % ORGANIZATIONS.length],
      projeto: `linha ${1 + (hash[4] % 3)}`,
      produto: { nome: product.nome, tipo: product.tipo },
      quantidade: hash[5] % 17 === 0 ? { $numberLong: '9007199254740993' } : 1 + (hash[5] % 240),
      preco_unitario: { $numberDecimal: product.preco },
      observacao: NOTES[hash[6] % NOTES.length],
      leituras: [hash[7] / 10, hash[8] / 10],
      turno: ['manhã', 'tarde', 'noite'][hash[9] % 3],
    }),
  );
  if (lines.length === 1000 || index === count - 1) process.stdout.write(`${lines.splice(0).join('\n')}\n`);
}
