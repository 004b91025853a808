import { testOnBoth } from '../_helpers/servers/services.ts';
import { deleteRecords, systemJob, values, write } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

testOnBoth('a processor seeks back, to a time, and to both ends; the group shows it', async (t, cluster) => {
  const job = await systemJob(t, cluster, {}, 2);
  const { topic, seen } = job;
  const start = Date.now();
  const records = values(30).map((value, i) => ({ value, timestamp: String(start + i * 1000) }));
  await write(cluster, topic, records);
  await deleteRecords(cluster, topic, 3);
  const processor = job.make({ onOffsetOutOfRange: 'earliest' });
  const run = processor.runLoop();
  await job.untilSeen(27);

  t.is(await processor.seek(topic, 0, 20), 20);
  await job.untilSeen(37);
  t.deepEqual(seen.splice(0), [...values(27, 3), ...values(10, 20)]);

  t.is(await processor.seek(topic, 0, { timestamp: start + 26_500 }), 27);
  await job.untilSeen(3);
  t.deepEqual(seen.splice(0), values(3, 27));

  t.is(await processor.seek(topic, 0, 'earliest'), 3);
  await job.untilSeen(27);
  t.deepEqual(seen.splice(0), values(27, 3));

  t.is(await processor.seek(topic, 0, new Date(start + 3_600_000)), 30);
  t.is((await job.committed()).offset, 30);
  t.is(await processor.seek(topic, 1, 'latest'), 0);
  await write(cluster, topic, ['last']);
  await job.untilSeen(1);
  await processor.close();
  t.deepEqual(seen, ['last']);
  t.is((await job.committed()).offset, 31);
  t.is((await run).partitions[0]?.end, 31);
});

testOnBoth('after a seek and a restart the run goes on from the sought offset', async (t, cluster) => {
  const job = await systemJob(t, cluster);
  await write(cluster, job.topic, values(20));
  const first = job.make();
  const run = first.runLoop();
  await job.untilSeen(20);
  await until(() => first.stats().records === 20, { deadlineMs: 10_000, what: 'all is committed' });
  const stopped: Promise<void>[] = [];
  first.on('batch', ({ step }) => {
    if (step === 'processed' && stopped.length === 0) stopped.push(first.close());
  });
  await first.seek(job.topic, 0, 5);
  await run;
  await Promise.all(stopped);
  const done = (await job.committed()).offset ?? -1;
  await job.make().runToEnd();
  t.deepEqual(job.seen, [...values(20), ...values(15, 5)]);
  t.is(done, 15);
  t.is((await job.committed()).offset, 20);
});
