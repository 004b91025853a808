import type { TopicProcessorOptions } from '../../../source/config/options.ts';
import { keyOf } from '../../../source/kernel/topic-partition.ts';
import { noHappenings } from './happenings.ts';
import type { Random } from './random.ts';
import { ScheduleLedger } from './schedule-ledger.ts';
import type { ScheduledKafka } from './scheduled-kafka.ts';

/** Longer than a run can need for what is there, with every fault that a schedule has. */
export const LONG_MS = 30 * 60_000;

/**
 * What all runs of one schedule share: the job's settings, its input, and what is written down of
 * the runs.
 */
export class ScheduleWorld<Kafka extends ScheduledKafka = ScheduledKafka> {
  readonly random: Random;
  readonly kafka: Kafka;
  readonly ledger: ScheduleLedger;
  readonly counts = noHappenings();
  readonly isFlushed: boolean;
  /** Whether a batch may be in process while the one before is being flushed. */
  readonly overlapsFlush: boolean;
  readonly topics: readonly string[];
  readonly partitions: readonly number[];
  readonly settings: Partial<TopicProcessorOptions> & { readonly concurrency: number };
  /** Topic-partitions with a transaction that is open. */
  readonly #open = new Set<string>();

  constructor(random: Random, kafka: Kafka) {
    this.random = random;
    this.kafka = kafka;
    this.topics = random.chance(0.7) ? ['in'] : ['in', 'more'];
    this.partitions = Array.from({ length: random.between(1, 3) }, (_none, partition) => partition);
    for (const topic of [...this.topics, 'out']) this.kafka.createTopic(topic, this.partitions.length);
    this.isFlushed = random.chance(0.5);
    this.overlapsFlush = random.chance(0.7);
    const batchSize = random.between(1, 12);
    const commit = random.pick<'pipelined' | 'each'>(['pipelined', 'pipelined', 'each']);
    const concurrency = random.pick([1, 1, 2]);
    const maxUncommittedRecords = random.pick([1, 10, 25, 50_000]);
    this.settings = {
      batchSize,
      commit,
      concurrency,
      maxUncommittedRecords,
      onOffsetOutOfRange: 'earliest',
      batchWaitMs: random.pick([0, 20, 500]),
      maxBufferBytes: 1024 * 1024,
      // No fault of a schedule lasts this long.
      commitTimeoutMs: LONG_MS,
      closeTimeoutMs: LONG_MS,
      offsetRefreshMs: random.pick([1000, 60_000]),
    };
    this.ledger = new ScheduleLedger({
      kafka: this.kafka,
      batchSize,
      commit,
      concurrency,
      maxUncommittedRecords,
    });
    this.kafka.onCommit((at, offset) => {
      this.ledger.commit(at, offset, { isFlushed: this.isFlushed });
    });
  }

  /** Something is written to an input. */
  arrive(): void {
    const { random, kafka } = this;
    const topic = random.pick(this.topics as [string, ...string[]]);
    const partition = random.between(0, this.partitions.length - 1);
    const key = keyOf({ topic, partition });
    const kind = random.fraction();
    if (kind < 0.1) kafka.appendGap(topic, partition, random.between(1, 5));
    else if (kind < 0.15 && !this.#open.has(key)) {
      kafka.beginTransaction(topic, partition);
      this.#open.add(key);
    } else if (this.#open.has(key) && kind < 0.4) {
      kafka.endTransaction(topic, partition);
      this.#open.delete(key);
    } else if (kind < 0.2 && !this.#open.has(key)) {
      const { start, end } = kafka.log({ topic, partition });
      const before = random.between(start, end);
      this.counts.recordsDeleted += before - start;
      kafka.deleteBefore(topic, partition, before);
    } else {
      this.fill(topic, partition);
    }
  }

  /** Records are written to a partition. */
  fill(topic: string, partition: number): void {
    const count = this.random.between(1, 12);
    this.counts.records += count;
    this.kafka.fill(topic, partition, count);
  }

  endTransactions(): void {
    for (const key of this.#open) {
      const [topic = '', partition] = key.split('/');
      this.kafka.endTransaction(topic, Number(partition));
    }
    this.#open.clear();
  }
}
