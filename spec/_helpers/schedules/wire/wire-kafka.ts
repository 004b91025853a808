import { EmbeddedCluster } from '../../../../source/embedded/index.ts';
import { CONTROL, TRANSACTIONAL } from '../../../../source/kafka/records/batch-header.ts';
import { keyOf, type TopicPartition } from '../../../../source/kernel/topic-partition.ts';
import type { ConsumerMessage } from '../../../../source/message.ts';
import { rawBatch } from '../../raw/raw-batch.ts';
import type { ScheduledKafka, ScheduledLog } from '../scheduled-kafka.ts';
import type { FastClock } from './fast-clock.ts';

/** Of all transactions. */
const PRODUCER_ID = 4711n;

type Messages = Map<number, Pick<ConsumerMessage, 'keyText' | 'valueText'>>;

/** An embedded cluster on which schedules are played over the wire. */
export class WireKafka implements ScheduledKafka {
  readonly cluster: EmbeddedCluster;
  readonly topics = { partitionCount: (topic: string) => this.#partitions.get(topic) };
  readonly #partitions = new Map<string, number>();
  /** By topic-partition; of the input what was written, of the output what was read back. */
  readonly #messages = new Map<string, Messages>();
  readonly #readTo = new Map<string, number>();

  private constructor(cluster: EmbeddedCluster) {
    this.cluster = cluster;
  }

  static async start(brokers: number, clock: FastClock): Promise<WireKafka> {
    return new WireKafka(await EmbeddedCluster.start({ brokers, clock }));
  }

  createTopic(topic: string, partitionCount: number): void {
    this.cluster.createTopic(topic, { partitions: partitionCount });
    this.#partitions.set(topic, partitionCount);
  }

  log(at: TopicPartition): ScheduledLog {
    const { topic, partition } = at;
    const end = this.cluster.endOffset(topic, partition);
    if (topic === 'out' && this.#readTo.get(keyOf(at)) !== end) this.#readBack(topic);
    return { start: this.cluster.startOffset(topic, partition), end, messages: this.#of(at) };
  }

  committed(groupId: string, topic: string, partition: number): number | undefined {
    const found = this.cluster
      .committed(groupId)
      .find((entry) => entry.topic === topic && entry.partition === partition);
    return found?.offset;
  }

  fill(topic: string, partition: number, count: number): void {
    const records = Array.from({ length: count }, (_none, at) => ({ partition, value: `${topic}${at}` }));
    const messages = this.#of({ topic, partition });
    for (const { offset } of this.cluster.produce(topic, records))
      messages.set(offset, { keyText: null, valueText: null });
  }

  appendGap(topic: string, partition: number, count: number): void {
    this.cluster.appendRaw(topic, partition, rawBatch({ count: 0, lastOffsetDelta: count - 1 }));
  }

  beginTransaction(topic: string, partition: number): void {
    this.#appendOfTransaction(topic, partition, TRANSACTIONAL);
  }

  endTransaction(topic: string, partition: number): void {
    this.#appendOfTransaction(topic, partition, TRANSACTIONAL | CONTROL);
  }

  deleteBefore(topic: string, partition: number, offset: number): void {
    this.cluster.deleteRecords(topic, partition, offset);
    const messages = this.#of({ topic, partition });
    for (const each of [...messages.keys()]) if (each < offset) messages.delete(each);
  }

  onCommit(listener: (at: TopicPartition, offset: number) => void): void {
    // Sees each request before it is judged, and meets none.
    this.cluster.faults.fail({
      api: 'OffsetCommit',
      code: 16,
      times: Infinity,
      matching: ({ topics }) => {
        for (const { topic, partitions } of topics ?? [])
          for (const { partition, offset = 0 } of partitions) listener({ topic, partition }, offset);
        return false;
      },
    });
  }

  /** How many requests came. */
  get requests(): ReadonlyMap<string, number> {
    return new Map(this.cluster.requests().map(({ api, version, count }) => [`${api} ${version}`, count]));
  }

  /** A batch without a record, so that each transaction holds back what follows it. */
  #appendOfTransaction(topic: string, partition: number, attributes: number): void {
    const batch = rawBatch({ count: 0, lastOffsetDelta: 0, attributes, producerId: PRODUCER_ID, epoch: 0 });
    this.cluster.appendRaw(topic, partition, batch);
  }

  #readBack(topic: string): void {
    for (const { partition, offset, keyText, valueText } of this.cluster.records(topic))
      this.#of({ topic, partition }).set(offset, { keyText, valueText });
    for (let partition = 0; partition < (this.#partitions.get(topic) ?? 0); partition++)
      this.#readTo.set(keyOf({ topic, partition }), this.cluster.endOffset(topic, partition));
  }

  #of(at: TopicPartition): Messages {
    const key = keyOf(at);
    let messages = this.#messages.get(key);
    if (messages === undefined) {
      messages = new Map();
      this.#messages.set(key, messages);
    }
    return messages;
  }
}
