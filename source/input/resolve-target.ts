import { partitionList } from '../kernel/partition-list.ts';
import type { Config } from '../config/config.ts';
import type { KafkaClient } from '../kafka/client.ts';
import { AssignmentError, OffsetOutOfRangeError } from '../kernel/errors.ts';
import { keyOf, type TopicPartition } from '../kernel/topic-partition.ts';
import { checkTarget, type SeekTarget } from '../seek-target.ts';
import { askLogEnds } from './log-ends.ts';

/**
 * The offset that a target stands for now (ListOffsets).
 *
 * @throws ConfigError for a target that makes no sense
 * @throws AssignmentError for a partition that is not this processor's
 * @throws OffsetOutOfRangeError for an offset that is not in the log
 */
export async function resolveTarget(
  config: Config,
  client: KafkaClient,
  at: TopicPartition,
  to: SeekTarget,
): Promise<number> {
  const target = checkTarget(to);
  checkAssigned(config, at);
  if (typeof target !== 'number') {
    const [found] = await client.listOffsets(target, [at], config.isolation);
    if (found === undefined) throw new AssignmentError(`ListOffsets gave no offset for ${keyOf(at)}`);
    return found.offset;
  }
  const { earliest, latest } = await askLogEnds(client, at);
  if (target >= earliest && target <= latest) return target;
  throw new OffsetOutOfRangeError(
    `seek: offset ${target} of ${keyOf(at)} is not in the log, which holds ${earliest} to ${latest}; ` +
      `'earliest', 'latest' or { timestamp } always are`,
    { ...at, offset: target, earliest, latest },
  );
}

function checkAssigned({ inputTopics, inputPartitions }: Config, at: TopicPartition): void {
  if (inputTopics.includes(at.topic) && inputPartitions.includes(at.partition)) return;
  throw new AssignmentError(
    `seek: ${keyOf(at)} is not read here; inputTopics are ${inputTopics.join(', ')}, inputPartitions are ${partitionList(inputPartitions)}`,
  );
}
