import test, { type ExecutionContext } from 'ava';
import type { PartitionStats, TopicProcessor } from '../../source/index.ts';
import { kcatRecords } from '../_helpers/servers/kafka-tools.ts';
import { rawBatch } from '../_helpers/raw/raw-batch.ts';
import { testOnBoth, testOnReal, type TestCluster } from '../_helpers/servers/services.ts';
import { clientOf, kafkajsFor, systemJob, threeNodes, values, write } from '../_helpers/jobs/system-job.ts';
import { send, transactionalProducer, untilMarked } from '../_helpers/raw/transactions.ts';
import { until } from '../_helpers/until.ts';

async function highWatermark(t: ExecutionContext, cluster: TestCluster, topic: string): Promise<number> {
  const client = await clientOf(t, cluster);
  const [end] = await client.listOffsets('latest', [{ topic, partition: 0 }], 'read_uncommitted');
  return end?.offset ?? -1;
}

/**
 * Runs without end until the leaders have been asked for the ends of the logs; what is known of the
 * first partition then.
 */
async function askedForEnds(processor: TopicProcessor): Promise<PartitionStats> {
  const run = processor.runLoop();
  await until(() => processor.stats().endsAskedAt !== null, {
    deadlineMs: 20_000,
    what: 'the ends were told',
  });
  const [partition] = processor.stats().partitions;
  await processor.close();
  await run;
  if (partition === undefined) throw new Error('It reads a partition');
  return partition;
}

testOnBoth('empty topics, and caught-up restarts, end at once', async (t, cluster) => {
  const job = await systemJob(t, cluster, {}, 3);
  const before = job.make();
  t.true(await before.hasConsumedAllMessages());
  const empty = job.make();
  t.is((await empty.runToEnd()).records, 0);
  t.deepEqual(
    empty.stats().partitions.map(({ lag, committed }) => [lag, committed]),
    [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
  );
  await write(cluster, job.topic, values(5), 1);
  t.false(await job.make().hasConsumedAllMessages());
  t.is((await job.make().runToEnd()).records, 5);
  t.true(await job.make().hasConsumedAllMessages());
  const again = job.make();
  const summary = await again.runToEnd();
  t.deepEqual([summary.records, summary.batches], [0, 0]);
  t.deepEqual(
    again.stats().partitions.map(({ lag, committed }) => [lag, committed]),
    [
      [0, 0],
      [0, 5],
      [0, 0],
    ],
  );
});

testOnBoth('a writer that goes on writing does not prolong the run', async (t, cluster) => {
  const job = await systemJob(t, cluster);
  await write(cluster, job.topic, values(50));
  const producer = kafkajsFor(cluster).producer();
  await producer.connect();
  t.teardown(() => producer.disconnect());
  let isWriting = true;
  let written = 50;
  const writing = (async () => {
    while (isWriting) {
      const messages = values(20, written).map((value) => ({ value, partition: 0 }));
      await producer.send({ topic: job.topic, messages });
      written += 20;
    }
  })();
  await until(() => written > 100, { deadlineMs: 10_000, what: 'the writer writes' });
  const before = written;
  const processor = job.make();
  const summary = await processor.runToEnd();
  const [{ end } = { end: -1 }] = summary.partitions;
  const after = written;
  await until(() => written > after + 100, { deadlineMs: 10_000, what: 'the writer still writes' });
  isWriting = false;
  await writing;
  t.true(end >= before && end <= after + 20, `${before} to ${after}, ended at ${end}`);
  t.deepEqual(job.seen, values(end));
  t.is((await job.committed()).offset, end);
  t.false(await job.make().hasConsumedAllMessages());
  t.is((await job.make().runToEnd()).records, written - end);
  t.deepEqual(job.seen, values(written));
});

testOnReal('an open transaction ends the run at its first record, and is named', async (t, kafka) => {
  const job = await systemJob(t, kafka, {}, 2);
  const { topic } = job;
  await write(kafka, topic, values(4));
  await write(kafka, topic, values(3), 1);
  const producer = await transactionalProducer(t, kafka);
  const transaction = await producer.transaction();
  await send(transaction, topic, ['open0', 'open1']);
  await write(kafka, topic, ['behind']);

  const processor = job.make();
  const summary = await processor.runToEnd();
  t.is(summary.records, 7);
  t.deepEqual(summary.openTransactions, [{ topic, partition: 0, end: 4, highWatermark: 7 }]);
  t.regex(job.log.messages('warn').join(), /An open transaction holds back the end of this run/);
  t.is(processor.stats().partitions[0]?.lag, 0);
  t.true(await job.make().hasConsumedAllMessages());
  t.false(await job.make({ isolation: 'read_uncommitted' }).hasConsumedAllMessages());

  // What lies behind the transaction is in the log: a position there is not out of range.
  await job.commit(6);
  t.is((await job.make().runToEnd()).records, 0);
  t.is((await job.committed()).offset, 6);
  await job.commit(4);

  await transaction.commit();
  await untilMarked(t, kafka, topic);
  job.seen.length = 0;
  const rest = await job.make().runToEnd();
  t.deepEqual(job.seen, ['open0', 'open1', 'behind']);
  t.deepEqual(rest.openTransactions, []);
  // With the marker.
  t.is((await job.committed()).offset, 8);
  t.true(await job.make().hasConsumedAllMessages());
});

testOnReal(
  'aborted records are passed over, and a tail of nothing but markers is consumed',
  async (t, kafka) => {
    const job = await systemJob(t, kafka);
    const producer = await transactionalProducer(t, kafka);
    const aborted = await producer.transaction();
    await send(aborted, job.topic, values(5, 0, 'x'));
    await aborted.abort();
    await untilMarked(t, kafka, job.topic);
    const processor = job.make();
    t.false(await processor.hasConsumedAllMessages());
    t.is((await processor.runToEnd()).records, 0);
    t.is((await job.committed()).offset, 6);
    t.is(processor.stats().partitions[0]?.lag, 0);
    t.true(await job.make().hasConsumedAllMessages());

    const kept = await producer.transaction();
    await send(kept, job.topic, values(5));
    await kept.commit();
    const again = await producer.transaction();
    await send(again, job.topic, values(5, 0, 'y'));
    await again.abort();
    await untilMarked(t, kafka, job.topic);
    t.is((await job.make().runToEnd()).records, 5);
    t.deepEqual(job.seen, values(5));
    t.is((await job.committed()).offset, await highWatermark(t, kafka, job.topic));
    t.true(await job.make().hasConsumedAllMessages());

    const dirty = job.make({ isolation: 'read_uncommitted' });
    await job.commit(0);
    await dirty.runToEnd();
    t.deepEqual(job.seen.slice(5), [...values(5, 0, 'x'), ...values(5), ...values(5, 0, 'y')]);
  },
);

testOnReal('a compacted topic is read over its gaps, up to an end without records', async (t, kafka) => {
  const job = await systemJob(t, kafka, {
    'cleanup.policy': 'compact',
    'segment.ms': '50',
    'min.cleanable.dirty.ratio': '0.001',
    'delete.retention.ms': '0',
  });
  const { topic } = job;
  let written = 0;
  // Segments are closed by what is written after them, and only closed ones are compacted.
  await until(
    async () => {
      await write(
        kafka,
        topic,
        values(10, written).map((value, i) => ({ key: `k${i}`, value })),
      );
      written += 10;
      return (await kcatRecords(kafka.brokers, topic)).length <= written / 2;
    },
    { deadlineMs: 60_000, everyMs: 200, what: 'half of the records are compacted away' },
  );
  // A tail that a reader does not see.
  const producer = await transactionalProducer(t, kafka);
  const aborted = await producer.transaction();
  await aborted.send({ topic, messages: [{ key: 'gone', value: 'gone', partition: 0 }] });
  await aborted.abort();
  await untilMarked(t, kafka, topic);

  const processor = job.make();
  const summary = await processor.runToEnd();
  const left = await kcatRecords(kafka.brokers, topic);
  t.true(summary.records < written, `${summary.records} of ${written} records are left`);
  // It may have been compacted further since.
  t.true(summary.records >= left.length);
  const newest = new Set(job.seen);
  for (const { value } of left) t.true(newest.has(value ?? ''), `${value} was not read`);
  t.is((await job.committed()).offset, written + 2);
  t.is(processor.stats().partitions[0]?.lag, 0);
  t.true(await job.make().hasConsumedAllMessages());
  t.is((await job.make().runToEnd()).records, 0);
  const { lag, highWatermark: end } = await askedForEnds(job.make({ metricsUpdateMs: 1000 }));
  t.deepEqual([lag, end], [0, written + 2]);
});

test('gaps, and batches that compaction has emptied, are passed over, also at the end', async (t) => {
  const { nodes, cluster } = await threeNodes(t);
  const job = await systemJob(t, cluster);
  const append = (baseOffset: number, count: number, lastOffsetDelta: number) =>
    nodes.appendRaw(job.topic, 0, rawBatch({ baseOffset, count, lastOffsetDelta, leaderEpoch: 0 }), {
      keepOffset: true,
    });
  append(3, 2, 9);
  append(40, 1, 0);
  append(50, 0, 9);
  const processor = job.make();
  t.is((await processor.runToEnd()).records, 3);
  t.deepEqual(job.seen, ['v0', 'v1', 'v0']);
  t.is((await job.committed()).offset, 60);
  t.is(processor.stats().partitions[0]?.lag, 0);
  t.true(await job.make().hasConsumedAllMessages());
  const { lag, highWatermark: end } = await askedForEnds(job.make({ metricsUpdateMs: 1000 }));
  t.deepEqual([lag, end], [0, 60]);
});
