import { openClient, silentLogger } from '../../source/index.ts';
import { randomName, testOnOwnKafka, type TestCluster } from '../_helpers/servers/services.ts';
import { kafkajsFor, systemJob, values, write, type SystemJob } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

const DEADLINE_MS = 150_000;

/** A consumer that was a member of the group for a moment. */
async function joinAndLeave(cluster: TestCluster, groupId: string, topic: string): Promise<void> {
  const consumer = kafkajsFor(cluster).consumer({ groupId });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.subscribe({ topic });
  await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
  await joined;
  await consumer.disconnect();
}

testOnOwnKafka(
  'offsets outlive the retention of the broker as long as the job runs, and only because it commits them again',
  {
    properties: { 'offsets.retention.minutes': '1', 'offsets.retention.check.interval.ms': '5000' },
  },
  async (t, kafka) => {
    t.timeout(300_000);
    const began = Date.now();
    const seconds = () => ((Date.now() - began) / 1000).toFixed(0);
    const gone = (job: SystemJob, what: string) =>
      until(async () => (await job.committed()).offset === undefined, {
        deadlineMs: DEADLINE_MS,
        everyMs: 200,
        what,
      });

    // The last partition never has a record.
    const kept = await systemJob(t, kafka, {}, 3);
    await write(kafka, kept.topic, values(10));
    await write(kafka, kept.topic, values(10, 10), 1);
    const running = kept.make({ offsetRefreshMs: 10_000 });
    const run = running.runLoop();
    await kept.untilSeen(20);

    const rare = await systemJob(t, kafka);
    await write(kafka, rare.topic, values(5));
    const rarely = rare.make({ offsetRefreshMs: 600_000 });
    const rareRun = rarely.runLoop();
    await rare.untilSeen(5);

    // The group of this one expires as a whole, once: then its next commit makes a group without
    // members.
    const joined = await systemJob(t, kafka);
    const other = randomName('other');
    await kafka.createTopic(other, 1);
    await joinAndLeave(kafka, joined.groupId, other);
    await write(kafka, joined.topic, values(5));
    const after = joined.make({ offsetRefreshMs: 10_000 });
    const joinedRun = after.runLoop();
    await joined.untilSeen(5);

    await gone(joined, 'the offsets of a group that once had a member');
    t.log(`gone after ${seconds()} s: a group that once had a member, though committed every 10 s`);
    await until(async () => (await joined.committed()).offset === 5, {
      deadlineMs: 20_000,
      what: 'its next commit',
    });
    await gone(rare, 'the offsets that are not committed again');
    t.log(`gone after ${seconds()} s: offsets committed once`);

    for (const [partition, offset] of [10, 10, 0].entries())
      t.is((await kept.committed(partition)).offset, offset);
    // Longer than the retention after it was begun anew.
    const client = openClient({ brokers: [...kafka.brokers] }, { logger: silentLogger });
    t.teardown(() => client.close());
    await client.connect();
    t.is((await client.describeGroup(joined.groupId)).protocolType, '');

    for (const processor of [running, rarely, after]) await processor.close();
    await Promise.all([run, rareRun, joinedRun]);
    t.log(`kept for ${seconds()} s: offsets committed every 10 s`);
    t.is((await kept.make().runToEnd()).records, 0);
    t.is((await joined.make().runToEnd()).records, 0);
    // This is what committing again is for.
    t.is((await rare.make().runToEnd()).records, 5);
  },
);
