import test from 'ava';
import { Kafka, logLevel, PartitionAssigners } from 'kafkajs';
import {
  checkInternals,
  EXPECTED_KAFKAJS_VERSION,
  INTERNALS,
  type InternalOwner,
  installedKafkajsVersion,
  type KafkajsCluster,
} from '../../../source/kafka/kafkajs/internals.ts';
import { ConfigError } from '../../../source/kernel/errors.ts';

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

test('something that is no cluster at all is refused', async (t) => {
  const error = await t.throwsAsync(checkInternals(undefined, 'none'), { instanceOf: ConfigError });
  t.regex(error.message, /Cluster of kafkajs/);
});
