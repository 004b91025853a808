import type { ExecutionContext } from 'ava';
import { Kafka, logLevel } from 'kafkajs';
import {
  groupIdOf,
  TopicProcessor,
  type MessageProcessor,
  type TopicProcessorOptions,
} from '../../source/index.ts';
import { MapStore } from '../../stores/index.ts';
import { describeGroup, kcatRecords } from '../_helpers/servers/kafka-tools.ts';
import { randomName, testOnBoth, type RealKafka, type TestCluster } from '../_helpers/servers/services.ts';
import { until } from '../_helpers/until.ts';

const PARTITIONS = 4;

interface Input {
  readonly topic: string;
  readonly partition: number;
  readonly value: string;
}

/** Writes by kafkajs's own producer, so that not the same code writes and reads. */
async function write(cluster: TestCluster, inputs: readonly Input[]): Promise<void> {
  const producer = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  const topics = new Set(inputs.map(({ topic }) => topic));
  for (const topic of topics) {
    const messages = inputs
      .filter((input) => input.topic === topic)
      .map(({ partition, value }) => ({ partition, key: `key-${value}`, value }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

function numbered(topic: string, count: number, from = 0): Input[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    partition: (from + i) % PARTITIONS,
    value: `${topic}-${from + i}`,
  }));
}

/** Two input topics and an output topic, with names of their own. */
async function joinedTopics(cluster: TestCluster) {
  const name = randomName('join');
  const topics = { hello: `${name}-hello`, world: `${name}-world`, output: `${name}-output` };
  for (const topic of Object.values(topics)) await cluster.createTopic(topic, PARTITIONS);
  const options = {
    topicProcessorName: name,
    client: { brokers: [...cluster.brokers] },
    inputTopics: [topics.hello, topics.world],
    inputPartitions: Array.from({ length: PARTITIONS }, (_, partition) => partition),
  } satisfies TopicProcessorOptions;
  return { ...topics, options, group: groupIdOf(name) };
}

/** Sends each value on to the partition it came from, and keeps the sizes of its batches. */
function copyTo(output: string) {
  const batches: { readonly partition: number; readonly values: readonly string[] }[] = [];
  const processor: MessageProcessor = {
    process(messages, sender, { partition }) {
      batches.push({ partition, values: messages.map(({ valueText }) => valueText ?? '') });
      for (const { key, value } of messages) sender.send({ topic: output, partition, key, value });
    },
  };
  return { batches, processor };
}

/** Output by librdkafka, in order of partition and offset. */
async function outputOf(cluster: TestCluster, topic: string): Promise<string[][]> {
  const records = await kcatRecords(cluster.brokers, topic);
  return Array.from({ length: PARTITIONS }, (_, partition) =>
    records
      .filter((record) => record.partition === partition)
      .sort((a, b) => a.offset - b.offset)
      .map(({ value }) => value ?? ''),
  );
}

/** The group's offsets, and the lag, as Kafka's own ConsumerGroupCommand tells them. */
async function assertCommitted(
  t: ExecutionContext,
  cluster: TestCluster,
  group: string,
  perPartition: number,
) {
  if (cluster.kind !== 'real') return;
  const rows = await describeGroup(cluster as RealKafka, group);
  t.is(rows.length, 2 * PARTITIONS);
  t.true(
    rows.every(({ offset, lag }) => offset === perPartition && lag === 0),
    JSON.stringify(rows),
  );
}

testOnBoth(
  'two topics joined by partition are processed in batches of 3 and, where they do not fill one, after a wait',
  async (t, cluster) => {
    const { hello, world, output, options, group } = await joinedTopics(cluster);
    // Seven per topic and partition, 14 together: four batches of 3, and one of 2 that only its age
    // makes due.
    await write(cluster, [...numbered(hello, 7 * PARTITIONS), ...numbered(world, 7 * PARTITIONS)]);
    const { batches, processor: messageProcessor } = copyTo(output);
    const processor = new TopicProcessor({ ...options, batchSize: 3, batchWaitMs: 300 }, messageProcessor);
    const run = processor.runLoop();
    await until(() => processor.stats().records === 14 * PARTITIONS, {
      deadlineMs: 20_000,
      what: 'all records are committed',
    });
    await processor.close();
    await run;

    for (let partition = 0; partition < PARTITIONS; partition++) {
      const own = batches.filter((batch) => batch.partition === partition).map(({ values }) => values);
      t.true(own.every(({ length }) => length >= 1 && length <= 3));
      const values = own.flat();
      // Both topics come to the same processor, each in its own order.
      for (const topic of [hello, world]) {
        const expected = numbered(topic, 7 * PARTITIONS).filter((input) => input.partition === partition);
        t.deepEqual(
          values.filter((value) => value.startsWith(`${topic}-`)),
          expected.map(({ value }) => value),
        );
      }
      t.deepEqual((await outputOf(cluster, output))[partition], values);
    }
    t.true(processor.stats().batchesByTrigger.age > 0);
    t.true(processor.stats().batchesByTrigger.count >= 4 * PARTITIONS);
    await assertCommitted(t, cluster, group, 7);
  },
  { needs: ['kcat'] },
);

testOnBoth(
  'a restart goes on where the last run ended, and processes nothing twice',
  async (t, cluster) => {
    const { hello, world, output, options, group } = await joinedTopics(cluster);
    await write(cluster, [...numbered(hello, 20), ...numbered(world, 20)]);
    const first = await new TopicProcessor({ ...options, batchSize: 3 }, copyTo(output).processor).runToEnd();
    t.is(first.records, 40);
    await write(cluster, numbered(hello, 20, 20));
    await write(cluster, numbered(world, 20, 20));
    const second = await new TopicProcessor(
      { ...options, batchSize: 100 },
      copyTo(output).processor,
    ).runToEnd();
    t.is(second.records, 40);
    const third = await new TopicProcessor(options, copyTo(output).processor).runToEnd();
    t.is(third.records, 0);

    const values = (await outputOf(cluster, output)).flat();
    t.deepEqual(
      [...values].sort(),
      [...numbered(hello, 40), ...numbered(world, 40)].map(({ value }) => value).sort(),
    );
    await assertCommitted(t, cluster, group, 10);
  },
  { needs: ['kcat'] },
);

testOnBoth(
  'two processors share a name with disjoint partitions, and neither disturbs the other',
  async (t, cluster) => {
    const { hello, world, output, options, group } = await joinedTopics(cluster);
    await write(cluster, [...numbered(hello, 40), ...numbered(world, 40)]);
    const low = copyTo(output);
    const high = copyTo(output);
    const summaries = await Promise.all([
      new TopicProcessor({ ...options, inputPartitions: [0, 1] }, low.processor).runToEnd(),
      new TopicProcessor({ ...options, inputPartitions: [2, 3] }, high.processor).runToEnd(),
    ]);
    t.deepEqual(
      summaries.map(({ records }) => records),
      [40, 40],
    );
    t.true(low.batches.every(({ partition }) => partition < 2));
    t.true(high.batches.every(({ partition }) => partition >= 2));
    t.is((await outputOf(cluster, output)).flat().length, 80);
    await assertCommitted(t, cluster, group, 10);
  },
  { needs: ['kcat'] },
);

testOnBoth(
  'a batch that fails leaves its offsets where they were, and the next run processes it again',
  async (t, cluster) => {
    const { hello, world, output, options, group } = await joinedTopics(cluster);
    await write(cluster, [...numbered(hello, 12), ...numbered(world, 12)]);
    const cause = new Error('no such word');
    const failing = new TopicProcessor(options, {
      process(messages, sender, { partition }) {
        if (partition === 2) throw cause;
        for (const { value } of messages) sender.send({ topic: output, partition, value });
      },
    });
    const error = await t.throwsAsync(failing.runToEnd(), { code: 'PROCESS' });
    t.is(error.cause, cause);
    const repaired = await new TopicProcessor(options, copyTo(output).processor).runToEnd();
    const again = repaired.partitions.filter(({ partition }) => partition === 2);
    t.true(again.every(({ start, end }) => start === 0 && end === 3));
    t.is((await outputOf(cluster, output))[2]?.length, 6);
    t.is((await outputOf(cluster, output)).flat().length, 24);
    await assertCommitted(t, cluster, group, 3);
  },
  { needs: ['kcat'] },
);

testOnBoth(
  'a store, a tombstone, headers and a timestamp come through',
  async (t, cluster) => {
    const { hello, world, output, options } = await joinedTopics(cluster);
    await write(cluster, [...numbered(hello, 1), ...numbered(world, 1)]);
    const seen = new MapStore();
    const processor = new TopicProcessor(
      { ...options, stores: { seen: { store: seen, flush: true } } },
      {
        async process(messages, sender, { stores }) {
          await stores.seen.putAll(
            messages.map(({ valueText, keyText }) => [keyText ?? '', Buffer.from(valueText ?? '')]),
          );
          const headers = { source: [messages[0]?.topic ?? '', 'spec'] };
          sender.send({ topic: output, key: 'gone', value: null, headers, timestamp: 1234, partition: 1 });
          sender.send({ topic: output, key: 'here', value: 'ä', partition: 1 });
        },
      },
    );
    await processor.runToEnd();
    const records = (await kcatRecords(cluster.brokers, output)).filter(({ partition }) => partition === 1);
    t.deepEqual(records[0]?.value ?? null, null);
    t.is(records[0]?.timestamp, 1234);
    t.deepEqual(records[0]?.headers.slice(2), ['source', 'spec']);
    t.is(records[1]?.value, 'ä');
    t.is(seen.size, 2);
  },
  { needs: ['kcat'] },
);
