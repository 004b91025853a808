import type { ExecutionContext } from 'ava';
import { Kafka, logLevel, type Message } from 'kafkajs';
import {
  groupIdOf,
  openClient,
  silentLogger,
  TopicProcessor,
  type CommittedOffset,
  type KafkaClient,
  type MessageProcessor,
  type TopicProcessorOptions,
} from '../../../source/index.ts';
import { EmbeddedCluster } from '../../../source/embedded/index.ts';
import { LineLogger } from '../fakes/processor-run.ts';
import { randomName, type TestCluster } from '../servers/services.ts';
import { until } from '../until.ts';

/** An embedded cluster of three nodes, with its handles for faults, as a {@link TestCluster}. */
export async function threeNodes(
  t: ExecutionContext,
): Promise<{ nodes: EmbeddedCluster; cluster: TestCluster }> {
  const nodes = await EmbeddedCluster.start({ brokers: 3 });
  t.teardown(() => nodes.close());
  return {
    nodes,
    cluster: {
      kind: 'embedded',
      brokers: nodes.brokers,
      createTopic: async (name, partitions) => {
        nodes.createTopic(name, { partitions });
      },
    },
  };
}

/** kafkajs itself, so that not the same code writes and reads. */
export function kafkajsFor(cluster: TestCluster): Kafka {
  return new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING, retry: { retries: 10 } });
}

/** Writes records to one partition, text standing for a value. */
export async function write(
  cluster: TestCluster,
  topic: string,
  records: readonly (string | Omit<Message, 'partition'>)[],
  partition = 0,
): Promise<void> {
  const producer = kafkajsFor(cluster).producer();
  await producer.connect();
  try {
    const messages = records.map((record) => ({
      ...(typeof record === 'string' ? { value: record } : record),
      partition,
    }));
    await producer.send({ topic, messages });
  } finally {
    await producer.disconnect();
  }
}

/** `a0`, `a1` and so on. */
export function values(count: number, from = 0, prefix = 'a'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${from + i}`);
}

/** DeleteRecords, as retention does it. */
export async function deleteRecords(
  cluster: TestCluster,
  topic: string,
  before: number,
  partition = 0,
): Promise<void> {
  const admin = kafkajsFor(cluster).admin();
  await admin.connect();
  try {
    // kafkajs finds the leader only of topics that it has met before.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
  } finally {
    await admin.disconnect();
  }
}

/** A connected client of its own, closed when the spec ends. */
export async function clientOf(t: ExecutionContext, cluster: TestCluster): Promise<KafkaClient> {
  const client = openClient({ brokers: [...cluster.brokers] }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  return client;
}

/** A job of one topic with its processors, all of one group, that keep what they processed. */
export interface SystemJob {
  readonly topic: string;
  readonly groupId: string;
  readonly log: LineLogger;
  /** Values in the order in which they were processed, whichever processor did it. */
  readonly seen: string[];
  /** Another processor of the job; closed when the spec ends. */
  make(options?: Partial<TopicProcessorOptions>, processor?: MessageProcessor): TopicProcessor;
  /** What the group has committed, as another client reads it. */
  committed(partition?: number): Promise<CommittedOffset>;
  /** Commits as another client of the group. */
  commit(offset: number, leaderEpoch?: number, partition?: number): Promise<void>;
  untilSeen(count: number): Promise<void>;
}

/** A job on a topic of its own. */
export async function systemJob(
  t: ExecutionContext,
  cluster: TestCluster,
  config: Readonly<Record<string, string>> = {},
  partitions = 1,
): Promise<SystemJob> {
  const name = randomName('job');
  const topic = `${name}-in`;
  await cluster.createTopic(topic, partitions, config);
  const groupId = groupIdOf(name);
  const log = new LineLogger();
  const seen: string[] = [];
  const client = await clientOf(t, cluster);
  t.teardown(() => {
    if (!t.passed)
      for (const { level, message, fields } of log.lines) t.log(level, message, JSON.stringify(fields));
  });
  return {
    topic,
    groupId,
    log,
    seen,
    make(options = {}, processor) {
      const made = new TopicProcessor(
        {
          topicProcessorName: name,
          client: { brokers: [...cluster.brokers] },
          inputTopics: [topic],
          inputPartitions: Array.from({ length: partitions }, (_, partition) => partition),
          batchSize: 10,
          batchWaitMs: 20,
          logger: log,
          ...options,
        },
        processor ?? {
          process: (messages) => {
            for (const { valueText } of messages) seen.push(valueText ?? 'null');
          },
        },
      );
      t.teardown(() => made.close().catch(() => undefined));
      return made;
    },
    async committed(partition = 0) {
      const [found] = await client.group(groupId).fetch([{ topic, partition }]);
      if (found === undefined) throw new Error('One partition was asked for');
      return found;
    },
    async commit(offset, leaderEpoch = -1, partition = 0) {
      const entry = { topic, partition, offset, leaderEpoch, metadata: '' };
      const [result] = await client.group(groupId).commit([entry]);
      if (result?.error !== undefined) throw result.error;
    },
    async untilSeen(count) {
      await until(() => seen.length >= count, { deadlineMs: 20_000, what: `${count} records` });
    },
  };
}
