import type { TopicPartition } from '../../message.ts';

/** Entries of one topic, as Kafka's requests nest them. */
export interface TopicEntries<Entry> {
  readonly topic: string;
  readonly entries: Entry[];
}

/** Gathers entries under their topics, in the order in which topics and entries first come. */
export function byTopic<Entry extends TopicPartition>(entries: Iterable<Entry>): TopicEntries<Entry>[] {
  const topics = new Map<string, TopicEntries<Entry>>();
  for (const entry of entries) {
    const known = topics.get(entry.topic);
    if (known === undefined) topics.set(entry.topic, { topic: entry.topic, entries: [entry] });
    else known.entries.push(entry);
  }
  return [...topics.values()];
}

/** `orders/0, orders/3 and 4 more`: for messages. */
export function listPartitions(partitions: readonly TopicPartition[], most = 10): string {
  const names = partitions.slice(0, most).map(({ topic, partition }) => `${topic}/${partition}`);
  const more = partitions.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

/** Orders by the topic's name, then by partition. */
export function byTopicAndPartition(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
