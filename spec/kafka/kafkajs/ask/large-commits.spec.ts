import test, { type ExecutionContext } from 'ava';
import type { EmbeddedCluster } from '../../../../source/embedded/cluster.ts';
import type { EmbeddedClusterOptions } from '../../../../source/embedded/options.ts';
import type { GroupOffsets, OffsetToCommit } from '../../../../source/kafka/group-offsets.ts';
import { startEmbedded, testOnEach } from '../../../_helpers/servers/clusters.ts';
import { randomName } from '../../../_helpers/servers/services.ts';
import { until } from '../../../_helpers/until.ts';
import { connectClient, partitionsOf } from '../test-client.ts';

function commits(topic: string, count: number, metadataBytes = 0): OffsetToCommit[] {
  return partitionsOf(topic, count).map((at, offset) => ({
    ...at,
    offset,
    leaderEpoch: 0,
    metadata: 'm'.repeat(metadataBytes),
  }));
}

/** A group of a cluster with one topic, 'orders'. */
async function groupOn(
  t: ExecutionContext,
  partitions: number,
  options: EmbeddedClusterOptions = {},
): Promise<{ cluster: EmbeddedCluster; group: GroupOffsets }> {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: partitions }, ...options });
  const client = await connectClient(t, cluster.brokers);
  return { cluster, group: client.group('jobs') };
}

const requestsOf = (cluster: EmbeddedCluster, api: 'OffsetCommit' | 'OffsetFetch' | 'ListOffsets') =>
  cluster.requests(api).reduce((sum, { count }) => sum + count, 0);

testOnEach('more offsets than one request can hold are committed, and read back', async (t, cluster) => {
  const topic = randomName('large');
  await cluster.createTopic(topic, 300);
  const client = await connectClient(t, cluster.brokers);
  const group = client.group(randomName('group'));
  const offsets = commits(topic, 300, 4_000);
  // A cluster whose topics were just made may not have a coordinator yet.
  await until(async () => (await group.commit(offsets)).every(({ error }) => error === undefined), {
    deadlineMs: 60_000,
    what: 'all are committed',
    retryErrors: true,
  });
  t.deepEqual(await group.fetch(partitionsOf(topic, 300)), offsets);
});

test('10,000 offsets are committed, read and listed by a few requests', async (t) => {
  const { cluster, group } = await groupOn(t, 10_000);
  const offsets = commits('orders', 10_000);
  t.true((await group.commit(offsets)).every(({ error }) => error === undefined));
  t.is(requestsOf(cluster, 'OffsetCommit'), 2);
  t.deepEqual(await group.fetch(partitionsOf('orders', 10_000)), offsets);
  t.is(requestsOf(cluster, 'OffsetFetch'), 5);
  const client = await connectClient(t, cluster.brokers);
  const ends = await client.listOffsets('latest', partitionsOf('orders', 10_000), 'read_uncommitted');
  t.is(ends.length, 10_000);
  t.is(requestsOf(cluster, 'ListOffsets'), 5);
});

test('where a coordinator takes less, requests are halved until it takes them', async (t) => {
  const { cluster, group } = await groupOn(t, 200, { maxCommitBytes: 120_000 });
  const offsets = commits('orders', 200, 4_000);
  let attempts = 0;
  for (let left: readonly OffsetToCommit[] = offsets; left.length > 0 && attempts < 20; attempts++) {
    const results = await group.commit(left);
    t.true(results.every(({ error }) => error === undefined || error.retriable));
    left = left.filter((_, at) => results[at]?.error !== undefined);
  }
  t.is(cluster.committed('jobs').length, 200);
  t.true(attempts <= 5, `${attempts} attempts`);
});

test('the answer of older brokers for a request that is too large can be tried again, in halves', async (t) => {
  const { cluster, group } = await groupOn(t, 100);
  cluster.faults.fail({ api: 'OffsetCommit', code: 28 });
  const [refused] = await group.commit(commits('orders', 100, 1_000));
  t.true(refused?.error?.retriable);
  t.is(group.parts(commits('orders', 100, 1_000)).length, 2);
  t.is(group.parts(commits('orders', 1, 100_000)).length, 1, 'none is empty');
  cluster.faults.fail({ api: 'OffsetCommit', code: 28 });
  const [alone] = await group.commit(commits('orders', 1, 4_000));
  t.false(alone?.error?.retriable, 'one offset cannot be cut');
});

test('an error that one partition alone has does not make requests smaller', async (t) => {
  const { cluster, group } = await groupOn(t, 100);
  cluster.faults.fail({ api: 'OffsetCommit', code: -1, topic: 'orders', partition: 7 });
  const results = await group.commit(commits('orders', 100, 1_000));
  t.deepEqual(
    results.flatMap(({ partition, error }) => (error === undefined ? [] : [partition])),
    [7],
  );
  t.is(group.parts(commits('orders', 100, 1_000)).length, 1);
});

test('when an answer is lost, what was answered before counts, and nothing more is sent', async (t) => {
  const { cluster, group } = await groupOn(t, 700);
  let seen = 0;
  cluster.faults.drop({ api: 'OffsetCommit', when: 'before', matching: () => ++seen === 2 });
  const results = await group.commit(commits('orders', 700, 4_000));
  const stored = results.filter(({ error }) => error === undefined);
  t.is(results.length, 700);
  t.is(cluster.committed('jobs').length, stored.length);
  t.is(group.parts(commits('orders', 700, 4_000))[0]?.length, stored.length);
  t.true(results.slice(stored.length).every(({ error }) => error?.retriable === true));
  t.is(seen, 2);
});

test('all requests of a commit share one deadline: what would be sent late is left to the next attempt', async (t) => {
  const { cluster, group } = await groupOn(t, 800);
  // The coordinator is known then, and the next commit has all the time.
  await group.commit(commits('orders', 1));
  const slow = cluster.faults.delay({ api: 'OffsetCommit', ms: 3_500, times: Infinity });
  const offsets = commits('orders', 800, 4_000);
  const results = await group.commit(offsets);
  t.is(slow.hits, 2, 'the third would begin after 7,000 ms');
  const stored = results.filter(({ error }) => error === undefined).length;
  t.is(stored, group.parts(offsets).slice(0, 2).flat().length);
  const late = results.slice(stored);
  t.true(late.length > 0 && late.every(({ error }) => error?.code === 'TIMEOUT' && error.retriable));
  slow.cancel();
  const again = await group.commit(offsets.slice(stored));
  t.is(again.filter(({ error }) => error === undefined).length, late.length);
  t.is(cluster.committed('jobs').length, 800);
});
