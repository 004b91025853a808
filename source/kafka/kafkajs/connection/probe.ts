import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Address } from '../../../kernel/address.ts';
import { foreignerOf, SPEAKS_TLS } from '../capture/foreign-protocol.ts';
import { connectRemedyOf } from './wrap-error.ts';

/** Redis and HTTP servers answer this, each in its own way; a broker closes the connection. */
const QUESTION = 'GET / HTTP/1.0\r\n\r\n';

/** What was found at an address that has not answered as Kafka does. */
export interface Finding {
  /** Who or what is there, in words. */
  readonly text: string;
  /** Whether it is certain that no Kafka listens there, or none that these options fit. */
  readonly isForeign: boolean;
}

/** What the client does at the address, and for how long to look, in milliseconds. */
export interface ProbeOptions {
  /** Whether the client connects with TLS. */
  readonly withTls: boolean;
  /** Whether an attempt of the client itself has failed; otherwise it still waits for an answer. */
  readonly hasFailed: boolean;
  readonly timeoutMs: number;
}

/** Looks who is at an address, on connections of its own; never rejects. */
export async function probe(address: Address, options: ProbeOptions): Promise<Finding> {
  const { withTls, hasFailed, timeoutMs } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const [plain, tls] = await Promise.all([
    ask(connect(address), 'connect', signal),
    // Whoever it is: what is sent is no secret.
    ask(connectTls({ ...address, rejectUnauthorized: false }), 'secureConnect', signal),
  ]);
  const inPlain = foreignerOf(plain.answer);
  const speaksTls = tls.isConnected || inPlain === SPEAKS_TLS;
  if (speaksTls && !withTls) return { text: SPEAKS_TLS, isForeign: true };
  // On a busy machine the handshake may not be over yet: then nobody knows who it is.
  const foreigner = speaksTls ? foreignerOf(tls.answer) : inPlain;
  if (foreigner !== undefined) return { text: foreigner, isForeign: true };
  return { text: textOf(plain, hasFailed), isForeign: false };
}

function textOf({ isConnected, isClosed, code }: Reply, hasFailed: boolean): string {
  if (isConnected) {
    // A broker closes the connection of a question that is not Kafka's, however slow it is with others.
    return isClosed && hasFailed
      ? 'it closes connections without an answer: check that the port and the ssl and sasl options belong together'
      : 'it accepts connections and has not answered yet';
  }
  if (code === undefined) return 'it does not answer';
  const remedy = connectRemedyOf(code);
  return remedy === undefined ? code : `${remedy} (${code})`;
}

interface Reply {
  readonly isConnected: boolean;
  /** By the other side. */
  readonly isClosed: boolean;
  /** What came first. */
  readonly answer: Buffer;
  /** Node's code, where there was no connection. */
  readonly code: string | undefined;
}

/** Sends the question, and waits for the first bytes, the end, or an error. */
function ask(socket: Socket, connected: 'connect' | 'secureConnect', signal: AbortSignal): Promise<Reply> {
  return new Promise((resolve) => {
    let isConnected = false;
    const end = (
      answer: Buffer,
      { isClosed = false, code }: { isClosed?: boolean; code?: string | undefined } = {},
    ) => {
      socket.destroy();
      resolve({ isConnected, isClosed, answer, code });
    };
    const none = Buffer.alloc(0);
    socket.on(connected, () => {
      isConnected = true;
      socket.write(QUESTION);
    });
    socket.once('data', (answer: Buffer) => {
      end(answer);
    });
    socket.on('close', () => {
      end(none, { isClosed: true });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end(none, isConnected ? { isClosed: true } : { code: error.code });
    });
    signal.addEventListener('abort', () => {
      end(none);
    });
  });
}
