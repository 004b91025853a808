import { connect } from 'node:net';
import { WireReader } from '../../source/kafka/wire/wire-reader.ts';
import { WireWriter } from '../../source/kafka/wire/wire-writer.ts';

/** What a Kafka server says of itself. */
export interface KafkaDescription {
  /** Brokers in its cluster. */
  readonly nodes: number;
  /** The newest Fetch version it serves: brokers do not tell their release, but this tells it. */
  readonly fetchVersion: number;
}

/** Kafka 4.1 serves Fetch up to version 18, Kafka 3.9 up to 17. */
export const fetchVersionOf41 = 18;

const metadata = 3;
const fetchKey = 1;
const apiVersions = 18;

/**
 * Asks a broker for its versions (ApiVersions 0) and its cluster (Metadata 1, no topics).
 *
 * @throws Error if nobody listens there, or no Kafka broker, or the answer takes longer than `timeoutMs`
 * @see https://kafka.apache.org/protocol#The_Messages_ApiVersions
 */
export async function describeKafka(address: string, timeoutMs = 3_000): Promise<KafkaDescription> {
  const versions = await request(address, apiVersions, 0, new WireWriter(), timeoutMs);
  versions.int16();
  const newest = new Map(
    versions.array((reader) => {
      const key = reader.int16();
      reader.int16();
      return [key, reader.int16()] as const;
    }),
  );
  const cluster = await request(address, metadata, 1, new WireWriter().int32(0), timeoutMs);
  const brokers = cluster.array((reader) => {
    const id = reader.int32();
    reader.string();
    reader.int32();
    reader.nullableString();
    return id;
  });
  return { nodes: brokers.length, fetchVersion: newest.get(fetchKey) ?? -1 };
}

function request(
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
