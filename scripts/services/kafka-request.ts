import { connect } from 'node:net';
import { WireReader } from '../../source/kafka/wire/wire-reader.ts';
import { WireWriter } from '../../source/kafka/wire/wire-writer.ts';

/**
 * Sends one request to a broker over a connection of its own, and returns its answer from after the
 * correlation id on.
 *
 * @throws Error if nobody listens there, or no Kafka broker, or the answer takes longer than
 *   `timeoutMs`
 */
export function request(
  address: string,
  apiKey: number,
  version: number,
  body: WireWriter,
  timeoutMs: number,
): Promise<WireReader> {
  const correlationId = 1;
  const message = new WireWriter()
    .int16(apiKey)
    .int16(version)
    .int32(correlationId)
    .string('kasper-probe')
    .raw(body.toBuffer());
  const [host, port] = splitAddress(address);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (why: string, cause?: unknown) => {
      socket.destroy();
      reject(new Error(`${address} does not answer as a Kafka broker: ${why}`, { cause }));
    };
    let received = Buffer.alloc(0);
    socket.setTimeout(timeoutMs, () => {
      fail(`no answer within ${timeoutMs} ms`);
    });
    socket.once('error', (cause) => {
      fail(cause.message, cause);
    });
    socket.once('close', () => {
      fail('it closed the connection');
    });
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE()) return;
      const reader = new WireReader(received, 4);
      if (reader.int32() !== correlationId) {
        fail('another correlation id');
        return;
      }
      resolve(reader);
      socket.destroy();
    });
    socket.write(new WireWriter().bytes(message.toBuffer()).toBuffer());
  });
}

/** Splits host:port. @throws Error naming the text, if it is something else */
export function splitAddress(address: string): [host: string, port: number] {
  const at = address.lastIndexOf(':');
  const port = Number(address.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Error(`An address is host:port, such as 127.0.0.1:9092; this is not: ${address}`);
  }
  return [address.slice(0, at), port];
}
