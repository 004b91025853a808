import { ConnectionError } from '../../../kernel/errors.ts';

/** How answers of servers that are not Kafka begin. */
const PROTOCOLS: readonly (readonly [begins: RegExp, who: string])[] = [
  [/^HTTP/, 'an HTTP server'],
  [/^[+-](?:ERR|PON|OK\r|NOA|DEN|LOA|MAS|WRO)/, 'a Redis server'],
  [/^SSH-/, 'an SSH server'],
  [/^AMQP/, 'an AMQP server, such as RabbitMQ'],
];
/** How a TLS record begins: an alert or a handshake, then the major version. */
const TLS_STARTS: readonly number[] = [0x1503, 0x1603];
const REMEDY = 'check that the address is that of a Kafka listener';

export const SPEAKS_TLS = 'it speaks TLS: give the ssl option, or the port of a listener without TLS';

/** Errors that say for certain that another kind of server, or of listener, has answered. */
const foreign = new WeakSet<object>();

/** Whether it is certain that no Kafka listens there, or none that these options fit. */
export function isForeign(error: unknown): boolean {
  return typeof error === 'object' && error !== null && foreign.has(error);
}

/** What the first four bytes of an answer, or more, say about who gave it; undefined: nothing. */
export function foreignerOf(start: Buffer): string | undefined {
  if (start.length >= 2 && TLS_STARTS.includes(start.readUInt16BE(0))) return SPEAKS_TLS;
  const text = start.toString('latin1');
  const who = PROTOCOLS.find(([begins]) => begins.test(text))?.[1];
  return who === undefined ? undefined : `${who} answers; ${REMEDY}`;
}

/** The error of an address where another kind of server, or of listener, has answered. */
export function foreignError(message: string): ConnectionError {
  const error = new ConnectionError(message);
  foreign.add(error);
  return error;
}
