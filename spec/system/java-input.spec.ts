import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { repositoryRoot } from '../../scripts/services/folders.ts';
import { javaArguments } from '../../scripts/services/kafka-class-path.ts';
import { requirePrograms, run } from '../../scripts/services/programs.ts';
import type { Compression } from '../../source/kafka/sink.ts';
import type { ConsumerMessage } from '../../source/message.ts';
import { TopicProcessor } from '../../source/topic-processor.ts';
import { describeGroup, kcatRecords } from '../_helpers/servers/kafka-tools.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { leaderAddress } from '../_helpers/raw/raw-cluster.ts';
import { fetch } from '../_helpers/raw/raw-fetch.ts';
import { randomName, testOnReal, type RealKafka } from '../_helpers/servers/services.ts';
import { until } from '../_helpers/until.ts';

/** What a partition holds: the writer and the reader each make one. */
interface PartitionDigest {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly sha256: string;
}

interface TopicToWrite {
  readonly partitions: number;
  readonly kind: 'plain' | 'transactions' | 'compacted' | 'one-batch' | 'large';
  readonly codec: Compression;
  readonly config?: Readonly<Record<string, string>>;
}

const PLAIN = { partitions: 3, kind: 'plain' } as const;

const topicsToWrite = {
  compacted: {
    partitions: 2,
    kind: 'compacted',
    codec: 'none',
    config: {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.001',
      'max.compaction.lag.ms': '100',
    },
  },
  gzip: { ...PLAIN, codec: 'gzip' },
  snappy: { ...PLAIN, codec: 'snappy' },
  lz4: { ...PLAIN, codec: 'lz4' },
  zstd: { ...PLAIN, codec: 'zstd' },
  transactions: { partitions: 2, kind: 'transactions', codec: 'none' },
  oneBatch: { partitions: 1, kind: 'one-batch', codec: 'gzip' },
  large: { partitions: 2, kind: 'large', codec: 'none', config: { 'max.message.bytes': '12000000' } },
} as const satisfies Readonly<Record<string, TopicToWrite>>;

type TopicName = keyof typeof topicsToWrite;
type Written = Readonly<Record<TopicName, readonly PartitionDigest[]>>;

let writing: Promise<Written> | undefined;

/** Has Kafka's own producer write all topics, once for all specs. */
function written(t: ExecutionContext, kafka: RealKafka): Promise<Written> {
  t.timeout(240_000);
  return (writing ??= writeTopics(kafka));
}

async function writeTopics(kafka: RealKafka): Promise<Written> {
  const args: string[] = [];
  const names = new Map<string, string>();
  for (const [key, topic] of Object.entries<TopicToWrite>(topicsToWrite)) {
    const { partitions, kind, codec, config = {} } = topic;
    const name = randomName(`java-${key}`);
    names.set(key, name);
    await kafka.createTopic(name, partitions, config);
    args.push(name, String(partitions), kind, codec);
  }
  const source = join(repositoryRoot, 'spec/_helpers/java/WriteInput.java');
  const { javac } = requirePrograms('a source file of Java', ['javac']);
  const { stdout } = await run(
    join(javac, '../java'),
    [...javaArguments(kafka.libs, 640), source, kafka.brokers.join(','), ...args],
    { timeoutMs: 180_000 },
  );
  // Kafka logs to the same stream.
  const digests = [...stdout.matchAll(/^(\S+) (\d+) (\d+) ([\da-f]{64})$/gm)].map(
    ([, topic = '', partition, count, sha256 = '']): PartitionDigest => ({
      topic,
      partition: Number(partition),
      count: Number(count),
      sha256,
    }),
  );
  return Object.fromEntries(
    [...names].map(([key, name]) => [key, digests.filter(({ topic }) => topic === name)]),
  ) as Partial<Written> as Written;
}

/** Digests what it is given, per topic-partition, in the way of WriteInput.java. */
class Digester {
  readonly #found = new Map<string, { count: number; hash: Hash }>();

  add({ topic, partition, offset, key, value }: ConsumerMessage): void {
    const name = `${topic}/${partition}`;
    let found = this.#found.get(name);
    if (found === undefined) this.#found.set(name, (found = { count: 0, hash: createHash('sha256') }));
    found.count++;
    found.hash.update(`${offset} ${key?.length ?? -1} ${value?.length ?? -1}\n`);
    if (key !== null) found.hash.update(key);
    if (value !== null) found.hash.update(value);
  }

  digest(topic: string, partition: number): PartitionDigest {
    const { count, hash } = this.#found.get(`${topic}/${partition}`) ?? {
      count: 0,
      hash: createHash('sha256'),
    };
    return { topic, partition, count, sha256: hash.digest('hex') };
  }
}

/**
 * Reads what was written, in one run over all topics, and compares; the group's offsets are to be
 * at the very end.
 */
async function readAndCompare(
  t: ExecutionContext,
  kafka: RealKafka,
  digests: readonly PartitionDigest[],
): Promise<TopicProcessor> {
  const name = randomName('java');
  const digester = new Digester();
  const processor = new TopicProcessor(
    {
      topicProcessorName: name,
      client: { brokers: [...kafka.brokers] },
      inputTopics: [...new Set(digests.map(({ topic }) => topic))],
      inputPartitions: [...new Set(digests.map(({ partition }) => partition))],
    },
    {
      process(messages) {
        for (const message of messages) digester.add(message);
      },
    },
  );
  const { records } = await processor.runToEnd();
  t.deepEqual(
    digests.map(({ topic, partition }) => digester.digest(topic, partition)),
    digests,
  );
  t.is(
    records,
    digests.reduce((sum, { count }) => sum + count, 0),
  );
  const rows = await describeGroup(kafka, `kasper-topic-processor-${name}`);
  t.is(rows.length, digests.length);
  for (const { topic, partition, lag, offset, endOffset } of rows)
    t.deepEqual({ topic, partition, lag, offset }, { topic, partition, lag: 0, offset: endOffset });
  return processor;
}

testOnReal(
  'topics that Java compressed by gzip, snappy, lz4 and zstd are read as they were written',
  async (t, kafka) => {
    const topics = await written(t, kafka);
    const { gzip, snappy, lz4, zstd } = topics;
    const joined = [...gzip, ...snappy, ...lz4, ...zstd];
    t.is(
      joined.reduce((sum, { count }) => sum + count, 0),
      16_000,
    );
    await readAndCompare(t, kafka, joined);
  },
  { needs: ['javac'] },
);

testOnReal(
  'aborted transactions of Java between committed ones, and at the end, are left out',
  async (t, kafka) => {
    const topics = await written(t, kafka);
    t.deepEqual(
      topics.transactions.map(({ count }) => count),
      [600, 600],
    );
    await readAndCompare(t, kafka, topics.transactions);
  },
  { needs: ['javac'] },
);

testOnReal(
  'a compacted topic with gaps, empty batches and an empty tail is read to its end',
  async (t, kafka) => {
    const topics = await written(t, kafka);
    const { compacted } = topics;
    t.deepEqual(
      compacted.map(({ count }) => count),
      [60, 60],
    );
    // The cleaner comes round every 15 seconds.
    await until(async () => (await kcatRecords(kafka.brokers, compacted[0]?.topic ?? '')).length === 120, {
      deadlineMs: 120_000,
      everyMs: 1_000,
      what: 'the cleaner to leave 120 records',
    });
    await readAndCompare(t, kafka, compacted);
  },
  { needs: ['javac', 'kcat'] },
);

/** A connection to the leader of partition 0. */
async function leaderOf(t: ExecutionContext, kafka: RealKafka, topic: string): Promise<RawClient> {
  const seed = await RawClient.open(t, kafka.brokers[0] ?? '');
  return RawClient.open(t, (await leaderAddress(seed, topic)) ?? '');
}

testOnReal(
  '125,000 records of one byte in one gzip batch are read in batches of the usual size',
  async (t, kafka) => {
    const topics = await written(t, kafka);
    const topic = topics.oneBatch[0]?.topic ?? '';
    const broker = await leaderOf(t, kafka, topic);
    const [fetched] = await fetch(broker, topic, [{ partition: 0, offset: 0, maxBytes: 1 << 24 }]);
    t.is(fetched?.records.readInt32BE(57), 125_000, 'records in the first batch');
    const processor = await readAndCompare(t, kafka, topics.oneBatch);
    t.is(processor.stats().batches, 125);
  },
  { needs: ['javac'] },
);

testOnReal(
  'records of 10 MB are read with the buffer that is the default',
  async (t, kafka) => {
    const topics = await written(t, kafka);
    t.deepEqual(
      topics.large.map(({ count }) => count),
      [6, 6],
    );
    await readAndCompare(t, kafka, topics.large);
  },
  { needs: ['javac'] },
);
