import type { CommittedOffset } from '../../kafka/group-offsets.ts';
import type { ConsumerMessage } from '../../message.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import { FakeClient } from './fake-client.ts';
import { FakeCluster } from './fake-cluster.ts';
import type { MessageParts } from './fake-message.ts';

/** Whose transactions {@link FakeKafka.beginTransaction} begins. */
const OTHER_PRODUCER = 'another producer';

/**
 * Kafka in memory, behind the port that the pipeline uses: no sockets, no time of its own. Requests
 * are answered in the order they came, each in a turn of the event loop of its own, so that a run
 * is the same every time.
 *
 * It simulates topics that grow, are recreated or deleted; logs with retention, truncation,
 * compaction and open transactions; transactional ids with their epochs, transactions and
 * offsets in them; leader epochs and topic ids; committed offsets of groups; and,
 * by {@link intercept}, {@link fail} and {@link hold}, requests that fail or take long. It does not
 * simulate brokers, leaders that move or refuse, fetch sessions, request sizes, sequence numbers,
 * retries of requests or group members: for these there is the embedded cluster.
 */
export class FakeKafka extends FakeCluster {
  /** A client of this cluster. */
  client(): FakeClient {
    return new FakeClient(this);
  }

  /** Creates a topic, or recreates it: empty, with another topic id. */
  createTopic(topic: string, partitionCount = 1): this {
    this.topics.create(topic, partitionCount);
    return this;
  }

  /** Appends records, text standing for a value. */
  append(topic: string, partition: number, ...records: (string | MessageParts)[]): this {
    this.appendAll(
      { topic, partition },
      records.map((record) => (typeof record === 'string' ? { value: record } : record)),
    );
    return this;
  }

  /** Appends `count` records that are numbered. */
  fill(topic: string, partition: number, count: number, parts: MessageParts = {}): this {
    const first = this.log({ topic, partition }).end;
    return this.append(
      topic,
      partition,
      ...Array.from({ length: count }, (_none, at) => ({ value: `${topic}${first + at}`, ...parts })),
    );
  }

  /**
   * Offsets that hold no record: transaction markers, aborted records, or what compaction took
   * away.
   */
  appendGap(topic: string, partition: number, count = 1): this {
    this.log({ topic, partition }).appendGap(count);
    this.wakeSources();
    return this;
  }

  /** What is appended from now on belongs to a transaction that is open. */
  beginTransaction(topic: string, partition: number): this {
    const log = this.log({ topic, partition });
    log.openFrom.set(OTHER_PRODUCER, log.end);
    return this;
  }

  /** Ends it, with its marker. */
  endTransaction(topic: string, partition: number): this {
    this.log({ topic, partition }).openFrom.delete(OTHER_PRODUCER);
    return this.appendGap(topic, partition);
  }

  /** Retention: deletes what is before `offset`. */
  deleteBefore(topic: string, partition: number, offset: number): this {
    this.log({ topic, partition }).deleteBefore(offset);
    this.wakeSources();
    return this;
  }

  /** An unclean leader election, or a recreated topic: the log ends at `offset` now. */
  truncate(topic: string, partition: number, offset: number): this {
    this.log({ topic, partition }).truncate(offset);
    this.wakeSources();
    return this;
  }

  /**
   * Deletes the topic and recreates it, empty and with another id; group offsets stay, as they do
   * where a broker is slow to forget them.
   */
  recreate(topic: string): this {
    return this.createTopic(topic, this.topics.partitionCount(topic));
  }

  deleteTopic(topic: string): this {
    this.topics.delete(topic);
    return this;
  }

  /** Gives it this many partitions in all; those that it has stay as they are. */
  addPartitions(topic: string, partitionCount: number): this {
    this.topics.grow(topic, partitionCount);
    return this;
  }

  /** Another leader; with its epoch what is appended later is marked. */
  moveLeader(topic: string, partition: number): this {
    const log = this.log({ topic, partition });
    log.epochStarts.push(log.end);
    return this;
  }

  /** The records of a topic, partition by partition, without those of transactions that are not committed. */
  records(topic: string): ConsumerMessage[] {
    const found: ConsumerMessage[] = [];
    for (let partition = 0; partition < (this.topics.partitionCount(topic) ?? 0); partition++) {
      // Those of a transaction come when it is committed.
      const messages = [...this.log({ topic, partition }).messages.values()];
      found.push(...messages.sort((a, b) => a.offset - b.offset));
    }
    return found;
  }

  /** Their values as text. */
  values(topic: string): (string | null)[] {
    return this.records(topic).map(({ valueText }) => valueText);
  }

  committed(groupId: string, topic: string, partition: number): number | undefined {
    return this.offsets.of(groupId, { topic, partition }).offset;
  }

  committedOf(groupId: string, partition: TopicPartition): CommittedOffset {
    return this.offsets.of(groupId, partition);
  }

  setCommitted(
    groupId: string,
    topic: string,
    partition: number,
    offset: number,
    epochOrMetadata: number | string = -1,
  ): this {
    this.offsets.set(groupId, {
      topic,
      partition,
      offset,
      leaderEpoch: typeof epochOrMetadata === 'number' ? epochOrMetadata : -1,
      metadata: typeof epochOrMetadata === 'string' ? epochOrMetadata : '',
    });
    return this;
  }

  /** Deletes all offsets of a group, as a tool may. */
  forgetGroup(groupId: string): void {
    this.offsets.forget(groupId);
  }
}
