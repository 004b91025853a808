import type { TopicPartition } from '../../../kernel/topic-partition.ts';
import { byTopic } from '../../wire/by-topic.ts';
import type { WireWriter } from '../../wire/wire-writer.ts';

/** Names partitions by topic, in the form of flexible requests. */
export function compactPartitions(writer: WireWriter, partitions: readonly TopicPartition[]): WireWriter {
  return writer.compactArray(byTopic(partitions), (topics, { topic, entries }) => {
    topics.compactString(topic).compactArray(entries, (list, { partition }) => {
      list.int32(partition);
    });
    topics.noTags();
  });
}
