import { Kafka, logLevel } from 'kafkajs';
import type { ProgramName } from '../../../scripts/services/programs.ts';
import type { EmbeddedCluster } from '../../../source/embedded/cluster.ts';
import { TopicProcessor } from '../../../source/index.ts';
import { runJava, runKafkaClass } from '../servers/java-programs.ts';
import { kafkaTool, kcat } from '../servers/kafka-tools.ts';
import type { ClusterWithTools } from '../servers/services.ts';
import { until } from '../until.ts';

/** A client that does all that it is used for, on a cluster with the topics `in` and `out`. */
export interface ClientRun {
  readonly client: string;
  readonly needs: readonly ProgramName[];
  readonly run: (cluster: EmbeddedCluster, tools: ClusterWithTools) => Promise<unknown>;
}

const deadlineMs = 60_000;

async function runKafkajs({ brokers }: EmbeddedCluster): Promise<void> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ transactionalId: 'writer', idempotent: true, maxInFlightRequests: 1 });
  const consumer = kafka.consumer({ groupId: 'readers', heartbeatInterval: 50 });
  const admin = kafka.admin();
  try {
    await Promise.all([producer.connect(), consumer.connect(), admin.connect()]);
    await admin.createTopics({ topics: [{ topic: 'new', numPartitions: 1 }] });
    await admin.fetchTopicOffsets('in');
    await admin.listGroups();
    await producer.send({ topic: 'in', messages: [{ value: 'a' }] });
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'in', messages: [{ value: 'b' }] });
    await transaction.sendOffsets({
      consumerGroupId: 'copy',
      topics: [{ topic: 'out', partitions: [{ partition: 0, offset: '1' }] }],
    });
    await transaction.commit();
    let read = 0;
    await consumer.subscribe({ topic: 'in', fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ heartbeat }) => {
        await heartbeat();
        read++;
      },
    });
    await until(() => read === 2, { deadlineMs, what: 'two records' });
    await consumer.stop();
  } finally {
    await Promise.all([producer.disconnect(), consumer.disconnect(), admin.disconnect()]);
  }
}

async function runKasper(cluster: EmbeddedCluster): Promise<void> {
  cluster.produce('in', [{ value: 'a' }]);
  const { brokers } = cluster;
  const options = {
    topicProcessorName: 'copy',
    client: { brokers },
    inputTopics: ['in'],
    inputPartitions: [0],
  };
  const processor = new TopicProcessor(options, {
    process(messages, sender) {
      for (const { value } of messages) sender.send({ topic: 'out', value });
    },
  });
  await processor.runToEnd();
}

async function runKcat({ brokers }: EmbeddedCluster): Promise<void> {
  await kcat(brokers, ['-P', '-t', 'in', '-p', '0'], 'a\n');
  await kcat(brokers, ['-C', '-t', 'in', '-o', 'beginning', '-e', '-q']);
  await kcat(brokers, ['-G', 'readers', '-o', 'beginning', '-e', '-q', 'in']);
}

async function runJavaTools(_: EmbeddedCluster, tools: ClusterWithTools): Promise<void> {
  const run = (javaClass: string, ...args: readonly string[]) => kafkaTool(tools, javaClass, args);
  await run('org.apache.kafka.tools.TopicCommand', '--create', '--topic', 'new', '--partitions', '1');
  await run('org.apache.kafka.tools.TopicCommand', '--describe');
  await run('kafka.admin.ConfigCommand', '--describe', '--entity-type', 'topics', '--entity-name', 'in');
  await run('org.apache.kafka.tools.TransactionsCommand', 'list');
  await run('org.apache.kafka.tools.GetOffsetShell', '--topic', 'in');
}

/** All of them are of fixed releases but kcat, which is the one of the machine. */
export const clientRuns: readonly ClientRun[] = [
  { client: 'kasper-ts', needs: [], run: runKasper },
  { client: 'kafkajs 2.2', needs: [], run: runKafkajs },
  {
    client: 'Java 4.1, producer',
    needs: ['java'],
    run: ({ brokers }, tools) =>
      runKafkaClass(tools, 'org.apache.kafka.tools.ProducerPerformance', [
        ...['--topic', 'in', '--num-records', '10', '--record-size', '100', '--throughput', '-1'],
        ...['--producer-props', `bootstrap.servers=${brokers.join(',')}`],
      ]),
  },
  {
    client: 'Java 4.1, in transactions',
    needs: ['javac'],
    async run(cluster, tools) {
      cluster.produce(
        'in',
        Array.from({ length: 40 }, (_, i) => ({ key: 'k', value: String(i) })),
      );
      await runJava(tools, 'CopyInTransactions', ['in', 'out', 'copy', '40', 'member']);
    },
  },
  { client: 'Java 4.1, tools', needs: ['java'], run: runJavaTools },
  { client: 'kcat', needs: ['kcat'], run: runKcat },
];
