import test from 'ava';
import { BrokerError, LifecycleError } from '../../../../source/kernel/errors.ts';
import { startEmbedded, testOnEach } from '../../../_helpers/servers/clusters.ts';
import { randomName, sharedNodes } from '../../../_helpers/servers/services.ts';
import { until } from '../../../_helpers/until.ts';
import { connectClient, newClient } from '../test-client.ts';

testOnEach('all that a group has committed is read with one request, sorted', async (t, cluster) => {
  const [one, two] = [randomName('a'), randomName('b')];
  await cluster.createTopic(one, 12);
  await cluster.createTopic(two, 1);
  const client = await connectClient(t, cluster.brokers);
  const group = client.group(randomName('group'));
  t.deepEqual(await group.fetchAll(), []);
  const entry = (topic: string, partition: number) => ({
    topic,
    partition,
    offset: partition * 2,
    leaderEpoch: partition,
    metadata: `m${partition}`,
  });
  const entries = [entry(two, 0), entry(one, 11), entry(one, 2), entry(one, 0)];
  for (const each of entries) {
    await until(async () => (await group.commit([each]))[0]?.error === undefined, {
      deadlineMs: 20_000,
      what: 'the commit',
    });
  }
  t.deepEqual(await group.fetchAll(), [entry(one, 0), entry(one, 2), entry(one, 11), entry(two, 0)]);
});

testOnEach('topics are described with leaders and replicas; all of them, or some', async (t, cluster) => {
  const [one, two] = [randomName('a'), randomName('b')];
  await cluster.createTopic(two, 2);
  await cluster.createTopic(one, 11);
  const client = await connectClient(t, cluster.brokers);
  // The group's coordinator makes Kafka's own topic, if it is not there yet.
  await client.group(randomName('group')).fetchAll();
  const nodes = cluster.kind === 'real' ? sharedNodes : 3;
  const some = await client.admin().topicDetails([two, 'no-such-topic', one, two]);
  t.deepEqual(
    some.map(({ topic, internal, partitions }) => [topic, internal, partitions.length]),
    [
      [one, false, 11],
      [two, false, 2],
    ],
  );
  for (const { topicId, partitions } of some) {
    t.regex(topicId ?? '', /^[0-9a-f]{32}$/);
    partitions.forEach(({ partition, leader, replicas, inSyncReplicas }, at) => {
      t.is(partition, at);
      t.is(replicas.length, nodes);
      t.deepEqual([...inSyncReplicas].sort(), [...replicas].sort());
      t.true(replicas.includes(leader ?? -1));
    });
  }
  const all = await client.admin().topicDetails();
  t.deepEqual(
    all.filter(({ topic }) => topic === one || topic === two),
    some,
  );
  t.deepEqual(
    [...all].sort((a, b) => (a.topic < b.topic ? -1 : 1)),
    all,
  );
  if (cluster.kind === 'real') t.true(all.find(({ topic }) => topic === '__consumer_offsets')?.internal);
  t.deepEqual(await client.admin().topicDetails([]), []);
});

testOnEach('settings of topics say where they come from; each topic is judged alone', async (t, cluster) => {
  const topic = randomName('settings');
  await cluster.createTopic(topic, 1, { 'retention.ms': '1234567', 'cleanup.policy': 'compact' });
  const client = await connectClient(t, cluster.brokers);
  const names = ['retention.ms', 'cleanup.policy', 'max.message.bytes', 'no.such.setting'];
  const [found, missing] = await client.admin().topicSettings([topic, 'no-such-topic'], names);
  t.is(found?.error, undefined);
  t.deepEqual(
    found?.settings.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: 'cleanup.policy', value: 'compact', source: 'topic' },
      { name: 'max.message.bytes', value: '1048588', source: 'default' },
      { name: 'retention.ms', value: '1234567', source: 'topic' },
    ],
  );
  t.deepEqual(missing?.settings, []);
  t.true(missing?.error instanceof BrokerError && missing.error.brokerCode === 3, String(missing?.error));
  t.deepEqual(await client.admin().topicSettings([], names), []);
});

testOnEach('the groups of all coordinators are listed', async (t, cluster) => {
  const topic = randomName('in');
  await cluster.createTopic(topic, 1);
  const client = await connectClient(t, cluster.brokers);
  const groups = Array.from({ length: 8 }, () => randomName('listed')).sort();
  for (const groupId of groups) {
    await client.group(groupId).fetchAll();
    const entry = { topic, partition: 0, offset: 0, leaderEpoch: -1, metadata: '' };
    // A coordinator that has just begun loads its groups first.
    await until(async () => (await client.group(groupId).commit([entry]))[0]?.error === undefined, {
      deadlineMs: 20_000,
      what: `a commit in ${groupId}`,
    });
  }
  const listed = await client.admin().listGroups();
  t.deepEqual(
    listed.filter((groupId) => groups.includes(groupId)),
    groups,
  );
});

test('a partition without a leader is described as such', async (t) => {
  const cluster = await startEmbedded(t);
  cluster.createTopic('orders', { partitions: 3, replicationFactor: 1 });
  const client = await connectClient(t, cluster.brokers);
  const leader = cluster.leaderOf('orders', 1);
  await cluster.stopNode(leader);
  const [topic] = await client.admin().topicDetails(['orders']);
  const lost = topic?.partitions.find(({ replicas }) => replicas.includes(leader));
  t.like(lost, { leader: undefined, inSyncReplicas: [] });
});

test('what can be tried again is retried, and a moved coordinator is found', async (t) => {
  const cluster = await startEmbedded(t);
  cluster.createTopic('orders', { partitions: 1 });
  const client = await connectClient(t, cluster.brokers);
  const group = client.group('jobs');
  await group.commit([{ topic: 'orders', partition: 0, offset: 3, leaderEpoch: -1, metadata: '' }]);
  for (const code of [14, 16]) {
    const fault = cluster.faults.fail({ api: 'OffsetFetch', code, times: 2 });
    t.is((await group.fetchAll()).length, 1);
    t.is(fault.hits, 2);
  }
  t.deepEqual(await client.admin().listGroups(), ['jobs']);
  cluster.faults.drop({ api: 'Metadata', when: 'after' });
  t.is((await client.admin().topicDetails()).length, 1);
  const fault = cluster.faults.fail({ api: 'ListGroups', code: 14, times: 2 });
  t.deepEqual(await client.admin().listGroups(), ['jobs']);
  t.is(fault.hits, 2);
});

test('without a connection nothing is asked', async (t) => {
  const cluster = await startEmbedded(t);
  const client = newClient(t, cluster.brokers);
  await t.throwsAsync(client.admin().topicDetails(), { instanceOf: LifecycleError });
  await t.throwsAsync(client.admin().topicSettings(['a'], []), { instanceOf: LifecycleError });
});
