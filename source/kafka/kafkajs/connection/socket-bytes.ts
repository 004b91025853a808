import type { Socket } from 'node:net';

/**
 * Counts up with each byte that this process received on a socket, or handed to the kernel: while
 * it changes, the connection moves.
 */
export function bytesMoved(socket: Socket | undefined): number {
  return socket === undefined ? 0 : socket.bytesRead + socket.bytesWritten - bytesUnsent(socket);
}

/**
 * Bytes that were written to a socket and have not left this process.
 *
 * Of a large write Node's streams show only the end; the size of the handle's queue, by which Node
 * itself finds out whether a socket that times out is idle, shows every part. It is a private
 * member: where it is missing, only the end counts.
 */
export function bytesUnsent(socket: Socket | undefined): number {
  if (socket === undefined) return 0;
  const handle: unknown = Reflect.get(socket, '_handle');
  const queued: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'writeQueueSize') : undefined;
  return typeof queued === 'number' ? Math.min(queued, socket.writableLength) : socket.writableLength;
}
