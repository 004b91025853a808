import { CLAIMS_SUFFIX, groupIdOf } from '../config/group-names.ts';
import type { TopicDetails } from '../kafka/admin.ts';
import type { KafkaClient } from '../kafka/client.ts';
import type { CommittedOffset } from '../kafka/group-offsets.ts';
import type { PartitionOffset } from '../kafka/log-position.ts';
import { ConfigError } from '../kernel/errors.ts';
import { didYouMean } from '../kernel/nearest-name.ts';
import { unknownTopics } from './unknown-topics.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';

/** Which partitions of a group are meant. */
export interface GroupSelection {
  /** Default: the topics in which the group has committed offsets. */
  readonly topics?: readonly string[] | undefined;
  /** Partition numbers, of each of the topics. Default: all. */
  readonly partitions?: readonly number[] | undefined;
}

/** A partition that exists, with what the group committed for it. */
export interface SelectedPartition extends TopicPartition {
  readonly topicId: string | undefined;
  /** Without a leader its offsets cannot be asked for. */
  readonly hasLeader: boolean;
  readonly committed: CommittedOffset | undefined;
}

/** What a selection comes to. */
export interface SelectedPartitions {
  readonly topics: readonly TopicDetails[];
  /** In the order of topics and partitions. */
  readonly partitions: readonly SelectedPartition[];
  /** Committed offsets of partitions that do not exist any more. */
  readonly gone: readonly (CommittedOffset & PartitionOffset)[];
}

/**
 * Finds out which partitions a selection means (OffsetFetch for all topics, Metadata).
 *
 * @throws ConfigError that lists topics and partitions that never were there, or if the group has committed nothing and no topics are named
 */
export async function selectPartitions(
  client: KafkaClient,
  groupId: string,
  { topics: named, partitions: numbers }: GroupSelection,
): Promise<SelectedPartitions> {
  const allCommitted = await client.group(groupId).fetchAll();
  const names = new Set(named ?? allCommitted.map(({ topic }) => topic));
  if (names.size === 0) throw await nothingCommitted(client, groupId);
  const wanted = numbers === undefined ? undefined : new Set(numbers);
  const committed = allCommitted.filter(
    ({ topic, partition }) => names.has(topic) && wanted?.has(partition) !== false,
  );
  const byKey = new Map(committed.map((entry) => [`${entry.topic}/${entry.partition}`, entry]));

  const topics = await client.admin().describeTopics([...names]);
  const partitions = topics.flatMap(({ topic, topicId, partitions: all }) =>
    all
      .filter(({ partition }) => wanted?.has(partition) !== false)
      .map(({ partition, leader }): SelectedPartition => ({
        topic,
        partition,
        topicId,
        hasLeader: leader !== undefined,
        committed: byKey.get(`${topic}/${partition}`),
      })),
  );
  for (const { topic, partition } of partitions) byKey.delete(`${topic}/${partition}`);
  const gone = [...byKey.values()];

  const found = new Set([...topics, ...gone].map(({ topic }) => topic));
  const problems = [
    ...(await unknownTopics(
      client.admin(),
      [...names].filter((topic) => !found.has(topic)),
    )),
    ...missingPartitions(wanted, topics, [...partitions, ...gone]),
  ];
  if (problems.length > 0) throw new ConfigError(problems, { what: `Group ${groupId}` });
  return { topics, partitions, gone };
}

/** Most often the name is misspelt. */
async function nothingCommitted(client: KafkaClient, groupId: string): Promise<ConfigError> {
  const prefix = groupIdOf('');
  const nameOf = (id: string) => (id.startsWith(prefix) ? id.slice(prefix.length) : id);
  const groups = await client.admin().listGroups();
  const known = groups.filter((id) => !id.endsWith(CLAIMS_SUFFIX) && id !== groupId).map(nameOf);
  return new ConfigError(
    [
      `it has committed no offsets, or they have expired: check the name, or name topics to look at${didYouMean(nameOf(groupId), known)}`,
    ],
    { what: `Group ${groupId}` },
  );
}

/** The numbers that no topic has. */
function missingPartitions(
  wanted: ReadonlySet<number> | undefined,
  topics: readonly TopicDetails[],
  found: readonly TopicPartition[],
): string[] {
  if (wanted === undefined || topics.length === 0) return [];
  const there = new Set(found.map(({ partition }) => partition));
  const missing = [...wanted].filter((partition) => !there.has(partition));
  if (missing.length === 0) return [];
  const counts = topics.map(({ topic, partitions }) => `${topic} has ${partitions.length}`).join(', ');
  const shown = missing.slice(0, 5).join(', ');
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  return [
    missing.length === 1
      ? `partition ${shown} does not exist: ${counts}, numbered from 0`
      : `partitions ${shown}${more} do not exist: ${counts}, numbered from 0`,
  ];
}
