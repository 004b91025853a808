import test from 'ava';
import { EmbeddedCluster } from '../../source/embedded/index.ts';
import { baseOffsetOf, leaderEpochOf } from '../../source/kafka/records/batch-header.ts';
import { ConfigError, LifecycleError } from '../../source/kernel/errors.ts';
import type { Logger } from '../../source/kernel/logger.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';
import { rawBatch } from '../_helpers/raw/raw-batch.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { present } from '../_helpers/raw/present.ts';
import { fetch } from '../_helpers/raw/raw-fetch.ts';
import { commit } from '../_helpers/raw/raw-offsets.ts';
import { produce } from '../_helpers/raw/raw-produce.ts';
import { metadata } from '../_helpers/raw/raw-topics.ts';
import { until } from '../_helpers/until.ts';

const deadlineMs = 5_000;

test('bad options are refused together, each with its value', async (t) => {
  const error = await t.throwsAsync(
    EmbeddedCluster.start({ brokers: 0, port: -1, offsetsRetentionMs: Number.NaN }),
    { instanceOf: ConfigError },
  );
  t.deepEqual(error.problems.length, 3);
  t.regex(error.message, /brokers.*0[\s\S]*port.*-1[\s\S]*offsetsRetentionMs.*NaN/);
});

test('a port that is taken is a ConfigError, and nothing stays open', async (t) => {
  const first = await startEmbedded(t);
  const port = Number(present(first.brokers[0]).split(':')[1]);
  await t.throwsAsync(EmbeddedCluster.start({ port }), {
    instanceOf: ConfigError,
    message: new RegExp(`cannot listen on 127.0.0.1:${port} .*EADDRINUSE`),
  });
});

test('topics, partitions and nodes that do not exist are named in a ConfigError', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 2, topics: { flights: 1 } });
  const message = (text: RegExp) => ({ instanceOf: ConfigError, message: text });
  t.throws(() => cluster.leaderOf('trains', 0), message(/no topic 'trains'; there are: flights/));
  t.throws(() => cluster.endOffset('flights', 1), message(/no partition 1/));
  t.throws(
    () => {
      cluster.moveLeader('flights', 0, 3);
    },
    message(/no node 3/),
  );
  t.throws(
    () => {
      cluster.createTopic('not a name', { partitions: 1 });
    },
    message(/'not a name'/),
  );
  t.throws(
    () => {
      cluster.createTopic('flights', { partitions: 1 });
    },
    message(/already exists/),
  );
  t.throws(
    () => {
      cluster.createTopic('x', { partitions: 1, config: { 'cleanup.polizy': 'compact' } });
    },
    message(/cleanup\.polizy/),
  );
  t.throws(
    () => {
      cluster.addPartitions('flights', 1);
    },
    message(/only get more/),
  );
  t.throws(
    () => {
      cluster.deleteRecords('flights', 0, 1);
    },
    message(/up to 0, not 1/),
  );
  await cluster.stopNode(2);
  t.throws(
    () => {
      cluster.moveCoordinator('group', 2);
    },
    message(/node 2 is stopped/),
  );
});

test('a recreated topic has another id and none of the old records and commits', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  await produce(client, [{ topic: 'flights', records: rawBatch({ count: 3 }) }]);
  await commit(client, { groupId: 'group' }, 'flights', [[0, 3]]);
  t.deepEqual(cluster.committed('group'), [
    { topic: 'flights', partition: 0, offset: 3, leaderEpoch: -1, metadata: '' },
  ]);
  const before = (await metadata(client, ['flights'])).topics[0]?.topicId;
  cluster.deleteTopic('flights');
  t.is((await fetch(client, 'flights', [{ partition: 0, offset: 0 }]))[0]?.code, 3);
  cluster.createTopic('flights', { partitions: 2 });
  t.not((await metadata(client, ['flights'])).topics[0]?.topicId, before);
  t.is(cluster.endOffset('flights', 0), 0);
  t.deepEqual(cluster.committed('group'), []);
});

test('deleted records are out of range, and the log starts after them', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  for (let i = 0; i < 3; i++) await produce(client, [{ topic: 'flights', records: rawBatch({ count: 2 }) }]);
  cluster.deleteRecords('flights', 0, 3);
  t.deepEqual([cluster.startOffset('flights', 0), cluster.endOffset('flights', 0)], [3, 6]);
  t.is((await fetch(client, 'flights', [{ partition: 0, offset: 2 }]))[0]?.code, 1);
  const [read] = await fetch(client, 'flights', [{ partition: 0, offset: 3 }]);
  t.is(read?.logStartOffset, 3);
  t.is(baseOffsetOf(present(read).records, 0), 2, 'the batch that holds offset 3 comes whole');
  t.is(cluster.recordBatches('flights', 0).length, 2);
});

test('raw batches are appended as they are, with the next offset or their own', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const control = rawBatch({ attributes: 0x20 });
  t.is(cluster.appendRaw('flights', 0, control), 0);
  t.is(cluster.appendRaw('flights', 0, rawBatch({ count: 2, lastOffsetDelta: 9 })), 1);
  const gap = rawBatch({ baseOffset: 100, leaderEpoch: 7 });
  t.is(cluster.appendRaw('flights', 0, gap, { keepOffset: true }), 100);
  t.is(cluster.endOffset('flights', 0), 101);
  const stored = cluster.recordBatches('flights', 0);
  t.deepEqual(
    stored.map((batch) => [baseOffsetOf(batch, 0), leaderEpochOf(batch, 0)]),
    [
      [0, 0],
      [1, 0],
      [100, 7],
    ],
  );
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const [read] = await fetch(client, 'flights', [{ partition: 0, offset: 50 }]);
  t.is(baseOffsetOf(present(read).records, 0), 100);
  t.throws(() => cluster.appendRaw('flights', 0, rawBatch({ baseOffset: 5 }), { keepOffset: true }), {
    instanceOf: ConfigError,
    message: /before the end 101/,
  });
  t.throws(() => cluster.appendRaw('flights', 0, Buffer.alloc(70)), { instanceOf: ConfigError });
});

test('a log of many segments is read without a gap', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const batch = rawBatch({ count: 10, valueBytes: 5_000 });
  for (let i = 0; i < 300; i++) cluster.appendRaw('flights', 0, batch);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  let position = 0;
  while (position < 3_000) {
    const [read] = await fetch(client, 'flights', [{ partition: 0, offset: position, maxBytes: 1_500_000 }]);
    const { records } = present(read);
    t.is(records.length, Math.min(1_500_000, ((3_000 - position) / 10) * batch.length));
    for (let at = 0; at + batch.length <= records.length; at += batch.length) {
      t.is(baseOffsetOf(records, at), position);
      position += 10;
    }
  }
  t.is(position, 3_000);
});

test('connections and requests are counted', async (t) => {
  const cluster = await startEmbedded(t);
  t.is(cluster.connections, 0);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  await metadata(client, []);
  await metadata(client, []);
  t.is(cluster.connections, 1);
  t.deepEqual(cluster.requests('Metadata'), [{ api: 'Metadata', version: 10, count: 2 }]);
  t.deepEqual(cluster.requests('Fetch'), []);
  client.close();
  await until(() => cluster.connections === 0, { deadlineMs, what: 'the connection to be gone' });
  t.is(cluster.connections, 0);
});

test('a client that leaves during its long poll is gone immediately', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const poll = fetch(client, 'flights', [{ partition: 0, offset: 0 }], { maxWaitMs: 60_000 });
  await until(() => cluster.requests('Fetch').length === 1, { deadlineMs, what: 'the fetch to arrive' });
  client.close();
  await t.throwsAsync(poll);
  await until(() => cluster.connections === 0, { deadlineMs, what: 'the connection to be gone' });
  t.is(cluster.connections, 0);
});

test('close may be called twice, cuts all connections, and ends what the cluster can do', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 2, topics: { flights: 1 } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const waiting = client.call({
    key: 12,
    version: 0,
    body: (writer) => writer.string('g').int32(0).string(''),
  });
  await waiting;
  await Promise.all([cluster.close(), cluster.close()]);
  await client.closed;
  await t.throwsAsync(RawClient.open(t, present(cluster.brokers[1])), { code: 'ECONNREFUSED' });
  t.throws(
    () => {
      cluster.createTopic('x', { partitions: 1 });
    },
    { instanceOf: LifecycleError },
  );
  await t.throwsAsync(cluster.startNode(1), { instanceOf: LifecycleError });
});

test('what closes a connection is logged', async (t) => {
  const lines: { message: string; fields: object }[] = [];
  const note = (message: string, fields = {}) => void lines.push({ message, fields });
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  const cluster = await startEmbedded(t, { logger });
  t.regex(present(lines[0]).message, /never for production/);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  await t.throwsAsync(client.call({ key: 0, version: 2 }));
  t.like(lines.at(-1), {
    message: 'A request that is not served closes the connection',
    fields: { api: 'Produce', version: 2, served: '3 to 7' },
  });
  const cut = await RawClient.open(t, present(cluster.brokers[0]));
  await t.throwsAsync(cut.call({ key: 0, version: 7 }));
  t.regex(present(lines.at(-1)).message, /could not be served/);
  const huge = await RawClient.open(t, present(cluster.brokers[0]));
  huge.write(Buffer.from('7fffffff', 'hex'));
  await huge.closed;
  t.regex(present(lines.at(-1)).message, /impossible size/);
});

test('with acks=0 nothing is answered, and an error closes the connection', async (t) => {
  const cluster = await startEmbedded(t, { topics: { flights: 1 } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const send = (topic: string) => {
    client.post({
      key: 0,
      version: 7,
      body: (writer) =>
        writer
          .nullableString(null)
          .int16(0)
          .int32(1_000)
          .int32(1)
          .string(topic)
          .int32(1)
          .int32(0)
          .bytes(rawBatch()),
    });
  };
  send('flights');
  await until(() => cluster.endOffset('flights', 0) === 1, { deadlineMs, what: 'the record' });
  send('no-such-topic');
  t.is((await client.closed).length, 0);
});
