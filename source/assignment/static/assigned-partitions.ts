import { someOf } from '../../kernel/some-of.ts';
import type { Config } from '../../config/config.ts';
import type { TopicDescription } from '../../kafka/client.ts';
import { ConfigError } from '../../kernel/errors.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';

/** All topic-partitions of the assignment. */
export function assignedPartitions(config: Config): TopicPartition[] {
  return config.inputPartitions.flatMap((partition) =>
    config.inputTopics.map((topic) => ({ topic, partition })),
  );
}

/**
 * Checks that all input topics exist, with equal partition counts, and have the listed partitions.
 *
 * @throws ConfigError that shows the counts
 */
export function checkTopics(config: Config, found: ReadonlyMap<string, TopicDescription>): void {
  const missing = config.inputTopics.filter((topic) => !found.has(topic));
  if (missing.length > 0) {
    throw new ConfigError(
      [
        `${missing.map((topic) => `'${topic}'`).join(', ')} not found: create the topic, or check its name and the brokers' addresses`,
      ],
      { what: 'inputTopics' },
    );
  }
  const counts = config.inputTopics.map((topic) => ({ topic, count: found.get(topic)?.partitionCount ?? 0 }));
  const listed = counts.map(({ topic, count }) => `${topic} has ${count}`).join(', ');
  if (new Set(counts.map(({ count }) => count)).size > 1) {
    throw new ConfigError(
      [
        `topics that are joined by partition must have equal partition counts, but ${listed}; ` +
          'make the topic anew with the same count, or run a processor for each',
      ],
      { what: 'inputTopics' },
    );
  }
  const count = counts[0]?.count ?? 0;
  const lacking = config.inputPartitions.filter((partition) => partition >= count);
  if (lacking.length > 0) {
    throw new ConfigError(
      [
        `partition ${someOf(lacking.map(String)).join(', ')} does not exist: ${listed} partitions, numbered from 0 to ${count - 1}`,
      ],
      { what: 'inputPartitions' },
    );
  }
}
