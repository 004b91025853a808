import test from 'ava';
import type { ExecutionContext } from 'ava';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import type { EmbeddedCluster } from '../../source/embedded/index.ts';
import { kafkajsOn, startEmbedded, uniqueName } from '../_helpers/servers/embedded.ts';
import { rawBatch } from '../_helpers/raw/raw-batch.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { present } from '../_helpers/raw/present.ts';
import { commit } from '../_helpers/raw/raw-offsets.ts';

async function start(t: ExecutionContext, brokers = 3): Promise<{ cluster: EmbeddedCluster; admin: Admin }> {
  const cluster = await startEmbedded(t, { brokers });
  const admin = kafkajsOn(cluster).admin();
  await admin.connect();
  t.teardown(() => admin.disconnect());
  return { cluster, admin };
}

test('kafkajs describes the cluster', async (t) => {
  const { cluster, admin } = await start(t);
  const { brokers, controller, clusterId } = await admin.describeCluster();
  t.deepEqual(
    brokers.map(({ host, port }) => `${host}:${port}`),
    cluster.brokers,
  );
  t.is(controller, 1);
  t.is(clusterId.length, 22);
});

test('kafkajs creates, lists, grows and deletes topics', async (t) => {
  const { cluster, admin } = await start(t);
  const topic = uniqueName('topic');
  t.true(
    await admin.createTopics({
      topics: [{ topic, numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '1000' }] }],
    }),
  );
  t.false(await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] }));
  t.deepEqual(await admin.listTopics(), [topic]);
  await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  t.is(topics[0]?.partitions.length, 5);
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
  });
  t.like(resources[0]?.configEntries[0], {
    configName: 'retention.ms',
    configValue: '1000',
    isDefault: false,
  });
  await admin.deleteTopics({ topics: [topic] });
  t.deepEqual(await admin.listTopics(), []);
  t.throws(() => cluster.leaderOf(topic, 0));
});

test('kafkajs reads offsets of topics and deletes records', async (t) => {
  const { cluster, admin } = await start(t);
  const topic = uniqueName('topic');
  cluster.createTopic(topic, { partitions: 2 });
  cluster.appendRaw(topic, 1, rawBatch({ count: 10, timestamp: 5_000 }));
  const offsets = async () =>
    (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => [partition, low, high]).sort();
  t.deepEqual(await offsets(), [
    [0, '0', '0'],
    [1, '0', '10'],
  ]);
  const byTime = await admin.fetchTopicOffsetsByTimestamp(topic, 5_004);
  t.is(byTime.find(({ partition }) => partition === 1)?.offset, '4');
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '7' }] });
  t.deepEqual((await offsets())[1], [1, '7', '10']);
});

test('kafkajs lists, describes and deletes groups, and reads and sets their offsets', async (t) => {
  const { cluster, admin } = await start(t);
  const topic = uniqueName('topic');
  const groupId = uniqueName('group');
  cluster.createTopic(topic, { partitions: 1 });
  cluster.appendRaw(topic, 0, rawBatch({ count: 9 }));
  const coordinator = await RawClient.open(t, present(cluster.brokers[cluster.coordinatorOf(groupId) - 1]));
  await commit(coordinator, { groupId }, topic, [[0, 4, 'note']]);
  t.deepEqual((await admin.listGroups()).groups, [{ groupId, protocolType: '' }]);
  t.deepEqual(await admin.fetchOffsets({ groupId, topics: [topic] }), [
    { topic, partitions: [{ partition: 0, offset: '4', metadata: 'note' }] },
  ]);
  t.deepEqual(await admin.fetchOffsets({ groupId }), [
    { topic, partitions: [{ partition: 0, offset: '4', metadata: 'note' }] },
  ]);
  const { groups } = await admin.describeGroups([groupId, 'no-such-group']);
  t.deepEqual(
    groups
      .map(({ groupId: id, state, protocolType, members }) => [id, state, protocolType, members.length])
      .sort(),
    [
      [groupId, 'Empty', '', 0],
      ['no-such-group', 'Dead', '', 0],
    ],
  );
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '2' }] });
  t.is(cluster.committed(groupId)[0]?.offset, 2);
  await admin.deleteGroups([groupId]);
  t.deepEqual(cluster.committed(groupId), []);
});
