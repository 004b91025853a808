import { clusterError } from './cluster-error.ts';
import type { Partition } from './logs/partition.ts';
import type { Topic, Topics } from './logs/topics.ts';

/** @throws ConfigError that lists the topics, if this one is not there */
export function topicNamed(topics: Topics, name: string): Topic {
  const topic = topics.get(name);
  if (topic !== undefined) return topic;
  const names = topics.all().map((each) => each.name);
  throw clusterError([`there is no topic '${name}'; there are: ${names.join(', ') || 'none'}`]);
}

/** @throws ConfigError if there is no such topic, or it has no such partition */
export function partitionNamed(topics: Topics, name: string, index: number): Partition {
  const topic = topicNamed(topics, name);
  const partition = topic.partitions[index];
  if (partition !== undefined) return partition;
  throw clusterError([
    `topic '${name}' has no partition ${index}: it has ${topic.partitions.length}, from 0`,
  ]);
}
