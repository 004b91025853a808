import { createServer, type Server, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Kafka, logLevel } from 'kafkajs';
import { captureCluster } from '../../../../source/kafka/kafkajs/capture/capture-cluster.ts';
import {
  connectOnce,
  dropConnection,
  hardenPool,
  receiveWholeResponses,
  sleepWhenIdle,
} from '../../../../source/kafka/kafkajs/capture/harden.ts';
import { CallWatch } from '../../../../source/kafka/kafkajs/connection/call-watch.ts';
import type { KafkajsConnection } from '../../../../source/kafka/kafkajs/capture/internals.ts';
import { systemClock } from '../../../../source/kernel/clock.ts';
import { ConnectionError } from '../../../../source/kernel/errors.ts';
import { silentLogger } from '../../../../source/kernel/logger.ts';
import { until } from '../../../_helpers/until.ts';

interface FakeBroker {
  readonly port: number;
  readonly sockets: Socket[];
}

/**
 * Accepts connections and answers as `answer` says; what a real broker does on TCP is all that
 * matters here.
 */
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

/** Who makes the sockets: kafkajs, for a Kafka of the user, or this project. */
type SocketMaker = 'kafkajs' | 'project';

async function connectionTo(
  t: ExecutionContext,
  port: number,
  maker: SocketMaker = 'kafkajs',
): Promise<KafkajsConnection> {
  const brokers = [`127.0.0.1:${port}`];
  const kafka = maker === 'kafkajs' ? new Kafka({ brokers, logLevel: logLevel.NOTHING }) : { brokers };
  const { cluster } = await captureCluster(kafka, () => undefined);
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

for (const maker of ['kafkajs', 'project'] as const) {
  test(`a connection cut in the middle of a response is usable again after a reconnect: sockets of ${maker}`, async (t) => {
    const broker = await listen(t, (socket, data, connection) => {
      const answer = response(data.readInt32BE(8), 'whole answer');
      if (connection === 1) socket.end(answer.subarray(0, 10));
      else socket.write(answer);
    });
    const connection = await connectionTo(t, broker.port, maker);
    receiveWholeResponses(connection, `127.0.0.1:${broker.port}`, silentLogger);
    await connection.connect();
    await t.throwsAsync(request(connection), { message: /Closed connection/ });
    await until(() => !connection.isConnected(), { deadlineMs: 20_000, what: 'the disconnect' });
    await connection.connect();
    t.is((await request(connection)).toString(), 'whole answer');
  });

  test(`responses of any size come out whole, in memory of their own: sockets of ${maker}`, async (t) => {
    const texts = ['small', 'large '.repeat(200_000), 'small again', 'x'.repeat(16 * 1024), 'last'];
    const broker = await listen(t, (socket, data) => {
      // As many requests as came at once; all answers in one write.
      const answers: Buffer[] = [];
      for (let at = 0; at < data.length; at += 12) {
        const correlationId = data.readInt32BE(at + 8);
        answers.push(response(correlationId, texts[correlationId % texts.length] ?? ''));
      }
      socket.write(Buffer.concat(answers));
    });
    const connection = await connectionTo(t, broker.port, maker);
    receiveWholeResponses(connection, `127.0.0.1:${broker.port}`, silentLogger);
    let pushed = 0;
    const processData = connection.processData.bind(connection);
    connection.processData = (data) => {
      pushed += data.length;
      processData(data);
    };
    await connection.connect();
    const first = connection.nextCorrelationId() + 1;
    const answers = await Promise.all(texts.map(() => request(connection)));
    for (const [index, answer] of answers.entries()) {
      t.is(answer.toString(), texts[(first + index) % texts.length] ?? '');
      t.is(answer.buffer.byteLength, answer.length + 4);
    }
    const sum = answers.reduce((bytes, answer) => bytes + answer.length + 8, 0);
    if (maker === 'kafkajs') t.is(pushed, sum);
    else t.true(pushed < sum / 4, `${pushed} of ${sum} bytes were copied`);
  });
}

test('kafkajs itself keeps what came of a cut response, which is why its framing is replaced', async (t) => {
  const broker = await listen(t, (socket, data) => {
    socket.end(response(data.readInt32BE(8), 'whole answer').subarray(0, 10));
  });
  const connection = await connectionTo(t, broker.port);
  await connection.connect();
  await t.throwsAsync(request(connection), { message: /Closed connection/ });
  await until(() => !connection.isConnected(), { deadlineMs: 20_000, what: 'the disconnect' });
  await connection.connect();
  t.is(connection.bytesBuffered, 10);
});

test('bytes that are no answer reject the request instead of throwing in the socket', async (t) => {
  const broker = await listen(t, (socket) => {
    socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const connection = await connectionTo(t, broker.port);
  receiveWholeResponses(connection, `127.0.0.1:${broker.port}`, silentLogger);
  await connection.connect();
  const error = await t.throwsAsync(request(connection), { instanceOf: ConnectionError });
  t.regex(error.message, /none of Kafka's/);
});

test('two connects at the same time open one socket', async (t) => {
  const broker = await listen(t, () => undefined);
  const connection = await connectionTo(t, broker.port);
  connectOnce(connection);
  await Promise.all([connection.connect(), connection.connect()]);
  await until(() => broker.sockets.length > 0, { deadlineMs: 20_000, what: 'a socket' });
  t.is(broker.sockets.length, 1);
  // A later connect is an attempt of its own.
  await connection.disconnect();
  await connection.connect();
  await until(() => broker.sockets.length === 2, { deadlineMs: 20_000, what: 'the second socket' });
  t.true(connection.isConnected());
});

test('kafkajs itself opens two sockets then, which is why its connect is shared', async (t) => {
  const broker = await listen(t, () => undefined);
  const connection = await connectionTo(t, broker.port);
  await Promise.all([connection.connect(), connection.connect()]);
  await until(() => broker.sockets.length === 2, { deadlineMs: 20_000, what: 'both sockets' });
  t.is(broker.sockets.length, 2);
});

test('a connect that fails is shared as well, and the next one is an attempt of its own', async (t) => {
  const broker = await listen(t, () => undefined);
  const connection = await connectionTo(t, broker.port);
  const refused = await connectionTo(t, 1);
  connectOnce(refused);
  const [first, second] = [refused.connect(), refused.connect()];
  t.is(first, second);
  await t.throwsAsync(first, { message: /ECONNREFUSED/ });
  await t.throwsAsync(second, { message: /ECONNREFUSED/ });
  const third = refused.connect();
  t.not(third, first);
  await t.throwsAsync(third, { message: /ECONNREFUSED/ });
  await connection.connect();
  t.true(connection.isConnected());
});

test('both connections of a pool are mended', async (t) => {
  const broker = await listen(t, (socket, data) => {
    const answer = response(data.readInt32BE(8), 'whole answer');
    if (broker.sockets.length <= 2) socket.end(answer.subarray(0, 10));
    else socket.write(answer);
  });
  const { cluster } = await captureCluster(
    new Kafka({ brokers: [`127.0.0.1:${broker.port}`], logLevel: logLevel.NOTHING }),
    () => undefined,
  );
  const pool = await cluster.connectionPoolBuilder.build();
  hardenPool(pool, silentLogger, new CallWatch(systemClock));
  t.teardown(() =>
    Promise.all(pool.pool.map((connection) => dropConnection(connection, new Error('over'), silentLogger))),
  );
  // Twice at the same time: one socket each.
  await Promise.all(pool.pool.flatMap((connection) => [connection.connect(), connection.connect()]));
  await until(() => broker.sockets.length === 2, { deadlineMs: 20_000, what: 'two sockets' });
  // Cut in the middle of an answer: usable again.
  for (const connection of pool.pool) {
    await t.throwsAsync(request(connection), { message: /Closed connection/ });
    await until(() => !connection.isConnected(), { deadlineMs: 20_000, what: 'the disconnect' });
  }
  for (const connection of pool.pool) {
    await connection.connect();
    t.is((await request(connection)).toString(), 'whole answer');
  }
  t.is(broker.sockets.length, 4);
});

/** Whether kafkajs's timer for requests that took too long runs. */
function looksForLateRequests({ requestQueue }: KafkajsConnection): boolean {
  const timer: unknown = Reflect.get(requestQueue, 'requestTimeoutIntervalId');
  return typeof timer === 'object' && timer !== null;
}

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
  t.false(looksForLateRequests(connection));
});

test('kafkajs itself continues to look, which is why it is made to sleep', async (t) => {
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
  await connection.connect();
  await request(connection);
  await until(() => checks >= 10, { deadlineMs: 10_000, what: 'ten looks for nothing' });
  t.true(checks >= 10);
  t.true(looksForLateRequests(connection));
});

test('dropping a connection that is still connecting ends the attempt immediately, with the reason', async (t) => {
  const broker = await listen(t, () => undefined);
  const connection = await connectionTo(t, broker.port);
  const connecting = connection.connect();
  const rejected = t.throwsAsync(connecting, { message: /no longer wanted/ });
  await dropConnection(connection, new ConnectionError('no longer wanted'), silentLogger);
  await rejected;
  t.true(connection.socket?.destroyed);
  t.false(connection.isConnected());
});

test('dropping a connection rejects what is in flight and closes the socket', async (t) => {
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
