/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** `orders/3`: as a key of maps, and in every text. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** `orders/0, orders/3 and 4 more`: for messages. */
export function listPartitions(partitions: readonly TopicPartition[], most = 10): string {
  const names = partitions.slice(0, most).map(keyOf);
  const more = partitions.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

/** Orders by the topic's name, then by partition. */
export function byTopicAndPartition(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
