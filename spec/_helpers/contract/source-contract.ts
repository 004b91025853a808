import { setImmediate } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { KafkaClient } from '../../../source/kafka/client.ts';
import type { StartPosition } from '../../../source/kafka/log-position.ts';
import type { PartitionSource } from '../../../source/kafka/source.ts';
import { LifecycleError } from '../../../source/kernel/errors.ts';
import { Collector, CountingBudget, numbers, openSource } from '../../kafka/kafkajs/test-client.ts';
import { until } from '../until.ts';

/** What is read: the topic `orders`, with two partitions of one leader. */
export interface SourceSubject {
  readonly client: KafkaClient;
  /** Appends records that hold their offset as text. */
  append(partition: number, count: number): Promise<void>;
  /** Holds the next fetch. */
  holdFetch(): HeldFetch;
  /** Resolves once all was asked for that there is: what is in flight now waits for news. */
  settled(): Promise<void>;
}

export interface HeldFetch {
  /** Resolves when the request is in flight. */
  inFlight(): Promise<void>;
  /** Has it answered; resolves when the answer was delivered, or dropped. */
  answer(): Promise<void>;
}

/** One behaviour of partition sources that the pipeline relies on. */
export interface SourceCase {
  readonly title: string;
  readonly run: (t: ExecutionContext, subject: SourceSubject) => Promise<void>;
}

function at(partition: number, offset = 0): StartPosition {
  return { topic: 'orders', partition, offset, leaderEpoch: -1 };
}

interface Opened {
  readonly source: PartitionSource;
  readonly budget: CountingBudget;
  readonly collector: Collector;
}

function open(t: ExecutionContext, { client }: SourceSubject): Opened {
  const budget = new CountingBudget();
  return {
    source: openSource(t, client, { budget, fetchMaxWaitMs: 50 }),
    budget,
    collector: new Collector(),
  };
}

/** What sources do where partitions are added and removed while they read. */
export const sourceContract: readonly SourceCase[] = [
  {
    title: 'nothing is delivered of a partition that is removed while a fetch of it is in flight',
    async run(t, subject) {
      await subject.append(0, 10);
      const { source, budget, collector } = open(t, subject);
      const fetch = subject.holdFetch();
      collector.read(source, [at(0)]);
      await fetch.inFlight();
      t.true(budget.reserved > 0);
      source.remove(at(0));
      await fetch.answer();
      await until(() => budget.reserved === 0, { deadlineMs: 20_000, what: 'the reservation' });
      t.deepEqual(collector.chunks, []);
      t.deepEqual(collector.errors, []);
    },
  },
  {
    title:
      'a partition that is removed and added again, in flight, is delivered exactly from where it was added',
    async run(t, subject) {
      await subject.append(0, 20);
      const { source, collector: former } = open(t, subject);
      const fetch = subject.holdFetch();
      former.read(source, [at(0)]);
      await fetch.inFlight();
      source.remove(at(0));
      const later = new Collector();
      later.read(source, [at(0, 5)]);
      await fetch.answer();
      await later.untilCount(15);
      t.deepEqual(later.offsets('orders', 0), numbers(15, 5));
      t.true(later.chunks.every(({ epoch }) => epoch === 1));
      t.deepEqual(former.chunks, []);
    },
  },
  {
    title:
      'a partition that is added again at the same place, in flight, is delivered once, to its new reader',
    async run(t, subject) {
      await subject.append(0, 10);
      const { source, collector: former } = open(t, subject);
      const fetch = subject.holdFetch();
      former.read(source, [at(0)]);
      await fetch.inFlight();
      source.remove(at(0));
      const later = new Collector();
      later.read(source, [at(0)]);
      await fetch.answer();
      await later.untilCount(10);
      await subject.append(0, 10);
      await later.untilCount(20);
      t.deepEqual(later.offsets('orders', 0), numbers(20));
      t.deepEqual(former.chunks, []);
    },
  },
  {
    title: 'a seek backwards over several record batches, in flight, loses and repeats nothing',
    async run(t, subject) {
      for (let batch = 0; batch < 3; batch++) await subject.append(0, 10);
      const { source, collector } = open(t, subject);
      const fetch = subject.holdFetch();
      collector.read(source, [at(0, 20)]);
      await fetch.inFlight();
      t.is(source.seek(at(0), 3), 2);
      await fetch.answer();
      await collector.untilCount(27);
      // Of the fetch from before the seek nothing is delivered, and it moves nothing.
      t.deepEqual(collector.offsets('orders', 0), numbers(27, 3));
      t.true(collector.chunks.every(({ epoch }) => epoch === 2));
    },
  },
  {
    title: 'a partition without news that is added again is reported to its new reader',
    async run(t, subject) {
      await subject.append(0, 10);
      const { source, collector: former } = open(t, subject);
      former.read(source, [at(0), at(1)]);
      await former.untilCount(10);
      // By then in a fetch session, in which only news is answered.
      await subject.settled();
      source.remove(at(0));
      const later = new Collector();
      later.read(source, [at(0, 10)]);
      const first = await until(() => later.chunks[0], { deadlineMs: 20_000, what: 'a first chunk' });
      t.like(first, { partition: 0, epoch: 1, nextOffset: 10, highWatermark: 10 });
      await subject.append(0, 5);
      await later.untilCount(5);
      t.deepEqual(later.offsets('orders', 0), numbers(5, 10));
      t.is(former.count, 10);
    },
  },
  {
    title:
      'a partition that is added while others are read begins where it was added; the others have no gap',
    async run(t, subject) {
      await subject.append(0, 10);
      await subject.append(1, 10);
      const { source, collector } = open(t, subject);
      collector.read(source, [at(0)]);
      await collector.untilCount(10);
      collector.read(source, [at(1, 4)]);
      await subject.append(0, 10);
      await subject.append(1, 10);
      await collector.untilCount(36);
      t.deepEqual(collector.offsets('orders', 0), numbers(20));
      t.deepEqual(collector.offsets('orders', 1), numbers(16, 4));
    },
  },
  {
    title: 'the others are read on when a partition is removed',
    async run(t, subject) {
      const { source, collector } = open(t, subject);
      collector.read(source, [at(0), at(1)]);
      await subject.append(0, 10);
      await subject.append(1, 10);
      await collector.untilCount(20);
      source.remove(at(0));
      await subject.append(0, 10);
      await subject.append(1, 10);
      await collector.untilCount(30);
      await subject.append(1, 10);
      await collector.untilCount(40);
      t.deepEqual(collector.offsets('orders', 0), numbers(10));
      t.deepEqual(collector.offsets('orders', 1), numbers(30));
    },
  },
  {
    title:
      'a reader may remove another partition from inside its call: nothing more of that one is delivered',
    async run(t, subject) {
      await subject.append(0, 10);
      await subject.append(1, 10);
      const { source, collector } = open(t, subject);
      let removed: number | undefined;
      collector.onChunkHook = ({ partition, messages }) => {
        if (messages.length === 0 || removed !== undefined) return;
        removed = 1 - partition;
        source.remove(at(removed));
      };
      collector.read(source, [at(0), at(1)]);
      await collector.untilCount(10);
      const gone = removed ?? -1;
      await subject.append(gone, 10);
      await subject.append(1 - gone, 10);
      await collector.untilCount(20);
      t.deepEqual(collector.offsets('orders', gone), []);
      t.deepEqual(collector.offsets('orders', 1 - gone), numbers(20));
    },
  },
  {
    title: 'a partition that is added and removed in one turn is not read',
    async run(t, subject) {
      await subject.append(0, 10);
      await subject.append(1, 10);
      const { source, collector } = open(t, subject);
      collector.read(source, [at(0), at(1)]);
      source.remove(at(0));
      await collector.untilCount(10);
      t.deepEqual(collector.offsets('orders', 0), []);
      collector.read(source, [at(0, 8)]);
      await collector.untilCount(12);
      t.deepEqual(collector.offsets('orders', 0), [8, 9]);
    },
  },
  {
    title:
      'a source whose partitions are all removed can be closed, also in flight, and keeps no reservation',
    async run(t, subject) {
      await subject.append(0, 10);
      const { source, budget, collector } = open(t, subject);
      const fetch = subject.holdFetch();
      collector.read(source, [at(0)]);
      await fetch.inFlight();
      source.remove(at(0));
      const closed = source.close();
      await fetch.answer();
      await closed;
      t.is(budget.reserved, 0);
      t.deepEqual(collector.chunks, []);
      t.throws(
        () => {
          collector.read(source, [at(0)]);
        },
        { instanceOf: LifecycleError, message: /closed/ },
      );
    },
  },
  {
    title: 'a source that was left without partitions reads those that are added later',
    async run(t, subject) {
      await subject.append(0, 10);
      const { source, budget, collector } = open(t, subject);
      collector.read(source, [at(0)]);
      await collector.untilCount(10);
      source.pause(at(0));
      await until(() => budget.reserved === 0, { deadlineMs: 20_000, what: 'the last fetch to end' });
      source.remove(at(0));
      // In this turn it finds that there is nothing left to do.
      await setImmediate();
      collector.read(source, [at(0, 2)]);
      await collector.untilCount(18);
      t.deepEqual(collector.offsets('orders', 0), [...numbers(10), ...numbers(8, 2)]);
    },
  },
  {
    title: 'a partition that has failed can be removed and added again',
    async run(t, subject) {
      await subject.append(0, 10);
      const { source, collector } = open(t, subject);
      collector.onOutOfRangeHook = () => {
        throw new LifecycleError('no');
      };
      collector.read(source, [at(0, 50)]);
      await until(() => collector.errors.length > 0, { deadlineMs: 20_000, what: 'the error' });
      t.throws(() => source.seek(at(0), 0), { instanceOf: LifecycleError });
      source.remove(at(0));
      collector.read(source, [at(0, 3)]);
      await until(() => collector.count === 7, { deadlineMs: 20_000, what: 'the records' });
      t.deepEqual(collector.offsets('orders', 0), numbers(7, 3));
      t.is(collector.errors.length, 1);
    },
  },
  {
    title:
      'what is read already cannot be added, and what is not read cannot be moved; to remove it does nothing',
    async run(t, subject) {
      const { source, collector } = open(t, subject);
      collector.read(source, [at(0)]);
      const refused = { instanceOf: LifecycleError, message: /orders\/[01] is/ };
      t.throws(() => {
        collector.read(source, [at(0, 3)]);
      }, refused);
      source.remove(at(1));
      source.remove(at(0));
      source.remove(at(0));
      for (const partition of [at(0), at(1)]) {
        t.throws(() => source.seek(partition, 1), refused);
        t.throws(() => {
          source.pause(partition);
        }, refused);
        t.throws(() => {
          source.resume(partition);
        }, refused);
      }
      await source.close();
    },
  },
];
