import type { Config } from '../config/config.ts';
import type { KafkaClient } from '../kafka/client.ts';
import { assignedPartitions, checkTopics } from '../assignment/static/assigned-partitions.ts';

/**
 * Whether committed offsets have reached the ends of now (ListOffsets, in the run's isolation) on
 * all assigned partitions. Where nothing was committed, the position that `initialOffset` would
 * give counts.
 */
export async function hasConsumedAll(config: Config, client: KafkaClient): Promise<boolean> {
  const partitions = assignedPartitions(config);
  checkTopics(config, await client.describeTopics(config.inputTopics));
  const [ends, committed] = await Promise.all([
    client.listOffsets('latest', partitions, config.isolation),
    client.group(config.groupId).fetch(partitions),
  ]);
  const starts = committed.some(({ offset }) => offset === undefined)
    ? await client.listOffsets(config.initialOffset, partitions, config.isolation)
    : [];
  return ends.every(({ offset }, at) => (committed[at]?.offset ?? starts[at]?.offset ?? 0) >= offset);
}
