// A MongoDB double that sends ready replies over and over, so that the client is what is measured. Start it with
// `node scripts/transpile.js && node build/bench/replay-server.js 500000`, then read bench/producoes.yaml, or the same
// fields with a peer, from the URL that it prints. It ends with its standard input.
import { BSON } from 'mongodb';
import { startMongoServer } from '../test/support/mongodb-server.js';

const REPLIES = 5;
const documents = Number(process.argv[2] ?? 500_000);
/** What reportctl asks for; whoever asks for more gets no more. */
const perReply = Number(process.argv[3] ?? 4000);
const times = documents / (REPLIES * perReply);
if (!Number.isInteger(times)) throw new Error(`the documents must be a multiple of ${REPLIES * perReply}`);

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
const replies = Array.from({ length: REPLIES }, (_, reply) =>
  Buffer.concat(
    Array.from({ length: perReply }, (_, index) => BSON.serialize(document(reply * perReply + index))),
  ),
);
server.replay('bench', 'producoes', replies, times);
process.stdout.write(`${server.url('bench')}\n`);
process.stdin.resume().on('end', () => void server.close());
