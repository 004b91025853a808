import kafkajs from 'kafkajs';
import test, { type ExecutionContext } from 'ava';
import type { EmbeddedCluster } from '../../source/embedded/index.ts';
import { TopicProcessor, groupIdOf, type TopicProcessorOptions } from '../../source/index.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { keepingLogger } from '../kafka/kafkajs/test-client.ts';
import { present } from '../_helpers/raw/present.ts';
import { rawBatch } from '../_helpers/raw/raw-batch.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { produceOne } from '../_helpers/raw/raw-produce.ts';
import { kafkajsOn, startEmbedded } from '../_helpers/servers/embedded.ts';
import { until } from '../_helpers/until.ts';

const deadlineMs = 20_000;
const group = groupIdOf('copy');

/** Copies `in` to `out`, a record a batch, on connections of its own. */
function copyJob(
  t: ExecutionContext,
  cluster: EmbeddedCluster,
  options: Partial<TopicProcessorOptions> = {},
): { processor: TopicProcessor; lines: ReturnType<typeof keepingLogger>['lines'] } {
  const { logger, lines } = keepingLogger();
  const processor = new TopicProcessor(
    {
      topicProcessorName: 'copy',
      client: { brokers: cluster.brokers },
      inputTopics: ['in'],
      inputPartitions: [0],
      batchSize: 1,
      batchWaitMs: 20,
      claims: false,
      logger,
      ...options,
    },
    {
      process(messages, sender) {
        for (const { key, value } of messages) sender.send({ topic: 'out', key, value });
      },
    },
  );
  t.teardown(() => processor.close().catch(() => undefined));
  return { processor, lines };
}

function valuesIn(cluster: EmbeddedCluster, topic: string): (string | null)[] {
  return cluster.records(topic).map(({ valueText }) => valueText);
}

test('forget acks a record of kafkajs and gives its offset to the next one', async (t) => {
  const cluster = await startEmbedded(t, { topics: { out: 1 } });
  const producer = kafkajsOn(cluster).producer();
  t.teardown(() => producer.disconnect());
  await producer.connect();
  const forgotten = cluster.faults.forget({ api: 'Produce', nth: 2 });
  const offsets: (string | undefined)[] = [];
  for (const value of ['a', 'b', 'c']) {
    const [answer] = await producer.send({ topic: 'out', messages: [{ value }] });
    offsets.push(answer?.baseOffset);
  }
  await forgotten.done;
  t.deepEqual(offsets, ['0', '1', '1']);
  t.deepEqual(valuesIn(cluster, 'out'), ['a', 'c']);
});

test('a job whose record was acked and lost goes on under a new producer id, and says so', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 1, out: 1 } });
  cluster.produce('in', [{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
  const forgotten = cluster.faults.forget({ api: 'Produce', nth: 2 });
  const { processor, lines } = copyJob(t, cluster);
  await processor.runToEnd();
  t.is(forgotten.hits, 1);
  t.deepEqual(valuesIn(cluster, 'out'), ['a', 'c']);
  t.true(lines.some(({ message }) => message.includes('forgot them or lost acknowledged records')));
});

test('forget acks a commit that is not stored', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 1, out: 1 } });
  cluster.produce('in', [{ value: 'a' }]);
  cluster.faults.forget({
    api: 'OffsetCommit',
    matching: ({ topics }) => topics?.[0]?.partitions[0]?.offset === 1,
  });
  await copyJob(t, cluster).processor.runToEnd();
  t.is(cluster.committed(group)[0]?.offset, 0);
  await copyJob(t, cluster).processor.runToEnd();
  t.deepEqual(valuesIn(cluster, 'out'), ['a', 'a'], 'it is reprocessed');
});

test('a late commit arrives after later ones, and goes back', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 1, out: 1 } });
  cluster.produce('in', [{ value: 'a' }, { value: 'b' }]);
  const late = cluster.faults.late({
    api: 'OffsetCommit',
    matching: ({ topics }) => topics?.[0]?.partitions[0]?.offset === 1,
  });
  await copyJob(t, cluster).processor.runToEnd();
  t.is(late.held, 1);
  t.is(cluster.committed(group)[0]?.offset, 2);
  await late.deliver();
  t.deepEqual([late.held, cluster.committed(group)[0]?.offset], [0, 1]);
});

test('a late Produce of a producer that gave its records to a new id is stored beside them', async (t) => {
  const cluster = await startEmbedded(t, { topics: { out: 1 } });
  const late = cluster.faults.late({ api: 'Produce', afterMs: 50 });
  const producer = kafkajsOn(cluster).producer();
  t.teardown(() => producer.disconnect());
  await producer.connect();
  await producer.send({ topic: 'out', messages: [{ value: 'a' }] });
  await until(() => cluster.endOffset('out', 0) === 2, { deadlineMs, what: 'the late record' });
  t.deepEqual([late.held, ...valuesIn(cluster, 'out')], [0, 'a', 'a']);
});

test('what is late when faults are cleared is lost', async (t) => {
  const cluster = await startEmbedded(t, { topics: { out: 1 } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const late = cluster.faults.late({ api: 'Produce' });
  await t.throwsAsync(produceOne(client, 'out', rawBatch()));
  t.is(late.held, 1);
  cluster.faults.clear();
  await late.deliver();
  t.is(cluster.endOffset('out', 0), 0);
});

test('an answer that is delayed has taken effect before', async (t) => {
  const cluster = await startEmbedded(t, { topics: { out: 1 } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  cluster.faults.delay({ api: 'Produce', ms: 300, when: 'after' });
  let answered = false;
  const answer = produceOne(client, 'out', rawBatch()).then((result) => {
    answered = true;
    return result;
  });
  await until(() => cluster.endOffset('out', 0) === 1, { deadlineMs, what: 'the record' });
  t.false(answered);
  t.deepEqual(await answer, [0, 0]);
});

test('a truncated log gives the offsets of what was acked to other records, under a new epoch', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { in: 1, out: 1 } });
  cluster.produce('in', [{ value: 'a' }]);
  cluster.produce('in', [{ value: 'b' }, { value: 'c' }]);
  cluster.produce('in', [{ value: 'd' }]);
  await copyJob(t, cluster).processor.runToEnd();
  const before = cluster.leaderOf('in', 0);
  t.is(cluster.faults.truncate('in', 0, 2), 1, 'a batch goes as a whole');
  t.not(cluster.leaderOf('in', 0), before);
  t.deepEqual(valuesIn(cluster, 'in'), ['a']);
  cluster.produce('in', [{ value: 'B' }, { value: 'C' }, { value: 'D' }, { value: 'E' }]);
  await copyJob(t, cluster, { onOffsetOutOfRange: 'earliest' }).processor.runToEnd();
  t.deepEqual(
    valuesIn(cluster, 'out').slice(4),
    ['a', 'B', 'C', 'D', 'E'],
    'the epoch of the commit ends before its offset',
  );
});

test('a reader in the middle of a log that is truncated gets whole batches, then the new ones', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 1 } });
  const consumer = kafkajsOn(cluster).consumer({ groupId: 'reader' });
  t.teardown(() => consumer.disconnect());
  const seen: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic: 'in', fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message }) => {
      seen.push(String(message.value));
      return Promise.resolve();
    },
  });
  for (const value of ['a', 'b', 'c']) cluster.produce('in', [{ value }]);
  await until(() => seen.length === 3, { deadlineMs, what: 'the first records' });
  t.is(cluster.faults.truncate('in', 0, 3), 3, 'nothing is lost at the end');
  cluster.produce('in', [{ value: 'd' }]);
  await until(() => seen.length === 4, { deadlineMs, what: 'the record after a new epoch' });
  t.deepEqual(seen, ['a', 'b', 'c', 'd']);
});

test('a recreated topic has another id and its settings, and is noticed by a job', async (t) => {
  const config = { 'retention.ms': '1000000' };
  const cluster = await startEmbedded(t, { topics: { in: { partitions: 2, config }, out: 1 } });
  cluster.produce('in', [{ value: 'a', partition: 0 }]);
  cluster.produce('in', [{ value: 'b', partition: 0 }]);
  const { processor, lines } = copyJob(t, cluster, {
    onOffsetOutOfRange: 'earliest',
    offsetRefreshMs: 1_000,
  });
  const run = processor.runLoop();
  await until(() => cluster.committed(group)[0]?.offset === 2, { deadlineMs, what: 'the first commits' });
  cluster.faults.recreateTopic('in');
  t.deepEqual([cluster.endOffset('in', 1), cluster.committed(group)], [0, []]);
  cluster.produce('in', [{ value: 'A', partition: 0 }]);
  await until(() => cluster.committed(group)[0]?.offset === 1, {
    deadlineMs,
    what: 'a commit in the new topic',
  });
  await processor.close();
  await run;
  t.deepEqual(valuesIn(cluster, 'out'), ['a', 'b', 'A']);
  t.true(lines.some(({ fields }) => fields['reason'] === 'recreated'));
  const admin = kafkajsOn(cluster).admin();
  t.teardown(() => admin.disconnect());
  await admin.connect();
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: 'in', configNames: ['retention.ms'] }],
  });
  const kept = resources[0]?.configEntries.find(({ configName }) => configName === 'retention.ms');
  t.is(kept?.configValue, '1000000');
});

test('a member whose session expires joins again, and the group with it', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 1 } });
  const consumer = kafkajsOn(cluster).consumer({
    groupId: 'readers',
    heartbeatInterval: 100,
    maxWaitTimeInMs: 100,
  });
  t.teardown(() => consumer.disconnect());
  const joined: string[] = [];
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => joined.push(payload.memberId));
  await consumer.connect();
  await consumer.subscribe({ topic: 'in' });
  await consumer.run({ eachMessage: () => Promise.resolve() });
  await until(() => joined.length === 1, { deadlineMs, what: 'the member' });
  cluster.faults.expireMember('readers', present(joined[0]));
  await until(() => joined.length === 2, { deadlineMs, what: 'the member again' });
  t.not(joined[1], joined[0]);
  t.throws(
    () => {
      cluster.faults.expireMember('readers', 'nobody');
    },
    { instanceOf: ConfigError, message: /no member 'nobody'/ },
  );
});

test('a retry is no duplicate where the producer id has expired', async (t) => {
  const cluster = await startEmbedded(t, { topics: { out: 1 } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const batch = rawBatch({ producerId: 7n, epoch: 0, sequence: 0 });
  t.deepEqual(await produceOne(client, 'out', batch), [0, 0]);
  t.deepEqual(await produceOne(client, 'out', batch), [0, 0], 'known');
  cluster.faults.expireProducers('out', 0);
  t.deepEqual(await produceOne(client, 'out', batch), [0, 1], 'not known any more');
});

test('after a truncation sequence numbers continue from what is left', async (t) => {
  const cluster = await startEmbedded(t, { topics: { out: 1 } });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const batch = (sequence: number) => rawBatch({ producerId: 7n, epoch: 0, sequence });
  for (const sequence of [0, 1, 2]) await produceOne(client, 'out', batch(sequence));
  cluster.faults.truncate('out', 0, 1);
  t.deepEqual(await produceOne(client, 'out', batch(0)), [0, 0], 'a duplicate');
  t.deepEqual((await produceOne(client, 'out', batch(3)))[0], 45);
  t.deepEqual(await produceOne(client, 'out', batch(1)), [0, 1]);
});

test('what cannot be truncated is a ConfigError', async (t) => {
  const cluster = await startEmbedded(t, { topics: { out: 1 } });
  const message = (text: RegExp) => ({ instanceOf: ConfigError, message: text });
  t.throws(() => cluster.faults.truncate('out', 0, 1), message(/from 0 to 0, not 1/));
  t.throws(() => cluster.faults.truncate('out', 1, 0), message(/no partition 1/));
  t.throws(
    () => {
      cluster.faults.recreateTopic('nowhere');
    },
    message(/no topic 'nowhere'/),
  );
  t.throws(() => cluster.faults.late({ api: 'Produce', afterMs: -1 }), message(/afterMs .*-1/));
  t.throws(() => cluster.faults.drop({ api: 'Produce', when: 'after', nth: 0 }), message(/nth .*0/));
});
