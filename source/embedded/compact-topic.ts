import { prepareCompression } from '../kafka/records/compression.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { show } from '../kernel/shown-value.ts';
import { clusterError } from './cluster-error.ts';
import type { Topic } from './logs/topics.ts';
import { loopTime } from './loop-time.ts';

/** Options of {@link EmbeddedCluster.compact}. */
export interface CompactOptions {
  /**
   * How many of the last batches of each partition count as the file to which a broker writes (its
   * active segment), which it never compacts. Default 0: all is compacted, as when a broker has just
   * begun a new file.
   */
  readonly activeBatches?: number;
}

/**
 * Compacts all partitions of a topic, if it has cleanup.policy compact; each as a whole, between two
 * requests.
 *
 * @param now milliseconds since 1970
 * @throws ConfigError, RecordError
 */
export async function compactTopic(topic: Topic, options: CompactOptions, now: () => number): Promise<void> {
  checkOptionNames('Compaction of a topic', options, ['activeBatches'] satisfies (keyof CompactOptions)[]);
  const { activeBatches = 0 } = options;
  if (!Number.isInteger(activeBatches) || activeBatches < 0)
    throw clusterError([`activeBatches must be a whole number from 0, not ${show(activeBatches)}`]);
  const { partitions, config } = topic;
  if (!config.isCompacted) return;
  await prepareCompression();
  for (const partition of [...partitions]) {
    if (loopTime.isUsedUp) await loopTime.next();
    const { minCompactionLagMs, deleteRetentionMs } = config;
    partition.compact({ now: now(), minCompactionLagMs, deleteRetentionMs, activeBatches });
  }
}
