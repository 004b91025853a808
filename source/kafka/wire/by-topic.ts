import type { TopicPartition } from '../../kernel/topic-partition.ts';

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
