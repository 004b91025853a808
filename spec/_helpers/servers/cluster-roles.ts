import type { ExecutionContext } from 'ava';
import { describeKafka } from '../../../scripts/services/kafka-probe.ts';
import { kafkaTool } from './kafka-tools.ts';
import type { OwnKafka, RealKafka } from './services.ts';
import { until } from '../until.ts';

type Node = OwnKafka['nodes'][number];

/**
 * Three brokers, and three replicas of each partition, two of which must be in sync: otherwise a
 * spec of faults would show nothing.
 */
export async function assertThreeReplicas(
  t: ExecutionContext,
  kafka: OwnKafka,
  topic: string,
): Promise<void> {
  for (const broker of kafka.brokers) t.is((await describeKafka(broker)).nodes, 3);
  const text = await describeTopic(kafka, topic);
  t.regex(text, /ReplicationFactor: 3\b/);
  t.regex(text, /min\.insync\.replicas=2\b/);
}

/** The node that leads a partition, by kafka-topics.sh. */
export async function leaderOf(kafka: OwnKafka, topic: string, partition: number): Promise<Node> {
  const text = await describeTopic(kafka, topic);
  return nodeOf(kafka, new RegExp(`Partition: ${partition}\\s+Leader: (\\d+)`).exec(text)?.[1], text);
}

/** The node that keeps a group's offsets, by kafka-consumer-groups.sh. */
export async function coordinatorOf(kafka: OwnKafka, groupId: string): Promise<Node> {
  const text = await kafkaTool(kafka, 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
    '--describe',
    '--state',
    '--group',
    groupId,
  ]);
  return nodeOf(kafka, /\((\d+)\)/.exec(text)?.[1], text);
}

/** Resolves when every partition of the cluster has all its replicas in sync again. */
export async function untilReplicated(kafka: OwnKafka): Promise<void> {
  await until(
    async () => {
      const text = await kafkaTool(kafka, 'org.apache.kafka.tools.TopicCommand', [
        '--describe',
        '--under-replicated-partitions',
      ]);
      return text.trim() === '';
    },
    { deadlineMs: 60_000, everyMs: 200, retryErrors: true, what: 'all replicas to be in sync' },
  );
}

/** What kafka-topics.sh says of a topic. */
export function describeTopic(kafka: RealKafka, topic: string): Promise<string> {
  return kafkaTool(kafka, 'org.apache.kafka.tools.TopicCommand', ['--describe', '--topic', topic]);
}

function nodeOf(kafka: OwnKafka, id: string | undefined, text: string): Node {
  const node = kafka.nodes.find((each) => String(each.id) === id);
  if (node === undefined) throw new Error(`No node is named in:\n${text}`);
  return node;
}
