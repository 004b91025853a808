import { createServer, type Server, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Kafka, logLevel } from 'kafkajs';
import { captureCluster } from '../../../source/kafka/kafkajs/capture-cluster.ts';
import {
  connectOnce,
  dropConnection,
  receiveWholeResponses,
  sleepWhenIdle,
} from '../../../source/kafka/kafkajs/harden.ts';
import type { KafkajsConnection } from '../../../source/kafka/kafkajs/internals.ts';
import { ConnectionError } from '../../../source/kernel/errors.ts';
import { silentLogger } from '../../../source/kernel/logger.ts';
import { until } from '../../_helpers/until.ts';

interface FakeBroker {
  readonly port: number;
  readonly sockets: Socket[];
}

/** Accepts connections and answers as `answer` says; what a real broker does on TCP is all that matters here. */
async function listen(
  t: ExecutionContext,
  answer: (socket: Socket, request: Buffer, connection: number) => void,
): Promise<FakeBroker> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    const number = sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      answer(socket, data, number);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve();
    });
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a port was asked for');
  return { port: address.port, sockets };
}

async function connectionTo(t: ExecutionContext, port: number): Promise<KafkajsConnection> {
  const kafka = new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING });
  const { cluster } = await captureCluster(kafka, silentLogger);
  const [connection] = (await cluster.connectionPoolBuilder.build()).pool;
  if (connection === undefined) throw new Error('kafkajs makes two connections');
  t.teardown(() => dropConnection(connection, new Error('The spec is over'), silentLogger));
  return connection;
}

function request(connection: KafkajsConnection): Promise<Buffer> {
  const correlationId = connection.nextCorrelationId();
  return new Promise((resolve, reject) => {
    connection.requestQueue.push({
      entry: {
        apiKey: 3,
        apiName: 'Metadata',
        apiVersion: 1,
        correlationId,
        resolve: ({ payload }) => {
          resolve(payload);
        },
        reject,
      },
      expectResponse: true,
      requestTimeout: 5_000,
      sendRequest: () => {
        const bytes = Buffer.alloc(12);
        bytes.writeInt32BE(8);
        bytes.writeInt32BE(correlationId, 8);
        connection.socket?.write(bytes);
      },
    });
  });
}

function response(correlationId: number, text: string): Buffer {
  const bytes = Buffer.alloc(8 + text.length);
  bytes.writeInt32BE(4 + text.length);
  bytes.writeInt32BE(correlationId, 4);
  bytes.write(text, 8);
  return bytes;
}

test('a connection cut in the middle of a response is usable again after a reconnect', async (t) => {
  const broker = await listen(t, (socket, data, connection) => {
    const answer = response(data.readInt32BE(8), 'whole answer');
    if (connection === 1) socket.end(answer.subarray(0, 10));
    else socket.write(answer);
  });
  const connection = await connectionTo(t, broker.port);
  receiveWholeResponses(connection, silentLogger);
  await connection.connect();
  await t.throwsAsync(request(connection), { message: /Closed connection/ });
  await until(() => !connection.isConnected(), { deadlineMs: 2_000, what: 'the disconnect' });
  await connection.connect();
  t.is((await request(connection)).toString(), 'whole answer');
});

test('bytes that are no answer reject the request instead of throwing in the socket', async (t) => {
  const broker = await listen(t, (socket) => {
    socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const connection = await connectionTo(t, broker.port);
  receiveWholeResponses(connection, silentLogger);
  await connection.connect();
  const error = await t.throwsAsync(request(connection), { instanceOf: ConnectionError });
  t.regex(error.message, /none of Kafka's/);
});

test('two connects at once open one socket', async (t) => {
  const broker = await listen(t, () => undefined);
  const connection = await connectionTo(t, broker.port);
  connectOnce(connection);
  await Promise.all([connection.connect(), connection.connect()]);
  await until(() => broker.sockets.length > 0, { deadlineMs: 2_000, what: 'a socket' });
  t.is(broker.sockets.length, 1);
  // A later connect is an attempt of its own.
  await connection.disconnect();
  await connection.connect();
  await until(() => broker.sockets.length === 2, { deadlineMs: 2_000, what: 'the second socket' });
  t.true(connection.isConnected());
});

test('an idle connection sets no timers', async (t) => {
  const broker = await listen(t, (socket, data) => {
    socket.write(response(data.readInt32BE(8), 'ok'));
  });
  const connection = await connectionTo(t, broker.port);
  const queue = connection.requestQueue;
  let checks = 0;
  const check = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    checks += 1;
    check();
  };
  sleepWhenIdle(connection);
  await connection.connect();
  await request(connection);
  t.is(checks, 0);
});

test('dropping a connection rejects what is under way and closes the socket', async (t) => {
  const broker = await listen(t, () => undefined);
  const connection = await connectionTo(t, broker.port);
  await connection.connect();
  const reason = new ConnectionError('dropped');
  const rejected = t.throwsAsync(request(connection), { is: reason });
  await dropConnection(connection, reason, silentLogger);
  await rejected;
  t.true(connection.socket?.closed);
  t.false(connection.isConnected());
});
