import test from 'ava';
import { EmbeddedCluster } from '../../source/embedded/index.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { present } from '../_helpers/raw/present.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { kafkajsOn, startEmbedded } from '../_helpers/servers/embedded.ts';

/** Metadata version 4 for one topic; returns its error code. */
async function ask(client: RawClient, topic: string, mayCreate: boolean): Promise<number> {
  const reader = await client.call({
    key: 3,
    version: 4,
    body: (writer) => writer.int32(1).string(topic).boolean(mayCreate),
  });
  reader.int32();
  reader.array(() => [reader.int32(), reader.string(), reader.int32(), reader.nullableString()]);
  reader.nullableString();
  reader.int32();
  return present(reader.array(() => reader.int16())[0]);
}

test('a topic is created by use only where the cluster and the client allow it', async (t) => {
  const closed = await startEmbedded(t);
  t.is(await ask(await RawClient.open(t, present(closed.brokers[0])), 'words', true), 3);
  const cluster = await startEmbedded(t, { autoCreateTopics: true, defaultPartitions: 3 });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  t.is(await ask(client, 'words', false), 3);
  t.is(await ask(client, 'not a name', true), 17);
  t.is(await ask(client, 'words', true), 0);
  t.is(cluster.endOffset('words', 2), 0);
  t.throws(() => cluster.endOffset('words', 3), { message: /it has 3, from 0/ });
});

test('kafkajs writes to a topic that it makes by use', async (t) => {
  const cluster = await startEmbedded(t, { autoCreateTopics: true });
  const producer = kafkajsOn(cluster).producer({ allowAutoTopicCreation: true });
  t.teardown(() => producer.disconnect());
  await producer.connect();
  await producer.send({ topic: 'words', messages: [{ value: 'a' }] });
  t.deepEqual(
    cluster.records('words').map(({ value }) => value?.toString()),
    ['a'],
  );
});

test('CreateTopics without a number takes the default of the cluster', async (t) => {
  const cluster = await startEmbedded(t, { defaultPartitions: 4 });
  const admin = kafkajsOn(cluster).admin();
  t.teardown(() => admin.disconnect());
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'words' }] });
  t.is((await admin.fetchTopicMetadata({ topics: ['words'] })).topics[0]?.partitions.length, 4);
});

test('an advertised host that clients cannot connect to is refused', async (t) => {
  await t.throwsAsync(EmbeddedCluster.start({ advertisedHost: '0.0.0.0', defaultPartitions: 0 }), {
    instanceOf: ConfigError,
    message: /advertisedHost .*'0\.0\.0\.0'[\s\S]*defaultPartitions .*0/,
  });
});

test('a cluster on an IPv6 address names it so that clients can read it', async (t) => {
  const cluster = await startEmbedded(t, { host: '::1', topics: { words: 1 } });
  t.regex(present(cluster.brokers[0]), /^\[::1\]:\d+$/);
});
