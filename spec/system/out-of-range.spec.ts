import test from 'ava';
import { OffsetOutOfRangeError } from '../../source/kernel/errors.ts';
import { testOnBoth } from '../_helpers/servers/services.ts';
import { deleteRecords, systemJob, threeNodes, values, write } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

const outside = [
  ['deleted before they were read', 3, /Offset 3 of .* holds 8 to 12: 5 records before 8 were deleted/],
  ['past the end', 50, /Offset 50 of .* holds 8 to 12: the topic was truncated or recreated/],
] as const;

for (const [title, committed, message] of outside) {
  testOnBoth(
    `a committed offset of records ${title} is what onOffsetOutOfRange makes of it`,
    async (t, cluster) => {
      const job = await systemJob(t, cluster);
      await write(cluster, job.topic, values(12));
      await deleteRecords(cluster, job.topic, 8);

      await job.commit(committed);
      const error = await t.throwsAsync(job.make().runToEnd(), {
        instanceOf: OffsetOutOfRangeError,
        message,
      });
      t.deepEqual([error.offset, error.earliest, error.latest], [committed, 8, 12]);
      t.is((await job.committed()).offset, committed);

      const fromStart = job.make({ onOffsetOutOfRange: 'earliest' });
      t.is((await fromStart.runToEnd()).records, 4);
      t.deepEqual(job.seen.splice(0), values(4, 8));
      t.is(fromStart.stats().partitions[0]?.lag, 0);
      t.true(await job.make().hasConsumedAllMessages());

      await job.commit(committed);
      const fromEnd = job.make({ onOffsetOutOfRange: 'latest' });
      t.is((await fromEnd.runToEnd()).records, 0);
      t.is((await job.committed()).offset, 12);
      t.is(fromEnd.stats().partitions[0]?.lag, 0);
      t.true(await job.make().hasConsumedAllMessages());
    },
  );
}

const policies = [
  ['earliest', 2900, 3000],
  ['latest', 3000, 3000],
  ['fail', undefined, undefined],
] as const;

for (const [onOffsetOutOfRange, from, end] of policies) {
  testOnBoth(
    `records that are deleted while it runs, before they were read: '${onOffsetOutOfRange}'`,
    async (t, cluster) => {
      const job = await systemJob(t, cluster);
      // One answer holds a third of them at most.
      const filler = '.'.repeat(1000);
      const records = values(3000).map((value) => `${value} ${filler}`);
      for (let at = 0; at < 3000; at += 500) await write(cluster, job.topic, records.slice(at, at + 500));
      let letGo: (() => void) | undefined;
      const held = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const processor = job.make(
        { onOffsetOutOfRange, batchSize: 500 },
        {
          process: async (messages) => {
            await held;
            for (const { valueText } of messages) job.seen.push(valueText?.split(' ')[0] ?? '');
          },
        },
      );
      const run = processor.runLoop();
      await until(() => processor.stats().partitions[0]?.paused === true, {
        deadlineMs: 10_000,
        what: 'the buffer is full',
      });
      const read = processor.stats().partitions[0]?.position ?? -1;
      t.true(read < 2900);
      await deleteRecords(cluster, job.topic, 2900);
      letGo?.();
      if (from === undefined) {
        const error = await t.throwsAsync(run, { instanceOf: OffsetOutOfRangeError });
        t.deepEqual([error.offset, error.earliest, error.latest], [read, 2900, 3000]);
        t.deepEqual(job.seen, values(job.seen.length));
        t.is((await job.committed()).offset, job.seen.length);
        return;
      }
      await until(() => processor.stats().partitions[0]?.committed === end, {
        deadlineMs: 10_000,
        what: 'the end is committed',
      });
      t.deepEqual(job.seen, [...values(read), ...values(3000 - from, from)]);
      t.is(processor.stats().partitions[0]?.lag, 0);
      t.true(await processor.hasConsumedAllMessages());
      await processor.close();
      await run;
    },
  );
}

test('a broker that says out of range by mistake is not believed', async (t) => {
  const { nodes, cluster } = await threeNodes(t);
  const job = await systemJob(t, cluster);
  await write(cluster, job.topic, values(30));
  const fault = nodes.faults.fail({ api: 'Fetch', code: 1, times: 3 });
  await job.make().runToEnd();
  t.is(fault.hits, 3);
  t.deepEqual(job.seen, values(30));
});
