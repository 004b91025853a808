import test from 'ava';
import { Kafka, logLevel, PartitionAssigners } from 'kafkajs';
import {
  checkInternals,
  EXPECTED_KAFKAJS_VERSION,
  INTERNALS,
  type InternalOwner,
  installedKafkajsVersion,
  type KafkajsBroker,
  type KafkajsCluster,
  type KafkajsConnection,
  type KafkajsConnectionPool,
  type KafkajsRequestQueue,
} from '../../../../source/kafka/kafkajs/capture/internals.ts';
import type { KafkaLike } from '../../../../source/kafka/open-client.ts';
import { ConfigError } from '../../../../source/kernel/errors.ts';
import { silentLogger } from '../../../../source/kernel/logger.ts';
import { TopicProcessor } from '../../../../source/topic-processor.ts';

function captured(): KafkajsCluster {
  let cluster: unknown;
  new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING }).consumer({
    groupId: 'unused',
    partitionAssigners: [
      (config) => {
        cluster = config.cluster;
        return PartitionAssigners.roundRobin(config);
      },
    ],
  });
  return cluster as KafkajsCluster;
}

/** Hides one member of an object, its prototype's as well. */
function hide(target: object, member: string): void {
  Object.defineProperty(target, member, { value: undefined, configurable: true });
}

/** The same object without the member, for those that must be there but may be undefined. */
function without(target: object, member: string): object {
  return new Proxy(target, {
    has: (object, name) => name !== member && name in object,
    get: (object, name): unknown => (name === member ? undefined : Reflect.get(object, name)),
  });
}

/** A cluster that lacks one member of one of its objects. */
function lacking(owner: InternalOwner, member: string): unknown {
  const cluster = captured();
  const { connectionPoolBuilder, brokerPool } = cluster;
  if (owner === 'Cluster') return without(cluster, member);
  if (owner === 'ConnectionPoolBuilder') hide(connectionPoolBuilder, member);
  else if (owner === 'BrokerPool') hide(brokerPool, member);
  else if (owner === 'Broker') {
    const create = brokerPool.createBroker.bind(brokerPool);
    brokerPool.createBroker = (options) => without(create(options), member) as ReturnType<typeof create>;
  } else {
    const build = connectionPoolBuilder.build.bind(connectionPoolBuilder);
    connectionPoolBuilder.build = async (destination) => {
      const pool = await build(destination);
      if (owner === 'ConnectionPool') return without(pool, member) as typeof pool;
      const [first, second] = pool.pool;
      if (first === undefined || second === undefined) throw new Error('kafkajs makes two connections');
      if (owner === 'RequestQueue') {
        Object.defineProperty(second, 'requestQueue', { value: without(second.requestQueue, member) });
        return pool;
      }
      return Object.defineProperty(pool, 'pool', { value: [first, without(second, member)] });
    };
  }
  return cluster;
}

test('the installed kafkajs is the one whose inside is known, and has every member', async (t) => {
  t.is(installedKafkajsVersion(), EXPECTED_KAFKAJS_VERSION);
  const checked = await checkInternals(captured(), installedKafkajsVersion());
  t.is(checked.requestTimeoutMs, 30_000);
  t.is(checked.connectionTimeoutMs, 1_000);
});

for (const [owner, member] of INTERNALS) {
  test(`without ${owner}.${member} the check names it, and both versions`, async (t) => {
    const error = await t.throwsAsync(checkInternals(lacking(owner, member), '2.3.0-test'), {
      instanceOf: ConfigError,
    });
    t.true(
      error.problems.some((problem) => problem.startsWith(`${owner}.${member} `)),
      error.message,
    );
    t.regex(error.message, /2\.2\.4 is expected, 2\.3\.0-test was found/);
  });
}

/** A user's Kafka whose cluster is this one. */
function kafkaWith(cluster: unknown): KafkaLike {
  return {
    consumer: (config) => {
      const { partitionAssigners } = config as { partitionAssigners: ((config: object) => unknown)[] };
      return partitionAssigners.map((assigner) => assigner({ cluster }));
    },
    producer: () => undefined,
    admin: () => undefined,
  };
}

for (const [owner, member] of INTERNALS) {
  test(`without ${owner}.${member} a processor does not start, and says why`, async (t) => {
    const processor = new TopicProcessor(
      {
        topicProcessorName: 'other-kafkajs',
        client: kafkaWith(lacking(owner, member)),
        inputTopics: ['unread'],
        inputPartitions: [0],
        logger: silentLogger,
      },
      { process: () => undefined },
    );
    const error = await t.throwsAsync(processor.runToEnd(), { instanceOf: ConfigError });
    t.regex(error.message, new RegExp(`${owner}\\.${member} .*install kafkajs@2\\.2\\.4`));
  });
}

/**
 * The members that the types of the inside name; one that is missing here, or is no longer used,
 * does not compile.
 */
const USED: {
  readonly Cluster: Record<keyof KafkajsCluster, true>;
  readonly ConnectionPoolBuilder: Record<keyof KafkajsCluster['connectionPoolBuilder'], true>;
  readonly BrokerPool: Record<keyof KafkajsCluster['brokerPool'], true>;
  readonly Broker: Record<keyof KafkajsBroker, true>;
  readonly ConnectionPool: Record<keyof KafkajsConnectionPool, true>;
  // It is there once it is connected only.
  readonly Connection: Record<Exclude<keyof KafkajsConnection, 'socket'>, true>;
  readonly RequestQueue: Record<keyof KafkajsRequestQueue, true>;
} = {
  Cluster: { rootLogger: true, connectionPoolBuilder: true, brokerPool: true },
  ConnectionPoolBuilder: { build: true },
  BrokerPool: { createBroker: true },
  Broker: { versions: true, connect: true },
  ConnectionPool: { host: true, port: true, connectionTimeout: true, pool: true },
  Connection: {
    clientId: true,
    sasl: true,
    reauthenticationThreshold: true,
    sessionLifetime: true,
    requestTimeout: true,
    connectionTimeout: true,
    requestQueue: true,
    authHandlers: true,
    chunks: true,
    bytesBuffered: true,
    bytesNeeded: true,
    connect: true,
    disconnect: true,
    isConnected: true,
    isAuthenticated: true,
    authenticate: true,
    nextCorrelationId: true,
    processData: true,
  },
  RequestQueue: {
    pending: true,
    push: true,
    fulfillRequest: true,
    rejectAll: true,
    waitForPendingRequests: true,
    scheduleCheckPendingRequests: true,
    scheduleRequestTimeoutCheck: true,
  },
};

test('every member that is relied on is looked for', (t) => {
  const used = Object.entries(USED).flatMap(([owner, members]) =>
    Object.keys(members).map((member) => `${owner}.${member}`),
  );
  t.deepEqual(INTERNALS.map(([owner, member]) => `${owner}.${member}`).sort(), used.sort());
});

test('something that is no cluster at all is refused', async (t) => {
  const error = await t.throwsAsync(checkInternals(undefined, 'none'), { instanceOf: ConfigError });
  t.regex(error.message, /Cluster of kafkajs/);
});
