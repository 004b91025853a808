/** A topic of a request, with what it says of single partitions. */
export interface NamedTopic<E> {
  readonly topic: string;
  readonly partitions: readonly E[];
}

/**
 * What a request asks for, by topic and partition, since it may name either twice.
 *
 * @param valueOf what stays of an entry; it is told if its partition was named before
 */
export function byPartition<E extends { readonly partition: number }, V>(
  topics: readonly NamedTopic<E>[],
  valueOf: (entry: E, isRepeated: boolean) => V,
): Map<string, Map<number, V>> {
  const merged = new Map<string, Map<number, V>>();
  for (const { topic, partitions } of topics) {
    const values = merged.get(topic) ?? new Map<number, V>();
    merged.set(topic, values);
    for (const entry of partitions) values.set(entry.partition, valueOf(entry, values.has(entry.partition)));
  }
  return merged;
}

/** The topics with each partition once: of one that is named twice the later entry counts. */
export function eachOnce<E extends { readonly partition: number }>(
  topics: readonly NamedTopic<E>[],
): NamedTopic<E>[] {
  return [...byPartition(topics, (entry) => entry)].map(([topic, partitions]) => ({
    topic,
    partitions: [...partitions.values()],
  }));
}
