// The socket of a connection: it always reads into the same buffer, so that a million rows leave no garbage behind.
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

const MAX_READ_BYTES = 64 * 1024;

/**
 * The event with the bytes just read, in the buffer that the next read overwrites: a listener must use or copy them before
 * it returns. Without a listener, `data` gets a copy. Under TLS only `data` is emitted, by the socket on top of this one.
 */
export const BORROWED = 'borrowed';

export function createSocket(): Socket {
  const buffer = Buffer.allocUnsafeSlow(MAX_READ_BYTES);
  const onread: OnReadOpts = {
    buffer,
    callback(count) {
      const bytes = buffer.subarray(0, count);
      if (!socket.emit(BORROWED, bytes)) socket.emit('data', Buffer.from(bytes));
      return true;
    },
  };
  // Node's constructor accepts `onread` since 12.10; its types have it for connect() only.
  const socket = new Socket({ onread } as SocketConstructorOpts);
  return socket;
}
