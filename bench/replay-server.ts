// A MongoDB double that sends ready batches over and over, so that the client is what is measured: start it with
// `npx tsx bench/replay-server.ts 100`, then read bench/producoes.yaml, or the same fields with a peer, from the URL it prints.
import { BSON } from 'mongodb';
import { startMongoServer } from '../test/support/mongodb-server.js';

const BATCHES = 10;
const PER_BATCH = 1000;
const times = Number(process.argv[2] ?? 100);

/** 12 fields, about 310 bytes. */
function document(index: number) {
  return {
    _id: new BSON.ObjectId(),
    registrado_em: new Date(1_728_000_000_000 + index * 977),
    organizacao: { nome: `Organização ${index % 50}`, cnpj: String(10_000_000_000_000 + index) },
    projeto: `linha ${index % 3}`,
    produto: { nome: `Produto ${index % 700}`, tipo: ['Bebidas', 'Alimentos', 'Limpeza'][index % 3] },
    quantidade: new BSON.Int32(index % 240),
    preco_unitario: BSON.Decimal128.fromString(`${index % 100}.${10 + (index % 90)}`),
    observacao: index % 7 === 0 ? null : `lote ${index}`,
    turno: 'manhã',
    maquina: new BSON.Int32(index % 40),
    operador: `Operador ${index % 300}`,
    temperatura: index / 10,
  };
}

const server = await startMongoServer();
const batches = Array.from({ length: BATCHES }, (_, batch) =>
  Buffer.concat(
    Array.from({ length: PER_BATCH }, (_, index) => BSON.serialize(document(batch * PER_BATCH + index))),
  ),
);
server.replay('bench', 'producoes', batches, times);
process.stdout.write(`${JSON.stringify({ url: server.url('bench'), bytes: batches[0]?.length ?? 0 })}\n`);
process.stdin.resume().on('end', () => void server.close());
