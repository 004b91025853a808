import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

/** Takes the bytes of a socket. */
export interface SocketReceiver {
  /** Where the next bytes are to be put; undefined: anywhere, for {@link push}. */
  room(): Buffer | undefined;
  /** This many bytes were put where {@link room} said last. */
  filled(bytes: number): void;
  /** Takes bytes whose memory is used again after the call. */
  push(bytes: Buffer): void;
}

export interface SocketArgs {
  readonly host: string;
  readonly port: number;
  readonly ssl?: ConnectionOptions | boolean | null | undefined;
  readonly onConnect: () => void;
}

/** As kafkajs has it. */
const KEEP_ALIVE_MS = 60_000;
/** Holds the start of each response, and all of a small one. */
const SCRATCH_BYTES = 16 * 1024;

const inlets = new WeakMap<Socket, SocketInlet>();

/**
 * Makes a socket as kafkajs does, but one that {@link receiveDirectly} can read from: then the
 * kernel writes the bytes of a response to where they stay. Otherwise each read makes a buffer of
 * 64 KiB, from which they are copied.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/net.html#socketconnectoptions-connectlistener
 */
export function openDirectSocket({ host, port, ssl, onConnect }: SocketArgs): Socket {
  const inlet = new SocketInlet();
  const options = { host, port, onread: inlet.onread };
  const socket =
    ssl === undefined || ssl === null || ssl === false
      ? connect(options, onConnect)
      : connectTls(
          { ...options, ...(isIP(host) === 0 ? { servername: host } : {}), ...(ssl === true ? {} : ssl) },
          onConnect,
        );
  inlet.emit = (bytes) => socket.emit('data', bytes);
  inlets.set(socket, inlet);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}

/**
 * From now on the bytes of this socket go to `receiver` in place of its event `data`. Does nothing
 * for a socket that somebody else has made.
 */
export function receiveDirectly(socket: Socket | undefined, receiver: SocketReceiver): void {
  const inlet = socket === undefined ? undefined : inlets.get(socket);
  if (inlet !== undefined) inlet.receiver = receiver;
}

class SocketInlet {
  receiver: SocketReceiver | undefined;
  /** For who has no receiver. */
  emit: (bytes: Buffer) => void = () => undefined;
  /** Not shared by sockets: on Windows each one has its next read under way all the time. */
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #isScratch = true;

  readonly onread: OnReadOpts = {
    buffer: () => {
      const room = this.receiver?.room();
      this.#isScratch = room === undefined;
      return room ?? this.#scratch;
    },
    callback: (bytes) => {
      if (!this.#isScratch) this.receiver?.filled(bytes);
      else if (this.receiver !== undefined) this.receiver.push(this.#scratch.subarray(0, bytes));
      else this.emit(Buffer.from(this.#scratch.subarray(0, bytes)));
      return true;
    },
  };
}
