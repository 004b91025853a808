import type { CommitResult, GroupDescription, OffsetToCommit } from '../../kafka/group-offsets.ts';
import { KasperError } from '../../kernel/errors.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { ConsumerMessage } from '../../message.ts';
import type { FakeLog } from './fake-log.ts';
import { makeMessage, type MessageParts } from './fake-message.ts';
import { FakeOffsets } from './fake-offsets.ts';
import { FakeRequests } from './fake-requests.ts';
import { FakeTopics } from './fake-topics.ts';
import { FakeTransactions } from './fake-transactions.ts';

export interface FakeKafkaOptions {
  /** Records in a chunk at most. Default 100. */
  readonly chunkRecords?: number | (() => number);
  /** Bytes that a source reserves for each fetch. Default 64 KiB. */
  readonly fetchBytes?: number;
  /** Offsets that a commit request holds at most. Default: all. */
  readonly commitOffsets?: number;
  /** A chunk keeps this many times the bytes of its messages in memory. Default 1. */
  readonly memoryFactor?: number;
}

/** A source that looks for new records when it is woken. */
export interface WakeableSource {
  wake(): void;
  close(): Promise<void>;
}

/** What the clients of a fake cluster share: its requests, topics, logs, and committed offsets. */
export class FakeCluster extends FakeRequests {
  readonly options: FakeKafkaOptions;
  readonly topics = new FakeTopics();
  readonly offsets = new FakeOffsets();
  readonly transactions = new FakeTransactions(this);
  /** Groups as they are described. */
  readonly groups = new Map<string, GroupDescription>();
  /** Partitions, as `topic/0`, that are described without a leader. */
  readonly leaderless = new Set<string>();
  /** Whether brokers serve OffsetForLeaderEpoch. */
  servesEpochs = true;
  /** Whether brokers report topic ids. */
  tellsTopicIds = true;
  /** Those that read. */
  readonly sources = new Set<WakeableSource>();

  constructor(options: FakeKafkaOptions = {}) {
    super();
    this.options = options;
  }

  /** @throws BrokerError if there is no such partition */
  log(partition: TopicPartition): FakeLog {
    return this.topics.log(partition);
  }

  /** Appends records, each after the other. */
  appendAll({ topic, partition }: TopicPartition, records: readonly MessageParts[]): void {
    const log = this.log({ topic, partition });
    for (const parts of records) {
      const offset = log.end++;
      log.messages.set(offset, makeMessage({ ...parts, topic, partition, offset }));
    }
    this.wakeSources();
  }

  /** Records of a transaction that is committed become visible, where they are in their logs. */
  showAll(messages: readonly ConsumerMessage[]): void {
    for (const message of messages) this.log(message).messages.set(message.offset, message);
  }

  /** As brokers report it. */
  topicId(topic: string): string | undefined {
    return this.tellsTopicIds ? this.topics.id(topic) : undefined;
  }

  /** Stores the offsets of a commit, those of which no interceptor of `commitOffset` throws. */
  commit(groupId: string, offsets: readonly OffsetToCommit[]): CommitResult[] {
    const results = offsets.map((entry): CommitResult => {
      const { topic, partition, offset } = entry;
      try {
        for (const interceptor of this.interceptorsOf('commitOffset'))
          void interceptor({ name: 'commitOffset', topic, partition, offset });
      } catch (error) {
        if (!KasperError.is(error)) throw error;
        return { topic, partition, offset, error };
      }
      this.offsets.set(groupId, entry);
      return { topic, partition, offset, error: undefined };
    });
    this.calls.push({
      name: 'committed',
      groupId,
      offsets: results
        .filter(({ error }) => error === undefined)
        .map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    });
    return results;
  }

  /** What a commit request each may hold. */
  parts(offsets: readonly OffsetToCommit[]): (readonly OffsetToCommit[])[] {
    const { commitOffsets = Infinity } = this.options;
    return offsets.length <= commitOffsets
      ? [offsets]
      : [offsets.slice(0, commitOffsets), ...this.parts(offsets.slice(commitOffsets))];
  }

  /** There may be something new to read. */
  wakeSources(): void {
    for (const source of this.sources) source.wake();
  }
}
