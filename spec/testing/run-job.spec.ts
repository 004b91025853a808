import test from 'ava';
import { int64 } from '../../source/codecs/int64.ts';
import { string } from '../../source/codecs/string.ts';
import { groupIdOf } from '../../source/config/group-names.ts';
import { defineJob } from '../../source/job.ts';
import { runJob } from '../../source/testing/index.ts';
import { topic } from '../../source/typed-topic.ts';
import { MapStore, withCodec } from '../../stores/index.ts';
import { kafkajsOn, startEmbedded } from '../_helpers/servers/embedded.ts';

const job = defineJob({
  topicProcessorName: 'visits',
  inputTopics: ['pages'],
  stores: (stores) => ({ counts: withCodec(stores.store('counts'), int64) }),
  processor: {
    async process(messages, sender, { stores: { counts } }) {
      for (const { keyText } of messages) {
        if (keyText === null) continue;
        await counts.put(keyText, ((await counts.get(keyText)) ?? 0) + 1);
        sender.send({ topic: 'seen', key: keyText, value: '' });
      }
    },
  },
});

test('a job runs to its end on an embedded cluster, on all partitions and without claims', async (t) => {
  const cluster = await startEmbedded(t, { topics: { pages: 3, seen: 1 } });
  const producer = kafkajsOn(cluster).producer();
  await producer.connect();
  await producer.send({
    topic: 'pages',
    messages: ['a', 'b', 'a'].map((key, partition) => ({ key, partition, value: '' })),
  });
  await producer.disconnect();

  const summary = await runJob(job, { cluster });
  t.like(summary, { records: 3, sent: 3 });
  t.is(cluster.endOffset('seen', 0), 3);
  t.is(cluster.committed(groupIdOf('visits')).length, 3);
  t.deepEqual(cluster.committed(`${groupIdOf('visits')}-claims`), []);
});

test('options take the place of those of the job: stores to look at, claims, partitions', async (t) => {
  const cluster = await startEmbedded(t, { topics: { pages: 2, seen: 1 } });
  const producer = kafkajsOn(cluster).producer();
  await producer.connect();
  await producer.send({ topic: 'pages', messages: [{ key: 'a', partition: 1, value: '' }] });
  await producer.disconnect();

  const counts = withCodec(new MapStore(), int64);
  await runJob(job, { cluster, stores: { counts }, claims: true, inputPartitions: [1] });
  t.is(await counts.get('a'), 1);
  const claims = cluster.committed(`${groupIdOf('visits')}-claims`);
  t.deepEqual(
    claims.map(({ partition }) => partition),
    [1],
  );
});

test('a job runs in memory on the records that it is given', async (t) => {
  const counts = withCodec(new MapStore(), int64);
  const run = await runJob(job, {
    records: ['home', 'home', 'about'].map((key) => ({ topic: 'pages', key, value: '' })),
    stores: { counts },
    partitions: 3,
  });
  t.like(run, { records: 3, sent: 3 });
  t.deepEqual(
    run
      .read('seen')
      .map(({ keyText }) => keyText)
      .sort(),
    ['about', 'home', 'home'],
  );
  t.is(await counts.get('home'), 2);
  t.is(run.partitions.length, 3);
});

test('what a job fails with is what the test gets, and waits take no time', async (t) => {
  const failing = defineJob(
    { topicProcessorName: 'failing', inputTopics: ['in'] },
    {
      async process(_messages, _sender, { wait }) {
        await wait(60_000);
        throw new Error('boom');
      },
    },
  );
  const records = [{ topic: 'in', value: '' }];
  const began = performance.now();
  await t.throwsAsync(runJob(failing, { records }), { code: 'PROCESS', message: /boom/ });
  t.true(performance.now() - began < 30_000);
});

test('on an embedded cluster records are written and read as well', async (t) => {
  const cluster = await startEmbedded(t, { topics: { pages: 2, seen: 1 } });
  const run = await runJob(job, { cluster, records: [{ topic: 'pages', key: 'home', value: '' }] });
  t.deepEqual(run.read(topic('seen', string)), [{ key: 'home', value: '' }]);
  const { brokers } = cluster;
  await t.throwsAsync(runJob(job, { cluster: { brokers }, records: [{ topic: 'pages', value: '' }] }), {
    code: 'CONFIG',
    message: /records are written to an EmbeddedCluster/,
  });
  const other = await runJob(job, { cluster: { brokers } });
  t.throws(() => other.read('seen'), { code: 'CONFIG', message: /only the records of an EmbeddedCluster/ });
});
