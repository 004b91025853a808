import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { Kafka, logLevel } from 'kafkajs';
import { startKafka, type KafkaServer, type StartKafkaOptions } from '../../scripts/services/kafka-server.ts';

/** A Kafka cluster that a spec may use, whoever runs it. */
export interface TestCluster {
  readonly kind: 'embedded' | 'real';
  readonly brokers: readonly string[];
  createTopic(name: string, partitions: number, config?: Readonly<Record<string, string>>): Promise<void>;
}

/** Apache Kafka, shared by all specs of the run: leave its nodes and other specs' topics alone. */
export interface RealKafka extends TestCluster {
  readonly kind: 'real';
  /** The folder with the jars of Kafka's own tools. */
  readonly libs: string;
}

/** Apache Kafka of this spec alone, whose nodes may be killed, stopped and restarted. */
export interface OwnKafka extends RealKafka {
  readonly nodes: KafkaServer['nodes'];
}

const { KASPER_KAFKA: address, KASPER_KAFKA_LIBS: libs, REQUIRE_SERVICES: required } = process.env;

/** A spec on the real Kafka that `npm test` started. Where there is none it is skipped, with REQUIRE_SERVICES=1 it fails. */
export function testOnReal(
  title: string,
  implementation: (t: ExecutionContext, kafka: RealKafka) => Promise<void>,
): void {
  const brokers = (address ?? '').split(',').filter((broker) => broker !== '');
  if (brokers.length === 0 || libs === undefined) {
    withoutKafka(title);
    return;
  }
  test(title, (t) => implementation(t, realKafka(brokers, libs)));
}

/**
 * A spec on a Kafka of its own, started for it on free ports and ended after it. Starting three nodes takes some 10 seconds and
 * 600 MB: use it for faults only. Skipped or failed as {@link testOnReal}.
 */
export function testOnOwnKafka(
  title: string,
  options: StartKafkaOptions,
  implementation: (t: ExecutionContext, kafka: OwnKafka) => Promise<void>,
): void {
  if (libs === undefined) {
    withoutKafka(title);
    return;
  }
  test.serial(title, async (t) => {
    t.timeout(180_000);
    const server = await startKafka(options);
    t.teardown(() => server.stop());
    await implementation(t, { ...realKafka(server.brokers, server.libs), nodes: server.nodes });
  });
}

/** A name no other spec uses, for topics, groups and key prefixes. */
export function randomName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

function withoutKafka(title: string): void {
  if (required === '1') {
    test(title, (t) => {
      t.fail('REQUIRE_SERVICES=1, and no Kafka was started: run the specs by npm test');
    });
    return;
  }
  console.log(`Skipped, for it needs a real Kafka, which npm test starts where it can: ${title}`);
  test.skip(title, (t) => {
    t.fail();
  });
}

function realKafka(brokers: readonly string[], toolsFolder: string): RealKafka {
  return {
    kind: 'real',
    brokers,
    libs: toolsFolder,
    createTopic: (name, partitions, config) => createTopic(brokers, name, partitions, config),
  };
}

async function createTopic(
  brokers: readonly string[],
  topic: string,
  numPartitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  const kafka = new Kafka({ clientId: 'spec', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    // The number of replicas is left to the broker, whose default fits its number of nodes.
    const topics = [{ topic, numPartitions, replicationFactor: -1, configEntries }];
    await admin.createTopics({ topics, waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
}
