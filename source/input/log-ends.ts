import type { KafkaClient } from '../kafka/client.ts';
import { AssignmentError } from '../kernel/errors.ts';
import type { TopicPartition } from '../kernel/topic-partition.ts';

/**
 * Both ends of one partition's log (ListOffsets). The high watermark, not the end that an isolation
 * sees: what lies behind an open transaction is in the log as well.
 */
export async function askLogEnds(
  client: KafkaClient,
  { topic, partition }: TopicPartition,
): Promise<{ earliest: number; latest: number }> {
  const asked = [{ topic, partition }];
  const [[earliest], [latest]] = await Promise.all([
    client.listOffsets('earliest', asked, 'read_uncommitted'),
    client.listOffsets('latest', asked, 'read_uncommitted'),
  ]);
  if (earliest === undefined || latest === undefined)
    throw new AssignmentError(`ListOffsets gave no offset for ${topic}/${partition}`);
  return { earliest: earliest.offset, latest: latest.offset };
}
