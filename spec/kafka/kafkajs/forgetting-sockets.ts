import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';

/** How the answers are made that a socket can change; all between these bytes is a list of topics. */
const ANSWERS = {
  Produce: { apiKey: 0, version: 7, headBytes: 0, tailBytes: 4, skip: bytes(26) },
  Fetch: { apiKey: 1, version: 10, headBytes: 10, tailBytes: 0, skip: skipFetched },
  OffsetCommit: { apiKey: 8, version: 7, headBytes: 4, tailBytes: 0, skip: bytes(2) },
} as const;

type Answer = (typeof ANSWERS)[keyof typeof ANSWERS];

interface SocketArguments {
  readonly host: string;
  readonly port: number;
  readonly ssl: ConnectionOptions;
  readonly onConnect: () => void;
}

/**
 * A socket factory whose sockets lose one partition from the answers to an API: the broker has done
 * what was asked for it and says nothing of it. No real broker can be made to do this, so the answer
 * is changed between the socket and the client.
 */
export function forgettingSockets(api: keyof typeof ANSWERS, partition: number, times: number) {
  const answer = ANSWERS[api];
  const state = { forgotten: 0 };
  const socketFactory = ({ host, port, ssl, onConnect }: SocketArguments): Socket => {
    // kafkajs gives no ssl where there is none, though its type says so.
    const secured: unknown = ssl;
    const socket = secured
      ? connectTls({ ...ssl, host, port }, onConnect)
      : connect({ host, port }, onConnect);
    const asked = new Set<number>();
    const write = socket.write.bind(socket);
    socket.write = (chunk: Uint8Array | string) => {
      if (
        Buffer.isBuffer(chunk) &&
        chunk.length >= 14 &&
        chunk.readInt16BE(4) === answer.apiKey &&
        chunk.readInt16BE(6) === answer.version
      )
        asked.add(chunk.readInt32BE(8));
      return write(chunk);
    };
    const on = socket.on.bind(socket);
    const rewritten: Socket['on'] = (event: string, listener: (...args: never[]) => void) => {
      if (event !== 'data') return on(event, listener as (...args: unknown[]) => void);
      return on('data', (data: Buffer) => {
        const isAnswer = data.length >= 8 && asked.delete(data.readInt32BE(4));
        const loses = isAnswer && state.forgotten < times;
        if (loses) state.forgotten += 1;
        (listener as (data: Buffer) => void)(loses ? without(data, partition, answer) : data);
      });
    };
    socket.on = rewritten;
    return socket;
  };
  return { socketFactory, state };
}

function without(
  response: Buffer,
  lost: number,
  { headBytes, tailBytes, skip }: Pick<Answer, 'headBytes' | 'tailBytes' | 'skip'>,
): Buffer {
  const reader = new WireReader(response, 8);
  const head = Buffer.from(reader.view(headBytes));
  const topics = reader.array(() => ({
    name: reader.string(),
    partitions: reader.array(() => {
      const partition = reader.int32();
      const from = response.length - reader.remaining;
      skip(reader);
      return { partition, rest: response.subarray(from, response.length - reader.remaining) };
    }),
  }));
  const writer = new WireWriter().int32(0).int32(response.readInt32BE(4)).raw(head);
  writer.array(topics, (list, topic) => {
    const kept = topic.partitions.filter(({ partition }) => partition !== lost);
    list.string(topic.name).array(kept, (entries, entry) => {
      entries.int32(entry.partition).raw(entry.rest);
    });
  });
  const changed = Buffer.from(writer.raw(reader.view(tailBytes)).toBuffer());
  changed.writeInt32BE(changed.length - 4, 0);
  return changed;
}

function bytes(count: number): (reader: WireReader) => void {
  return (reader) => reader.view(count);
}

function skipFetched(reader: WireReader): void {
  reader.view(26);
  reader.nullableArray(() => reader.view(16));
  reader.bytes();
}
