import test from 'ava';
import { int64 } from '../../source/codecs/int64.ts';
import { groupIdOf } from '../../source/config/group-names.ts';
import { defineJob } from '../../source/job.ts';
import { runJob } from '../../source/testing/index.ts';
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

  const summary = await runJob(job, cluster);
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
  await runJob(job, cluster, { stores: { counts }, claims: true, inputPartitions: [1] });
  t.is(await counts.get('a'), 1);
  const claims = cluster.committed(`${groupIdOf('visits')}-claims`);
  t.deepEqual(
    claims.map(({ partition }) => partition),
    [1],
  );
});
