// An HTTP server that keeps what it is sent and answers as a test asks: a webhook, a heartbeat monitor, a collector.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Heard {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status, with headers where they matter; `hang` never answers, `reset` breaks the connection. */
export type Answer =
  | number
  | { readonly status: number; readonly headers: Record<string, string> }
  | 'hang'
  | 'reset';

/** On a free port of 127.0.0.1. @param answer to the request of that index, from 0 */
export async function startListener(answer: (heard: Heard, index: number) => Answer = () => 200) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const entry = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    heard.push(entry);
    const answered = answer(entry, heard.length - 1);
    if (answered === 'hang') return;
    if (answered === 'reset') {
      request.socket.destroy();
      return;
    }
    const { status, headers = {} } =
      typeof answered === 'number' ? { status: answered } : (answered as Exclude<Answer, number | string>);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    heard,
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    json: () => heard.map(({ body }) => JSON.parse(body) as Record<string, unknown>),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
