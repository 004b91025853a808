import test, { type ExecutionContext } from 'ava';
import { BrokerError, CommitError } from '../../source/kernel/errors.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';
import { testOnBoth, type TestCluster } from '../_helpers/servers/services.ts';
import {
  kafkajsFor,
  systemJob,
  threeNodes,
  type SystemJob,
  values,
  write,
} from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

/**
 * Without claims: they are committed too, to another group, and the faults are meant for the job's
 * own.
 */
async function commitJob(t: ExecutionContext, cluster: TestCluster, partitions = 1): Promise<SystemJob> {
  const job = await systemJob(t, cluster, {}, partitions);
  return { ...job, make: (options = {}, processor) => job.make({ claims: false, ...options }, processor) };
}

testOnBoth('commitMetadata is stored beside each offset, up to 4096 bytes', async (t, cluster) => {
  const job = await commitJob(t, cluster, 2);
  await write(cluster, job.topic, values(25));
  const options = {
    commitMetadata: ({ partition, offset }: { partition: number; offset: number }) =>
      partition === 0 ? `next is ${offset}` : 'é'.repeat(2048),
  };
  await job.make(options).runToEnd();
  t.deepEqual(
    [(await job.committed(0)).metadata, (await job.committed(1)).metadata],
    ['next is 25', 'é'.repeat(2048)],
  );
});

for (const code of [14, 15, 16]) {
  test(`a coordinator that answers ${code} is asked again, until it commits`, async (t) => {
    const { nodes, cluster } = await threeNodes(t);
    const job = await commitJob(t, cluster);
    await write(cluster, job.topic, values(30));
    const fault = nodes.faults.fail({ api: 'OffsetCommit', code, times: 4 });
    t.is((await job.make().runToEnd()).records, 30);
    t.is(fault.hits, 4);
    t.deepEqual(job.seen, values(30));
    t.is((await job.committed()).offset, 30);
  });
}

for (const when of ['before', 'after', 'mid-response'] as const) {
  test(`a connection that is lost ${when} a commit is recreated; the newest offsets are stored in the end`, async (t) => {
    const { nodes, cluster } = await threeNodes(t);
    const job = await commitJob(t, cluster);
    await write(cluster, job.topic, values(30));
    const fault = nodes.faults.drop({ api: 'OffsetCommit', when, times: 3 });
    const summary = await job.make().runToEnd();
    t.is(fault.hits, 3);
    t.deepEqual([summary.records, summary.batches], [30, 3]);
    t.deepEqual(job.seen, values(30));
    t.is((await job.committed()).offset, 30);
  });
}

for (const happening of ['moves to another node', 'dies'] as const) {
  test(`when the coordinator ${happening} the run goes on, and nothing is processed twice`, async (t) => {
    const { nodes, cluster } = await threeNodes(t);
    const job = await commitJob(t, cluster);
    await write(cluster, job.topic, values(20));
    const processor = job.make();
    const run = processor.runLoop();
    const committed = (offset: number) =>
      until(() => processor.stats().partitions[0]?.committed === offset, {
        deadlineMs: 20_000,
        what: `${offset} is committed`,
      });
    await committed(20);
    const coordinator = nodes.coordinatorOf(job.groupId);
    if (happening === 'dies') await nodes.stopNode(coordinator);
    else nodes.moveCoordinator(job.groupId, (coordinator % 3) + 1);
    await write(cluster, job.topic, values(20, 20));
    await committed(40);
    await processor.close();
    t.is((await run).records, 40);
    t.deepEqual(job.seen, values(40));
    t.deepEqual(
      nodes.committed(job.groupId).map(({ offset }) => offset),
      [40],
    );
  });
}

test('a commit that is refused for good ends the run, with what was stored and what was not', async (t) => {
  const { nodes, cluster } = await threeNodes(t);
  const job = await commitJob(t, cluster, 2);
  const { topic } = job;
  nodes.faults.fail({ api: 'OffsetCommit', code: 29, topic, partition: 1, times: Infinity });
  const error = await t.throwsAsync(job.make().runToEnd(), { instanceOf: CommitError });
  t.deepEqual(error.failed, [{ topic, partition: 1, offset: 0 }]);
  t.deepEqual(error.stored, [{ topic, partition: 0, offset: 0 }]);
  t.regex(
    error.message,
    new RegExp(`${topic}/1 at 0: .*TOPIC_AUTHORIZATION_FAILED.*Stored of that request: ${topic}/0 at 0`),
  );
  t.true(error.cause instanceof BrokerError && error.cause.brokerCode === 29);
});

test('a coordinator that never comes back ends the run after commitTimeoutMs', async (t) => {
  const { nodes, cluster } = await threeNodes(t);
  const job = await commitJob(t, cluster);
  await write(cluster, job.topic, values(10));
  const processor = job.make({ commitTimeoutMs: 1000 });
  await job.commit(0);
  nodes.faults.fail({ api: 'OffsetCommit', code: 15, times: Infinity });
  const error = await t.throwsAsync(processor.runToEnd(), { instanceOf: CommitError });
  t.regex(
    error.message,
    /at 10 within commitTimeoutMs \(1000 ms\).*COORDINATOR_NOT_AVAILABLE.*Nothing of that request/,
  );
  t.is((await job.committed()).offset, 0);
});

/** Steps of the batches of a run whose commits take 20 ms each, as `processed` and `committed`. */
async function stepsOf(
  t: Parameters<typeof threeNodes>[0],
  options: Parameters<Awaited<ReturnType<typeof systemJob>>['make']>[0],
) {
  const { nodes, cluster } = await threeNodes(t);
  const job = await commitJob(t, cluster);
  await write(cluster, job.topic, values(200));
  nodes.faults.delay({ api: 'OffsetCommit', ms: 20, times: Infinity });
  const processor = job.make(options);
  let open = 0;
  let most = 0;
  processor.on('batch', ({ step, records }) => {
    if (step === 'processed') open += records;
    if (step === 'committed') open -= records;
    most = Math.max(most, open);
  });
  t.is((await processor.runToEnd()).records, 200);
  t.deepEqual(job.seen, values(200));
  return { most };
}

test("with commit 'each' no batch begins before the one before it is committed", async (t) => {
  t.is((await stepsOf(t, { commit: 'each' })).most, 10);
});

test('maxUncommittedRecords bounds what is processed and not committed', async (t) => {
  t.is((await stepsOf(t, { maxUncommittedRecords: 30 })).most, 30);
});

test('without such a bound batches do not wait for commits', async (t) => {
  const { most } = await stepsOf(t, {});
  t.true(most > 30, `${most} were open at most`);
});

testOnBoth(
  'a consumer that joins the group ends the run, and the error says what to do',
  async (t, cluster) => {
    const job = await commitJob(t, cluster);
    await write(cluster, job.topic, values(5));
    const processor = job.make();
    const run = processor.runLoop();
    await until(() => processor.stats().partitions[0]?.committed === 5, {
      deadlineMs: 10_000,
      what: 'all is committed',
    });
    const consumer = kafkajsFor(cluster).consumer({ groupId: job.groupId });
    t.teardown(() => consumer.disconnect());
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.subscribe({ topic: job.topic });
    await consumer.run({ autoCommit: false, eachMessage: () => Promise.resolve() });
    await joined;
    const failed = t.throwsAsync(run, { instanceOf: CommitError });
    await write(cluster, job.topic, values(5, 5));
    const error = await failed;
    t.true(error.cause instanceof BrokerError && error.cause.brokerCode === 25);
    t.regex(
      error.message,
      /UNKNOWN_MEMBER_ID; a consumer is an active member of this group.*stop that consumer/,
    );
    t.is((await job.committed()).offset, 5);

    const warned = job.make();
    await t.throwsAsync(warned.runToEnd(), { instanceOf: CommitError });
    t.regex(
      job.log.messages('warn').join(),
      /The group has active members, while which no offset can be committed/,
    );
  },
);

test('offsets outlive the retention of the broker, since they are committed again', async (t) => {
  const nodes = await startEmbedded(t, { offsetsRetentionMs: 2500 });
  const cluster: TestCluster = {
    kind: 'embedded',
    brokers: nodes.brokers,
    createTopic: async (name, partitions) => {
      nodes.createTopic(name, { partitions });
    },
  };
  const [kept, rare] = [await commitJob(t, cluster, 2), await commitJob(t, cluster)];
  const running = kept.make({ offsetRefreshMs: 1000 });
  const rarely = rare.make();
  const runs = [running.runLoop(), rarely.runLoop()];
  await until(async () => (await rare.committed()).offset === 0, { deadlineMs: 20_000, what: 'the start' });
  await until(async () => (await rare.committed()).offset === undefined, {
    deadlineMs: 10_000,
    what: 'what is not committed again is gone',
  });
  t.deepEqual([(await kept.committed(0)).offset, (await kept.committed(1)).offset], [0, 0]);
  await Promise.all([running.close(), rarely.close()]);
  await Promise.all(runs);
});
