// A network that fails as a test asks for: between a client on 127.0.0.1 and a server's Unix socket.

import type { AddressInfo } from 'node:net';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface TcpProxyOptions {
  /** Where the bytes go; without it the proxy accepts and never answers. */
  readonly socket?: string;
  /** What happens to a connection after that many bytes from the server: it breaks, ends, or says nothing more. */
  readonly after?: { readonly bytes: number; readonly follows: 'reset' | 'end' | 'stall' };
  /** What comes from the server arrives in packets of so many bytes. */
  readonly packet?: number;
  /** Sees what comes from the server, before the client does. */
  readonly watch?: (chunk: Buffer) => void;
}

export interface TcpProxy {
  readonly port: number;
  /** From now on nothing passes, and new connections get no answer. */
  freeze(): void;
  /** From now on nothing passes over the connections that are open; new ones work. */
  stall(): void;
  stop(): Promise<void>;
}

export async function startTcpProxy({
  socket,
  after,
  packet,
  watch,
}: TcpProxyOptions = {}): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const stalled = new Set<Socket>();
  let frozen = socket === undefined;
  const keep = (one: Socket) => {
    open.add(one);
    one.on('error', () => undefined).on('close', () => open.delete(one));
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    client.setNoDelay(true);
    if (frozen || socket === undefined) return;
    const upstream = connectSocket({ path: socket, allowHalfOpen: true });
    keep(upstream);
    const isSilent = () => frozen || stalled.has(client);
    client.on('data', (bytes) => isSilent() || upstream.write(bytes));
    client.on('end', () => isSilent() || upstream.end());
    client.on('close', () => isSilent() || upstream.destroy());
    void forward(upstream, client).catch(() => client.destroy());
  });

  async function forward(upstream: Socket, client: Socket): Promise<void> {
    const isSilent = () => frozen || stalled.has(client);
    let sent = 0;
    for await (const chunk of upstream as AsyncIterable<Buffer>) {
      watch?.(chunk);
      const room = after === undefined ? chunk.length : Math.min(chunk.length, after.bytes - sent);
      const step = packet ?? room;
      for (let at = 0; at < room && !isSilent(); at += step) {
        const drained = client.write(chunk.subarray(at, Math.min(at + step, room)));
        if (packet !== undefined) await nextTurn();
        else if (!drained)
          await new Promise((resolve) => client.once('drain', resolve).once('close', resolve));
      }
      sent += room;
      if (after === undefined || sent < after.bytes) continue;
      if (after.follows === 'reset') client.resetAndDestroy();
      if (after.follows === 'end') client.end();
      if (after.follows === 'stall') await new Promise((resolve) => client.once('close', resolve));
      return;
    }
    if (!isSilent()) client.end();
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      frozen = true;
    },
    stall() {
      for (const one of open) stalled.add(one);
    },
    async stop() {
      for (const one of open) one.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
