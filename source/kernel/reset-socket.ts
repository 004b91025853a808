/** What is used of a socket of node:net or node:tls. */
export interface ResettableSocket {
  destroy(): unknown;
  resetAndDestroy?(): unknown;
}

/**
 * Closes a connection with a reset (RST), which makes the kernel forget what it has not sent yet.
 * After an ordinary close it would go on to send that for minutes, as soon as the network lets it,
 * also when the process has ended. TLS cannot be reset by Node, and is closed as usual.
 */
export function resetSocket(socket: ResettableSocket): void {
  try {
    if (socket.resetAndDestroy === undefined) socket.destroy();
    else socket.resetAndDestroy();
  } catch {
    // ERR_INVALID_HANDLE_TYPE: it is not TCP itself.
    socket.destroy();
  }
}
