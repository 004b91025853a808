import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import {
  type KafkajsLogEntry,
  kafkaLogCreator,
  type KafkaOptions,
  openClient,
} from '../../../../source/kafka/open-client.ts';
import { checkApiVersions } from '../../../../source/kafka/kafkajs/protocol/required-versions.ts';
import {
  ConfigError,
  ConnectionError,
  KasperError,
  LifecycleError,
  TimeoutError,
} from '../../../../source/kernel/errors.ts';
import { silentLogger } from '../../../../source/kernel/logger.ts';
import { startEmbedded, testOnEach } from '../../../_helpers/servers/clusters.ts';
import { randomName } from '../../../_helpers/servers/services.ts';
import { until } from '../../../_helpers/until.ts';
import {
  appendNumbers,
  Collector,
  connectClient,
  keepingLogger,
  newClient,
  openSource,
  partitionsOf,
  sendNumbers,
  SHORT_DEADLINES,
  startAt,
} from '../test-client.ts';

const LONG_POLL_MS = 20_000;

testOnEach('a ready Kafka instance of kafkajs is taken as well as plain options', async (t, cluster) => {
  const topic = randomName('ready');
  await cluster.createTopic(topic, 3);
  const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
  for (const given of [kafka, { brokers: [...cluster.brokers], clientId: 'me' }]) {
    const client = await connectClient(t, given);
    const described = await client.describeTopics([topic, randomName('unknown')]);
    t.deepEqual([...described.keys()], [topic]);
    t.is(described.get(topic)?.partitionCount, 3);
    t.regex(described.get(topic)?.topicId ?? '', /^[0-9a-f]{32}$/);
    await client.close();
  }
});

testOnEach(
  'brokers may be a function, and one address of them that answers is enough',
  async (t, cluster) => {
    const client = await connectClient(t, {
      brokers: () => Promise.resolve(['127.0.0.1:1', ...cluster.brokers]),
    });
    t.deepEqual([...(await client.describeTopics([randomName('unknown')])).keys()], []);
  },
);

test('after close nothing is connected, and the client can no longer be used', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 6 } });
  const client = await connectClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 6, 60);
  const collector = new Collector();
  collector.read(openSource(t, client, { fetchMaxWaitMs: LONG_POLL_MS }), startAt(partitionsOf('orders', 6)));
  await collector.untilCount(60);
  t.true(cluster.connections > 0);
  const started = performance.now();
  await Promise.all([client.close(), client.close()]);
  t.true(performance.now() - started < LONG_POLL_MS / 2, 'nobody waits for the fetch');
  await until(() => cluster.connections === 0, { deadlineMs: 20_000, what: 'closed connections' });
  await t.throwsAsync(client.connect(), { instanceOf: LifecycleError });
  await t.throwsAsync(client.describeTopics(['orders']), { instanceOf: LifecycleError });
  await t.throwsAsync(client.group('g').fetch(partitionsOf('orders', 1)), { instanceOf: LifecycleError });
});

test('close while connecting ends the attempt', async (t) => {
  const client = newClient(t, ['127.0.0.1:1']);
  const connecting = t.throwsAsync(client.connect());
  await client.close();
  t.true(KasperError.is(await connecting));
});

test('nothing can be asked before connect', async (t) => {
  const client = newClient(t, ['127.0.0.1:1']);
  await t.throwsAsync(client.describeTopics(['orders']), {
    instanceOf: LifecycleError,
    message: /connect\(\) first/,
  });
});

test('an address where nothing listens ends in a ConnectionError that names it', async (t) => {
  const client = newClient(t, ['127.0.0.1:1'], { deadlines: SHORT_DEADLINES, firstConnectTimeoutMs: 300 });
  const error = await t.throwsAsync(client.connect(), { instanceOf: ConnectionError });
  t.regex(error.message, /127\.0\.0\.1:1.*ECONNREFUSED/);
  t.true(error.retriable);
});

test('a broker that takes the connection and says nothing ends in a typed error as well', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a port was asked for');
  const client = newClient(t, [`127.0.0.1:${address.port}`], {
    deadlines: { ...SHORT_DEADLINES, handshakeMs: 100 },
    firstConnectTimeoutMs: 100,
  });
  const error = await t.throwsAsync(client.connect());
  t.true(KasperError.is(error) && error.code === 'TIMEOUT');
});

/** Takes connections, and answers nothing. */
async function silentServer(t: ExecutionContext): Promise<number> {
  const server = createServer((socket) => {
    t.teardown(() => socket.destroy());
    socket.on('error', () => undefined);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('a broker that takes the connection and says nothing costs no more than the limit of retries', async (t) => {
  const port = await silentServer(t);
  const client = newClient(t, [`127.0.0.1:${port}`], { retryTimeoutMs: 1_500 });
  const began = performance.now();
  const error = await t.throwsAsync(client.connect(), { instanceOf: TimeoutError });
  const ms = performance.now() - began;
  t.true(ms >= 1_490 && ms < 3_000, String(ms));
  t.is(
    error.message,
    `Connecting to Kafka did not succeed within 1500 ms; no answer yet from broker 127.0.0.1:${port} (to connect)`,
  );
});

test('brokers that freeze after the start cost no more than the limit of retries, whatever is asked', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { orders: 3 } });
  const client = await connectClient(t, cluster.brokers, { retryTimeoutMs: 2_000 });
  await sendNumbers(client, 'orders', 3, 3);
  const collector = new Collector();
  collector.read(openSource(t, client, { retryTimeoutMs: 2_000 }), startAt(partitionsOf('orders', 3)));
  await collector.untilCount(3);
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 2_000 });
  t.teardown(() => sink.close());
  const accumulator = sink.accumulator();
  appendNumbers(accumulator, 'orders', 3, 3);
  await accumulator.flush();
  for (const node of [1, 2, 3]) cluster.faults.freeze(node);
  appendNumbers(accumulator, 'orders', 3, 3);
  const began = performance.now();
  const outcomes = await Promise.all(
    [
      client.describeTopics(['orders']),
      client.listOffsets('latest', partitionsOf('orders', 3), 'read_committed'),
      client.group('g').fetch(partitionsOf('orders', 3)),
      client.createTopics([{ topic: 'more', partitionCount: 1 }]),
      client.admin().listGroups(),
      accumulator.flush(),
      until(() => collector.errors.length === 3, { deadlineMs: 20_000, what: 'reading is given up' }).then(
        () => Promise.reject(collector.errors[0]?.error ?? new Error('no error')),
      ),
    ].map(async (asked) => {
      const error: unknown = await asked.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return { ms: performance.now() - began, error };
    }),
  );
  for (const { ms, error } of outcomes) {
    t.true(KasperError.is(error) && error.retriable, String(error));
    t.true(ms < 4_500, `${Math.round(ms)} ms: ${String(error)}`);
  }
});

test('a listener that is none of Kafka fails immediately and says what to check', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a port was asked for');
  const client = newClient(t, [`127.0.0.1:${address.port}`]);
  const error = await t.throwsAsync(client.connect(), { instanceOf: ConnectionError });
  t.false(error.retriable);
  t.regex(error.message, /Kafka listener/);
});

for (const [what, brokers, expected] of [
  ['no brokers', [], /at least one address/],
  ['an address without a port', ['localhost'], /"localhost" is not an address/],
  ['a port beyond 65535', ['localhost:99999'], /"localhost:99999" is not an address/],
] as const) {
  test(`${what} is a ConfigError, before anything connects`, (t) => {
    const error = t.throws(() => newClient(t, [...brokers]), { instanceOf: ConfigError });
    t.regex(error.message, expected);
  });
}

test('a requestTimeout below our own limits is a ConfigError', async (t) => {
  const client = newClient(t, { brokers: ['127.0.0.1:1'], requestTimeout: 2_000 });
  const error = await t.throwsAsync(client.connect(), { instanceOf: ConfigError });
  t.regex(error.message, /requestTimeout: 2000 ms.*8000 ms/);
});

test('something that is no client is a ConfigError', (t) => {
  t.throws(() => openClient({} as KafkaOptions, { logger: silentLogger }), { instanceOf: ConfigError });
});

test('a KafkaClient is passed through', (t) => {
  const client = newClient(t, ['127.0.0.1:1']);
  t.is(openClient(client, { logger: silentLogger }), client);
});

test('brokers that lack a version are named with what is needed and what they have', (t) => {
  const error = t.throws(
    () => {
      checkApiVersions(
        { 0: { minVersion: 8, maxVersion: 12 }, 1: { minVersion: 0, maxVersion: 9 } },
        'kafka:9092',
      );
    },
    { instanceOf: ConfigError },
  );
  t.regex(error.message, /kafka:9092/);
  t.true(error.problems.includes('Produce version 7 is needed, it has 8 to 12'));
  t.true(error.problems.includes('Fetch version 10 is needed, it has 0 to 9'));
  t.true(error.problems.includes('Metadata version 10 is needed, it has none'));
});

test('the lines of kafkajs go to our logger, its errors as warnings', (t) => {
  const { logger, lines } = keepingLogger();
  const write = kafkaLogCreator(logger)(4);
  const entry = (level: number, message: string): KafkajsLogEntry => ({
    namespace: 'Connection',
    level,
    label: '',
    log: { message, timestamp: 'now', broker: 'kafka:9092' },
  });
  write(entry(1, 'Connection error: refused'));
  write(entry(4, 'Connecting'));
  t.deepEqual(lines, [
    {
      level: 'warn',
      message: 'Connection error: refused',
      fields: { broker: 'kafka:9092', namespace: 'Connection' },
    },
    { level: 'debug', message: 'Connecting', fields: { broker: 'kafka:9092', namespace: 'Connection' } },
  ]);
});

test('the options are those of kafkajs, both ways', (t) => {
  const ours: KafkaOptions = {
    brokers: ['a:1'],
    sasl: { mechanism: 'plain', username: 'u', password: 'p' },
    ssl: true,
  };
  const theirs: KafkaConfig = {
    brokers: ['a:1'],
    clientId: 'c',
    sasl: { mechanism: 'scram-sha-256', username: 'u', password: 'p' },
  };
  const asTheirs: KafkaConfig = { ...ours, brokers: ['a:1'] } as KafkaConfig;
  const asOurs: Pick<KafkaOptions, 'brokers' | 'ssl' | 'sasl'> = {
    brokers: theirs.brokers,
    ...(theirs.sasl && { sasl: theirs.sasl }),
  };
  t.deepEqual([asTheirs.brokers, asOurs.brokers], [['a:1'], ['a:1']]);
});
