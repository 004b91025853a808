interface NamedTopic<E> {
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
