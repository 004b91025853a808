import type { TopicPartition } from '../../../source/kernel/topic-partition.ts';
import type { ConsumerMessage } from '../../../source/message.ts';

/** A Kafka on which schedules are played, as one sees it who writes the input and checks the runs. */
export interface ScheduledKafka {
  readonly topics: { partitionCount(topic: string): number | undefined };
  createTopic(topic: string, partitionCount: number): void;
  log(at: TopicPartition): ScheduledLog;
  committed(groupId: string, topic: string, partition: number): number | undefined;
  /** Appends `count` records. */
  fill(topic: string, partition: number, count: number): void;
  /** Offsets that hold no record. */
  appendGap(topic: string, partition: number, count: number): void;
  /** What is appended from now on is held back until {@link endTransaction}. */
  beginTransaction(topic: string, partition: number): void;
  endTransaction(topic: string, partition: number): void;
  deleteBefore(topic: string, partition: number, offset: number): void;
  /** Is called before an entry of a commit is judged by the broker. */
  onCommit(listener: (at: TopicPartition, offset: number) => void): void;
}

/** The log of a partition. */
export interface ScheduledLog {
  readonly start: number;
  readonly end: number;
  /** Those that a reader of committed records gets, or will get. */
  readonly messages: ReadonlyMap<number, Pick<ConsumerMessage, 'keyText' | 'valueText'>>;
}
