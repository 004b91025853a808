import type { ExecutionContext } from 'ava';
import test from 'ava';
import {
  deadLetter,
  eachMessage,
  groupIdOf,
  partitioners,
  readRange,
  silentLogger,
  TopicProcessor,
  topicSpans,
  type ConsumerMessage,
  type KafkaClient,
} from 'kasper-ts';
import { ErrorCodes } from '../../../source/kafka/wire/error-codes.ts';
import { clientOf, write } from '../../_helpers/jobs/system-job.ts';
import { startEmbedded, testOnEach } from '../../_helpers/servers/clusters.ts';
import { randomName, type TestCluster } from '../../_helpers/servers/services.ts';
import { until } from '../../_helpers/until.ts';
import { startChild } from '../child.ts';
import { kasper } from '../memory-io.ts';

const FOREVER = { 'retention.ms': '-1' };
const YEAR_2023 = Date.UTC(2023, 0, 1);
const YEAR_2024 = Date.UTC(2024, 0, 1);

interface Place {
  readonly topic: string;
  readonly partition?: number;
  readonly offset?: number;
}

/** A dead letter as the middleware writes it, from this place. */
function letterOf(key: string | null, { topic, partition, offset }: Place, timestamp = YEAR_2023) {
  const from = { topic, partition: String(partition ?? ''), offset: String(offset ?? '') };
  const why = {
    group: 'kasper-topic-processor-job',
    'delivery.count': '2',
    message: 'no',
    exception: 'CODEC',
  };
  const all = Object.entries({ ...from, ...why, stage: 'decode' });
  const headers = Object.fromEntries(all.map(([name, text]) => [`__dlq.errors.${name}`, text]));
  return { key, value: `of ${key ?? 'nobody'}`, headers, timestamp: String(timestamp) };
}

interface Shown {
  readonly hasMore: boolean;
  readonly letters: readonly { readonly at: { readonly partition: number }; readonly key: string }[];
}

interface Topics {
  readonly topic: string;
  readonly dlq: string;
  readonly client: KafkaClient;
  run(...argv: readonly string[]): Promise<string>;
}

/** An input topic of two partitions, and a dead-letter topic of two. */
async function setUp(t: ExecutionContext, cluster: TestCluster): Promise<Topics> {
  const topic = randomName('in');
  const dlq = `${topic}.dlq`;
  await cluster.createTopic(topic, 2, FOREVER);
  await cluster.createTopic(dlq, 2, FOREVER);
  return {
    topic,
    dlq,
    client: await clientOf(t, cluster),
    async run(...argv) {
      const argument = [...argv, '--brokers', cluster.brokers.join(',')];
      const { exitCode, stdout, stderr } = await kasper(['dlq', ...argument]);
      t.deepEqual([exitCode, stderr], [0, '']);
      return stdout;
    },
  };
}

async function read(client: KafkaClient, topic: string): Promise<ConsumerMessage[]> {
  const found: ConsumerMessage[] = [];
  await readRange(client, await topicSpans(client, topic), (message) => void found.push(message));
  return found;
}

testOnEach(
  'show takes a hundred letters unless told otherwise, of some partitions, since a time, with all that they say',
  async (t, cluster) => {
    const { topic, dlq, run } = await setUp(t, cluster);
    await write(
      cluster,
      dlq,
      Array.from({ length: 101 }, (_none, offset) => letterOf(`k${offset}`, { topic, partition: 0, offset })),
    );
    const late = letterOf('late', { topic, partition: 1, offset: 7 }, YEAR_2024);
    await write(cluster, dlq, [letterOf('early', { topic, partition: 1, offset: 6 }), late], 1);
    const shown = async (...argv: readonly string[]) =>
      JSON.parse(await run('show', dlq, '--json', ...argv)) as Shown;

    const all = await shown();
    t.deepEqual([all.hasMore, all.letters.length], [true, 100]);
    t.deepEqual(
      all.letters.map(({ key }) => key),
      Array.from({ length: 100 }, (_none, at) => `k${at}`),
      'the oldest of each partition first',
    );
    t.is((await shown('--limit', '103')).letters.length, 103);
    t.deepEqual(
      (await shown('--partitions', '1')).letters.map(({ key }) => key),
      ['early', 'late'],
    );
    for (const since of ['2023-06-01T00:00:00Z', String(YEAR_2024)])
      t.deepEqual(await shown('--since', since), {
        topic: dlq,
        hasMore: false,
        letters: [
          {
            at: { partition: 1, offset: 1, timestamp: YEAR_2024 },
            key: 'late',
            topic,
            partition: 1,
            offset: 7,
            group: 'kasper-topic-processor-job',
            deliveryCount: 2,
            stage: 'decode',
            exception: 'CODEC',
            message: 'no',
            stacktrace: null,
          },
        ],
      } as unknown as Shown);
    t.is(await run('show', dlq, '--since', String(YEAR_2024 + 1)), `${dlq}: no dead letters\n`);
    const text = await run('show', dlq, '-p', '1', '--limit', '1');
    t.regex(text, /\nAT +FROM +TIMES +STAGE +ERROR +KEY +MESSAGE\n/);
    t.true(/\n1\/0 +\S+\/1\/6 +2 +decode +CODEC +early +no\n/.test(text), text);
  },
);

testOnEach(
  'replay goes by the key where the partition is gone, and with --to, which a letter without origin needs',
  async (t, cluster) => {
    const { topic, dlq, client, run } = await setUp(t, cluster);
    const keys = ['a', 'b', 'c', 'd'];
    const byKey = (count: number) =>
      Object.fromEntries(keys.map((key) => [key, partitioners.murmur2(Buffer.from(key), count)]));
    await write(
      cluster,
      dlq,
      keys.map((key, offset) => letterOf(key, { topic, partition: 5, offset })),
    );
    // Of the partition that it is from, whatever its key is.
    const other = partitioners.murmur2(Buffer.from('e'), 2) === 0 ? 1 : 0;
    await write(cluster, dlq, [letterOf('e', { topic, partition: other, offset: 9 })]);
    await run('replay', dlq, '--execute');
    const placesOf = async (of: string) =>
      new Map((await read(client, of)).map(({ keyText, partition }) => [keyText, partition]));
    t.deepEqual(Object.fromEntries(await placesOf(topic)), { ...byKey(2), e: other });

    await write(
      cluster,
      dlq,
      keys.map((key) => ({ key, value: `of ${key}` })),
      1,
    );
    // Where it is from does not count then.
    const from = partitioners.murmur2(Buffer.from('e'), 3) === 0 ? 1 : 0;
    await write(cluster, dlq, [letterOf('e', { topic, partition: from, offset: 9 })], 1);
    const to = randomName('to');
    await cluster.createTopic(to, 3, FOREVER);
    t.regex(await run('replay', dlq, '--to', to, '--execute'), /Done: 5 dead letters replayed/);
    t.deepEqual(Object.fromEntries(await placesOf(to)), {
      ...byKey(3),
      e: partitioners.murmur2(Buffer.from('e'), 3),
    });
  },
);

testOnEach(
  'a replay of some partitions leaves the others; purge takes partitions and times',
  async (t, cluster) => {
    const { topic, dlq, client, run } = await setUp(t, cluster);
    for (const partition of [0, 1])
      await write(
        cluster,
        dlq,
        [YEAR_2023, YEAR_2024].map((time, offset) =>
          letterOf(`${partition}${offset}`, { topic, partition, offset }, time),
        ),
        partition,
      );
    const keys = async (of: string) => (await read(client, of)).map(({ keyText }) => keyText).sort();
    t.regex(await run('replay', dlq, '-p', '1'), /\n\S+ +2\n\nDry run/);
    t.regex(await run('replay', dlq, '-p', '1', '--execute'), /Done: 2 dead letters replayed/);
    t.deepEqual(await keys(topic), ['10', '11']);
    const before = JSON.parse(await run('purge', dlq, '--before', 'replayed', '--json')) as object;
    t.deepEqual(before, {
      topic: dlq,
      executed: false,
      records: 2,
      partitions: [{ partition: 1, from: 0, to: 2 }],
    });

    t.regex(
      await run('purge', dlq, '--before', '2023-06-01T00:00:00Z', '-p', '0', '--execute'),
      /\n +0 +0 +1 +1\n\nDone: 1 record deleted\./,
    );
    t.deepEqual(await keys(dlq), ['01', '10', '11']);
    t.regex(
      await run('purge', dlq, '--before', '2025-01-01T00:00:00Z', '--execute'),
      /Done: 3 records deleted\./,
    );
    t.deepEqual(await keys(dlq), []);
  },
);

testOnEach(
  'the job of a replay bears the name of the topic, and with --where 8 hex digits of the conditions in any order',
  async (t, cluster) => {
    const { topic, dlq, client, run } = await setUp(t, cluster);
    await write(cluster, dlq, [letterOf('a', { topic, partition: 0, offset: 0 })]);
    const group = async (...argv: readonly string[]) =>
      (JSON.parse(await run('replay', dlq, '--json', ...argv)) as { group: string }).group;
    const plain = await group('--execute');
    t.is(plain, groupIdOf(`dlq-replay-${dlq}`));
    const committed = await client.group(plain).fetch([{ topic: dlq, partition: 0 }]);
    t.deepEqual(
      committed.map(({ offset }) => offset),
      [1],
    );
    const some = await group('--where', 'error=CODEC', '--where', 'stage=decode');
    t.regex(some.replace(plain, ''), /^-[0-9a-f]{8}$/);
    t.is(await group('--where', 'stage=decode', '--where', 'error=CODEC'), some);
    t.not(await group('--where', 'stage=decode'), some);
  },
);

test('a replay ends at what was there, also when a job sets it aside again meanwhile', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 1, 'in.dlq': 1 } });
  const brokers = cluster.brokers.join(',');
  cluster.produce('in', [{ key: 'k', value: 'bad' }]);
  const job = new TopicProcessor(
    {
      topicProcessorName: 'job',
      client: { brokers: cluster.brokers },
      inputTopics: ['in'],
      inputPartitions: [0],
      batchWaitMs: 0,
      claims: false,
      logger: silentLogger,
      middleware: [deadLetter()],
    },
    eachMessage(() => {
      throw new Error('no');
    }),
  );
  t.teardown(() => job.close());
  const run = job.runLoop();
  const letters = (count: number) =>
    until(() => cluster.endOffset('in.dlq', 0) === count, { deadlineMs: 30_000, what: 'dead letters' });
  await letters(1);
  for (const count of [2, 3]) {
    const { stdout, exitCode } = await kasper(['dlq', 'replay', 'in.dlq', '--execute', '--brokers', brokers]);
    t.is(exitCode, 0);
    t.regex(stdout, /Done: 1 dead letter replayed\./);
    await letters(count);
  }
  await job.close();
  await run;
});

test('a signal ends a replay with 0, and it says that it may not have come to the end', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 1, 'in.dlq': 1 } });
  cluster.produce('in.dlq', [{ ...letterOf('k', { topic: 'in', partition: 0 }), timestamp: YEAR_2023 }]);
  const refused = cluster.faults.fail({
    api: 'Produce',
    code: ErrorCodes.NOT_LEADER_OR_FOLLOWER,
    times: Infinity,
  });
  const argv = ['dlq', 'replay', 'in.dlq', '--execute', '--brokers', cluster.brokers.join(',')];
  const child = startChild(t, 'source/cli/bin', argv);
  await until(() => refused.hits > 0, { deadlineMs: 100_000, what: 'a dead letter that is sent' });
  child.kill('SIGTERM');
  await child.until('stderr', /^Stopping: what was replayed is committed first$/m);
  refused.cancel();
  t.deepEqual(await child.exited, { code: 0, signal: null });
  t.is(
    child.stdout,
    'in.dlq: stopped after 1 dead letter, which was replayed; run it again for the others\n',
  );
  t.is(cluster.endOffset('in', 0), 1);
  t.is((await kasper(argv)).stdout, 'in.dlq: nothing to replay\n');
});

test('a replay fails with the exit codes of a run, and sends nothing then', async (t) => {
  const cluster = await startEmbedded(t, { topics: { in: 1, 'in.dlq': 1, plain: 1 } });
  cluster.produce('in.dlq', [{ ...letterOf('k', { topic: 'in', partition: 0 }), timestamp: YEAR_2023 }]);
  cluster.produce('plain', [{ value: 'of nowhere' }]);
  const replay = async (topic: string, brokers = cluster.brokers.join(',')) => {
    const argv = ['dlq', 'replay', topic, '--execute', '--brokers', brokers];
    const { exitCode, stdout, stderr } = await kasper(argv);
    t.is(stdout, '');
    return `${exitCode} ${stderr}`;
  };
  t.regex(await replay('plain'), /^2 .*plain\/0 offset 0 does not say where it is from/s);
  t.regex(await replay('in.dlq', 'localhost:1'), /^3 /);
  const owner = new TopicProcessor(
    {
      topicProcessorName: 'dlq-replay-in.dlq',
      client: { brokers: cluster.brokers },
      inputTopics: ['in.dlq'],
      inputPartitions: [0],
      initialOffset: 'latest',
      logger: silentLogger,
    },
    { process: () => undefined },
  );
  t.teardown(() => owner.close());
  const run = owner.runLoop();
  await until(() => owner.state === 'running', { deadlineMs: 30_000, what: 'an owner' });
  t.regex(await replay('in.dlq'), /^6 /);
  await owner.close();
  await run;
  t.is(cluster.endOffset('in', 0), 0);
  t.is(cluster.endOffset('plain', 0), 1);
});
