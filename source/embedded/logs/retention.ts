import {
  baseOffsetOf,
  batchBytes,
  lastOffsetDeltaOf,
  maxTimestampOf,
} from '../../kafka/records/batch-header.ts';
import type { TopicConfig } from '../settings/topic-config.ts';
import type { Partition } from './partition.ts';

/**
 * Deletes the batches of a partition that are too old or too many (`retention.ms`,
 * `retention.bytes`), if its topic has cleanup.policy delete. A broker deletes whole segments of its
 * files; here each batch is one.
 *
 * @param now milliseconds since 1970
 */
export function applyRetention(partition: Partition, config: TopicConfig, now: number): void {
  if (!config.isDeleted) return;
  const { retentionMs, retentionBytes } = config;
  const batches = partition.log.batches();
  let bytes = 0;
  for (const batch of batches) bytes += batchBytes(batch, 0);
  let keepFrom = partition.log.startOffset;
  for (const batch of batches) {
    const isOld = retentionMs >= 0 && now - maxTimestampOf(batch, 0) > retentionMs;
    // As many bytes as are wanted are left without it.
    const isBeyond = retentionBytes >= 0 && bytes - batchBytes(batch, 0) >= retentionBytes;
    if (!isOld && !isBeyond) break;
    bytes -= batchBytes(batch, 0);
    keepFrom = baseOffsetOf(batch, 0) + lastOffsetDeltaOf(batch, 0) + 1;
  }
  if (keepFrom > partition.log.startOffset) partition.deleteBefore(keepFrom);
}
