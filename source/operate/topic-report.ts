import type { PartitionDetails, TopicDetails, TopicSetting } from '../kafka/admin.ts';
import type { KafkaClient } from '../kafka/client.ts';
import { ConfigError, type KasperError } from '../kernel/errors.ts';
import { checkTopicNames } from '../kernel/topic-name.ts';
import { checkArguments } from '../kernel/check-arguments.ts';
import { keyOf } from '../kernel/topic-partition.ts';
import { clientArgument } from './check-selection.ts';
import { unknownTopics } from './unknown-topics.ts';

/** The settings that decide how long records live, what is acked, and how large a record may be. */
const settingNames = [
  'cleanup.policy',
  'retention.ms',
  'retention.bytes',
  'min.insync.replicas',
  'max.message.bytes',
] as const;

/** A partition with the ends of its log. */
export interface PartitionReport extends PartitionDetails {
  /** The first offset; undefined while the partition has no leader. */
  readonly startOffset: number | undefined;
  /** The high watermark; undefined while the partition has no leader. */
  readonly endOffset: number | undefined;
  /** Offsets between the two: the records, unless compaction or transactions have left gaps. */
  readonly records: number | undefined;
}

/** What operators of jobs want to know of a topic. */
export interface TopicReport extends Omit<TopicDetails, 'partitions'> {
  readonly partitions: readonly PartitionReport[];
  /**
   * cleanup.policy, retention.ms, retention.bytes, min.insync.replicas, max.message.bytes; none if
   * they could not be read.
   */
  readonly settings: readonly TopicSetting[];
  /** Why the settings could not be read, such as missing access rights. */
  readonly settingsError: KasperError | undefined;
}

/**
 * Reports on topics with the ends of their logs and the settings that matter (Metadata,
 * ListOffsets, DescribeConfigs); in the order of `topics`.
 *
 * @throws ConfigError that lists the topics that do not exist, each with the name that may be meant
 * @throws BrokerError, ConnectionError or TimeoutError
 */
export async function topicReports(client: KafkaClient, topics: readonly string[]): Promise<TopicReport[]> {
  checkArguments('topicReports', clientArgument(client, ['admin', 'listOffsets']));
  checkTopicNames('topicReports', topics);
  const admin = client.admin();
  const names = [...new Set(topics)];
  const details = new Map((await admin.topicDetails(names)).map((each) => [each.topic, each]));
  const problems = await unknownTopics(
    admin,
    names.filter((topic) => !details.has(topic)),
  );
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Topics' });
  const found = names.flatMap((topic) => details.get(topic) ?? []);
  const led = found.flatMap(({ topic, partitions }) =>
    partitions.filter(({ leader }) => leader !== undefined).map(({ partition }) => ({ topic, partition })),
  );
  const [starts, ends, settings] = await Promise.all([
    client.listOffsets('earliest', led, 'read_uncommitted'),
    client.listOffsets('latest', led, 'read_uncommitted'),
    admin.topicSettings(names, settingNames),
  ]);
  const index = new Map(led.map((each, at) => [keyOf(each), at]));
  return found.map((topic, at): TopicReport => ({
    ...topic,
    partitions: topic.partitions.map((partition) => {
      const place = index.get(keyOf({ topic: topic.topic, partition: partition.partition })) ?? -1;
      const startOffset = starts[place]?.offset;
      const endOffset = ends[place]?.offset;
      const isKnown = startOffset !== undefined && endOffset !== undefined;
      return { ...partition, startOffset, endOffset, records: isKnown ? endOffset - startOffset : undefined };
    }),
    settings: inOrder(settings[at]?.settings ?? []),
    settingsError: settings[at]?.error,
  }));
}

/** A broker has its own order. */
function inOrder(settings: readonly TopicSetting[]): TopicSetting[] {
  return settingNames.flatMap((name) => settings.find((each) => each.name === name) ?? []);
}
