import { ConfigError, type KafkaClient, type OffsetSpan } from '../../index.ts';
import { didYouMean } from '../../kernel/nearest-name.ts';
import { partitionList } from '../../kernel/partition-list.ts';
import { topicNameProblem } from '../../kernel/topic-name.ts';

/** Which partitions of a dead-letter topic, and from when on. */
export interface DlqSelection {
  /** Default: all. */
  readonly partitions?: readonly number[] | undefined;
  /** In ms since 1970. Default: from the first record. */
  readonly since?: number | undefined;
}

/**
 * The partitions of a topic.
 *
 * @throws ConfigError that names what does not exist
 */
export async function dlqPartitions(
  client: KafkaClient,
  topic: string,
  { partitions }: Pick<DlqSelection, 'partitions'>,
): Promise<readonly number[]> {
  const problem = topicNameProblem(topic);
  if (problem !== undefined) throw dlqError(problem);
  const found = (await client.describeTopics([topic])).get(topic);
  if (found === undefined) {
    const all = (await client.admin().topicDetails()).filter(({ internal }) => !internal);
    throw dlqError(
      `topic '${topic}' does not exist${didYouMean(
        topic,
        all.map((each) => each.topic),
      )}`,
    );
  }
  const { partitionCount } = found;
  const missing = (partitions ?? []).filter((partition) => partition >= partitionCount);
  if (missing.length > 0)
    throw dlqError(
      `topic '${topic}' has partitions 0 to ${partitionCount - 1}, not ${partitionList(missing)}: change --partitions`,
    );
  return partitions ?? Array.from({ length: partitionCount }, (_none, partition) => partition);
}

/** What is in a topic now, by partition (ListOffsets). @throws as {@link dlqPartitions} */
export async function dlqSpans(
  client: KafkaClient,
  topic: string,
  selection: DlqSelection,
): Promise<OffsetSpan[]> {
  const wanted = (await dlqPartitions(client, topic, selection)).map((partition) => ({ topic, partition }));
  const { since } = selection;
  const [starts, ends] = await Promise.all([
    client.listOffsets(since === undefined ? 'earliest' : { timestamp: since }, wanted, 'read_committed'),
    client.listOffsets('latest', wanted, 'read_committed'),
  ]);
  return wanted.map((each, at) => ({ ...each, from: starts[at]?.offset ?? 0, to: ends[at]?.offset ?? 0 }));
}

/** A mistake in what a command for dead letters was given. */
export function dlqError(problem: string): ConfigError {
  return new ConfigError([problem], { what: 'Dead letters' });
}
