import type { KafkaClient } from '../kafka/client.ts';
import { checkArguments } from '../kernel/check-arguments.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { ConfigError } from '../kernel/errors.ts';
import { partitionList } from '../kernel/partition-list.ts';
import { checkTopicNames } from '../kernel/topic-name.ts';
import { clientArgument, partitionsArgument } from './check-selection.ts';
import type { OffsetSpan } from './read-range.ts';
import { unknownTopics } from './unknown-topics.ts';

/** Which part of a topic is meant. */
export interface TopicSpansOptions {
  /** Partition numbers. Default: all. */
  readonly partitions?: readonly number[] | undefined;
  /** Leaves out what was written before this time, in milliseconds since 1970. Default: from the first record. */
  readonly since?: number | undefined;
}

/**
 * What is in a topic now, by partition (Metadata, ListOffsets): for {@link readRange}.
 *
 * @throws ConfigError that names a topic or partitions that do not exist
 * @example await readRange(client, await topicSpans(client, 'orders'), (message) => { … });
 */
export async function topicSpans(
  client: KafkaClient,
  topic: string,
  options: TopicSpansOptions = {},
): Promise<OffsetSpan[]> {
  checkArguments('topicSpans', clientArgument(client, ['describeTopics', 'listOffsets', 'admin']));
  checkTopicNames('topicSpans', [topic]);
  checkOptionNames('topicSpans', options, ['partitions', 'since']);
  const { partitions, since } = options;
  checkArguments('topicSpans', partitionsArgument(partitions), [
    since === undefined || (Number.isSafeInteger(since) && since >= 0),
    'since must be milliseconds since 1970',
    since,
  ]);
  const count = (await client.describeTopics([topic])).get(topic)?.partitionCount;
  if (count === undefined)
    throw new ConfigError(await unknownTopics(client.admin(), [topic]), { what: 'topicSpans' });
  const missing = partitions?.filter((partition) => partition >= count) ?? [];
  if (missing.length > 0) {
    const problem = `topic '${topic}' has partitions 0 to ${count - 1}, not ${partitionList(missing)}: change partitions`;
    throw new ConfigError([problem], { what: 'topicSpans' });
  }
  const numbers = partitions ?? Array.from({ length: count }, (_none, partition) => partition);
  const wanted = numbers.map((partition) => ({ topic, partition }));
  const [starts, ends] = await Promise.all([
    client.listOffsets(since === undefined ? 'earliest' : { timestamp: since }, wanted, 'read_committed'),
    client.listOffsets('latest', wanted, 'read_committed'),
  ]);
  return wanted.map((each, at) => ({ ...each, from: starts[at]?.offset ?? 0, to: ends[at]?.offset ?? 0 }));
}
