// The socket of a connection: it reads into one buffer for ever, so that a million rows leave no garbage behind.
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** What a read brings at most. */
const READ_SIZE = 64 * 1024;

/**
 * Bytes that come are lent to the listeners of `BORROWED`, who must be done with them when they return; where there are
 * none, `data` has a copy, as every socket's has. Under TLS the socket below has neither, and `data` alone is told.
 */
export const BORROWED = 'borrowed';

export function createSocket(): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  const onread: OnReadOpts = {
    buffer,
    callback(count) {
      const bytes = buffer.subarray(0, count);
      if (!socket.emit(BORROWED, bytes)) socket.emit('data', Buffer.from(bytes));
      return true;
    },
  };
  // Node's constructor has taken it since 12.10; its types know it of connect() alone.
  const socket = new Socket({ onread } as SocketConstructorOpts);
  return socket;
}
