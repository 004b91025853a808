import test from 'ava';
import { Partitioners } from 'kafkajs';
import { startAt, connectClient, Collector, openSource, partitionsOf } from '../kafka/kafkajs/test-client.ts';
import type { LogLine } from '../kafka/kafkajs/test-client.ts';
import { startEmbedded } from '../_helpers/servers/clusters.ts';
import { randomName, testOnBoth, type TestCluster } from '../_helpers/servers/services.ts';
import { kafkajsFor, systemJob, write } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

const KEYS = Array.from({ length: 40 }, (_, at) => `key-${at}`);
const ADDED = 'Partitions were added to an output topic, and are used from now on';

async function addPartitions(cluster: TestCluster, topic: string, count: number): Promise<void> {
  const admin = kafkajsFor(cluster).admin();
  await admin.connect();
  try {
    await admin.createPartitions({ topicPartitions: [{ topic, count }] });
  } finally {
    await admin.disconnect();
  }
}

/** Sends each key by kafkajs's own producer, which has just started. */
async function writeByKey(cluster: TestCluster, topic: string): Promise<void> {
  const producer = kafkajsFor(cluster).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    await producer.send({ topic, messages: KEYS.map((key) => ({ key, value: '2' })) });
  } finally {
    await producer.disconnect();
  }
}

testOnBoth(
  'partitions that are added to an output topic are used, as other producers use them, with a warning',
  async (t, cluster) => {
    const job = await systemJob(t, cluster);
    const out = randomName('out');
    await cluster.createTopic(out, 2);
    const processor = job.make(
      { offsetRefreshMs: 1_000 },
      {
        process: (messages, sender) => {
          for (const { key, value } of messages) sender.send({ topic: out, key, value });
        },
      },
    );
    const run = processor.runLoop();
    const sendAll = async (round: number) => {
      await write(
        cluster,
        job.topic,
        KEYS.map((key) => ({ key, value: String(round) })),
      );
      const total = (round + 1) * KEYS.length;
      await until(() => processor.stats().sent === total, { deadlineMs: 20_000, what: `${total} are sent` });
    };
    await sendAll(0);
    await addPartitions(cluster, out, 5);
    await until(() => job.log.messages('warn').some((line) => line.includes(ADDED)), {
      deadlineMs: 20_000,
      what: 'the warning',
    });
    await sendAll(1);
    await writeByKey(cluster, out);
    await processor.close();
    await run;

    const collector = new Collector();
    // By round, then by key: here before and after, and elsewhere by now.
    const placed = [0, 1, 2].map(() => new Map<string | null, number>());
    collector.onChunkHook = ({ partition, messages }) => {
      for (const { keyText, valueText } of messages.slice())
        placed[Number(valueText)]?.set(keyText, partition);
    };
    collector.read(openSource(t, await connectClient(t, cluster.brokers)), startAt(partitionsOf(out, 5)));
    await collector.untilCount(3 * KEYS.length);
    const [before, after, elsewhere] = placed.map((round) => KEYS.map((key) => round.get(key)));
    t.deepEqual(after, elsewhere);
    t.notDeepEqual(before, after);
    const warnings = job.log.lines.filter(({ message }) => message.includes(ADDED));
    t.deepEqual(
      warnings.map(({ level, fields }) => [level, fields]),
      [['warn', { topic: out, before: 2, now: 5 }]],
    );
  },
);

test('an output topic that was recreated with fewer partitions is noticed, and its records go to those', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { out: 4 } });
  const lines: LogLine[] = [];
  const client = await connectClient(t, cluster.brokers, { lines });
  const options = { idempotent: true, compression: 'none', retryTimeoutMs: 10_000 } as const;
  const sink = client.sink({ ...options, topicRefreshMs: 100 });
  t.is(await sink.loadTopic('out'), 4);
  cluster.deleteTopic('out');
  cluster.createTopic('out', { partitions: 2 });
  await until(() => sink.partitionCount('out') === 2, { deadlineMs: 10_000, what: 'it is noticed' });
  const warning = lines.find(({ level }) => level === 'warn');
  t.regex(warning?.message ?? '', /fewer partitions than before: it was recreated/);
  t.deepEqual(warning?.fields, { topic: 'out', before: 4, now: 2 });
});

test('while no broker answers the output topics stay as they were, and are looked at again', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { out: 2 } });
  const lines: LogLine[] = [];
  const client = await connectClient(t, cluster.brokers, { lines });
  const options = { idempotent: true, compression: 'none', retryTimeoutMs: 10_000 } as const;
  const sink = client.sink({ ...options, topicRefreshMs: 50 });
  await sink.loadTopic('out');
  const fault = cluster.faults.drop({ api: 'Metadata', when: 'before', times: 3 });
  await until(() => lines.some(({ message }) => message === 'The output topics could not be looked at'), {
    deadlineMs: 10_000,
    what: 'the warning',
  });
  t.is(sink.partitionCount('out'), 2);
  fault.cancel();
  cluster.addPartitions('out', 3);
  await until(() => sink.partitionCount('out') === 3, { deadlineMs: 10_000, what: 'the new partition' });
});
