import { OffsetOutOfRangeError } from '../../source/kernel/errors.ts';
import { randomName, testOnBoth, type TestCluster } from '../_helpers/servers/services.ts';
import { kafkajsFor, systemJob, values, write } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

/** Deletes a topic and makes it anew, with other records. */
async function recreate(
  cluster: TestCluster,
  topic: string,
  partitions: number,
  records: readonly string[],
): Promise<void> {
  const admin = kafkajsFor(cluster).admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic), {
      deadlineMs: 10_000,
      what: 'the topic is gone',
    });
  } finally {
    await admin.disconnect();
  }
  await cluster.createTopic(topic, partitions);
  await write(cluster, topic, records);
}

testOnBoth(
  'a recreated topic while it is processed is read from its start, without a gap',
  async (t, cluster) => {
    const job = await systemJob(t, cluster);
    await write(cluster, job.topic, values(20));
    const processor = job.make({ onOffsetOutOfRange: 'earliest', offsetRefreshMs: 1000 });
    const run = processor.runLoop();
    await until(() => processor.stats().partitions[0]?.committed === 20, {
      deadlineMs: 10_000,
      what: 'all is committed',
    });
    // More records than were read: the position lies within the new log, too.
    await recreate(cluster, job.topic, 1, values(30, 0, 'b'));
    await until(() => processor.stats().partitions[0]?.committed === 30, {
      deadlineMs: 20_000,
      what: 'the new log is committed',
    });
    t.deepEqual(job.seen, [...values(20), ...values(30, 0, 'b')]);
    await processor.close();
    await run;
  },
);

testOnBoth(
  'a recreated topic while it is processed ends the run where that is asked for',
  async (t, cluster) => {
    const job = await systemJob(t, cluster);
    await write(cluster, job.topic, values(20));
    const processor = job.make({ offsetRefreshMs: 1000 });
    const run = processor.runLoop();
    await job.untilSeen(20);
    const failed = t.throwsAsync(run, { instanceOf: OffsetOutOfRangeError });
    await recreate(cluster, job.topic, 1, values(30, 0, 'b'));
    t.regex((await failed).message, /Offset 20 of .*\/0 belongs to a topic that was deleted and recreated/);
    t.deepEqual(job.seen, values(20));
  },
);

testOnBoth(
  'a committed epoch that the leader never had is out of range, whatever the offset',
  async (t, cluster) => {
    const job = await systemJob(t, cluster);
    await write(cluster, job.topic, values(20));
    await job.commit(12, 77);
    const error = await t.throwsAsync(job.make().runToEnd(), { instanceOf: OffsetOutOfRangeError });
    t.deepEqual([error.offset, error.earliest, error.latest], [12, 0, 20]);
    t.regex(error.message, /records that a new leader does not have/);
    await job.make({ onOffsetOutOfRange: 'earliest' }).runToEnd();
    t.deepEqual(job.seen, values(20));
    t.is((await job.committed()).offset, 20);
  },
);

testOnBoth('a restart goes on at the epoch that was committed', async (t, cluster) => {
  const job = await systemJob(t, cluster);
  await write(cluster, job.topic, values(10));
  await job.make().runToEnd();
  t.is((await job.committed()).leaderEpoch, 0);
  await write(cluster, job.topic, values(10, 10));
  await job.make().runToEnd();
  t.deepEqual(job.seen, values(20));
  t.deepEqual(job.log.warnings(), []);
});

testOnBoth(
  'a topic that is deleted while it is processed ends the run after retryTimeoutMs',
  async (t, cluster) => {
    const job = await systemJob(t, cluster);
    await write(cluster, job.topic, values(5));
    const processor = job.make({ retryTimeoutMs: 1500, offsetRefreshMs: 60_000 });
    const run = processor.runLoop();
    await until(() => processor.stats().partitions[0]?.committed === 5, {
      deadlineMs: 10_000,
      what: 'all is committed',
    });
    const failed = t.throwsAsync(run);
    const admin = kafkajsFor(cluster).admin();
    await admin.connect();
    t.teardown(() => admin.disconnect());
    await admin.deleteTopics({ topics: [job.topic] });
    const error = await failed;
    t.regex(String(error), new RegExp(`${job.topic}/0 failed for 1500 ms.*UNKNOWN_TOPIC_OR_PARTITION`));
  },
);

testOnBoth('a group that once had a member is warned of', async (t, cluster) => {
  const job = await systemJob(t, cluster);
  const consumer = kafkajsFor(cluster).consumer({ groupId: job.groupId });
  t.teardown(() => consumer.disconnect());
  const other = randomName('other');
  await cluster.createTopic(other, 1);
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.subscribe({ topic: other });
  await consumer.run({ eachMessage: () => Promise.resolve() });
  await joined;
  await consumer.disconnect();
  await job.make().runToEnd();
  t.regex(job.log.messages('warn').join(), /A consumer was once a member of the group: all its offsets/);
});
