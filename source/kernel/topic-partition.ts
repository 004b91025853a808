/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** `orders/3`: as a key of maps, and in every text. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** Of neighbours this many or more are written as a range. */
const LEAST_RANGE = 3;

/**
 * `orders/0-11, orders/14 and 4 more`: for messages, in the order of topics and partitions.
 *
 * @param most ranges and single ones that are named; the rest is counted
 */
export function listPartitions(partitions: readonly TopicPartition[], most = 10): string {
  const names: string[] = [];
  let named = 0;
  for (const { topic, first, last } of rangesOf(partitions)) {
    if (names.length === most) break;
    names.push(first === last ? `${topic}/${first}` : `${topic}/${first}-${last}`);
    named += last - first + 1;
  }
  const more = partitions.length - named;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

interface PartitionRange {
  readonly topic: string;
  readonly first: number;
  last: number;
}

function rangesOf(partitions: readonly TopicPartition[]): readonly PartitionRange[] {
  const ranges: PartitionRange[] = [];
  for (const { topic, partition } of partitions.toSorted(byTopicAndPartition)) {
    const range = ranges.at(-1);
    if (range?.topic === topic && range.last + 1 === partition) range.last = partition;
    else ranges.push({ topic, first: partition, last: partition });
  }
  return ranges.flatMap((range) =>
    range.last - range.first + 1 >= LEAST_RANGE
      ? [range]
      : Array.from({ length: range.last - range.first + 1 }, (_, at) => ({
          topic: range.topic,
          first: range.first + at,
          last: range.first + at,
        })),
  );
}

/** Orders by the topic's name, then by partition. */
export function byTopicAndPartition(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
