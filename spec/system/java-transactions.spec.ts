import type { ExecutionContext } from 'ava';
import { kafkaStreamsClassPath } from '../../scripts/services/kafka-class-path.ts';
import { clientOf, values, write } from '../_helpers/jobs/system-job.ts';
import { send, transactionalProducer } from '../_helpers/raw/transactions.ts';
import { runJava, runKafkaClass, startJava } from '../_helpers/servers/java-programs.ts';
import { kafkaTool, kcat } from '../_helpers/servers/kafka-tools.ts';
import { randomName, testToolsOnBoth, type ClusterWithTools } from '../_helpers/servers/services.ts';
import { temporaryFolder } from '../_helpers/temporary-folder.ts';
import { until } from '../_helpers/until.ts';

const deadlineMs = 180_000;

/** What readers of committed records find, by partition and offset. */
async function committedValues(cluster: ClusterWithTools, topic: string, format = '%s'): Promise<string[]> {
  const printed = await kcat(cluster.brokers, [
    ...['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', `${format}\n`],
    ...['-X', 'isolation.level=read_committed'],
  ]);
  return printed.split('\n').filter((line) => line !== '');
}

/** Copies 200 records by CopyInTransactions.java and compares. */
async function copies(t: ExecutionContext, cluster: ClusterWithTools, by: 'member' | 'group') {
  t.timeout(deadlineMs);
  const [input, output, group] = [randomName('in'), randomName('out'), randomName('copy')];
  await cluster.createTopic(input, 2);
  await cluster.createTopic(output, 2);
  const written = [values(100, 0, 'a'), values(100, 0, 'b')] as const;
  for (const [partition, texts] of written.entries()) await write(cluster, input, texts, partition);
  const printed = await runJava(cluster, 'CopyInTransactions', [input, output, group, '200', by]);
  const [, committed, aborted] = /committed (\d+), aborted (\d+)/.exec(printed) ?? [];
  t.true(Number(committed) >= 20 && Number(aborted) >= 9, printed);
  const copied = await committedValues(cluster, output, '%p %s');
  for (const [partition, texts] of written.entries())
    t.deepEqual(
      copied.filter((line) => line.startsWith(`${partition} `)),
      texts.map((text) => `${partition} ${text}`),
      'each record once and in order',
    );
  const client = await clientOf(t, cluster);
  const offsets = await client.group(group).fetch([
    { topic: input, partition: 0 },
    { topic: input, partition: 1 },
  ]);
  t.deepEqual(
    offsets.map(({ offset }) => offset),
    [100, 100],
  );
}

testToolsOnBoth(
  "Kafka's Java clients copy in transactions with the offsets of a group's member",
  (t, cluster) => copies(t, cluster, 'member'),
  { needs: ['javac', 'kcat'] },
);

testToolsOnBoth(
  "Kafka's Java clients copy in transactions with offsets by the group's name alone",
  (t, cluster) => copies(t, cluster, 'group'),
  { needs: ['javac', 'kcat'] },
);

testToolsOnBoth(
  "Kafka's ProducerPerformance writes in transactions",
  async (t, cluster) => {
    t.timeout(deadlineMs);
    const topic = randomName('performance');
    await cluster.createTopic(topic, 3);
    const printed = await runKafkaClass(cluster, 'org.apache.kafka.tools.ProducerPerformance', [
      ...['--topic', topic, '--num-records', '2000', '--record-size', '100', '--throughput', '4000'],
      ...['--transactional-id', topic, '--transaction-duration-ms', '50'],
      ...['--producer-props', `bootstrap.servers=${cluster.brokers.join(',')}`],
    ]);
    t.regex(printed, /2000 records sent/);
    t.is((await committedValues(cluster, topic)).length, 2_000);
  },
  { needs: ['java', 'kcat'] },
);

/** TransactionsCommand: the rows of its table, without the head. */
async function transactions(cluster: ClusterWithTools, args: readonly string[]): Promise<string[][]> {
  const printed = await kafkaTool(cluster, 'org.apache.kafka.tools.TransactionsCommand', args);
  const rows = printed
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => line.split('\t').map((cell) => cell.trim()));
  return rows.slice(1);
}

testToolsOnBoth(
  "Kafka's TransactionsCommand shows an open transaction, and aborts it",
  async (t, cluster) => {
    t.timeout(deadlineMs);
    const topic = randomName('open');
    await cluster.createTopic(topic, 1);
    const producer = await transactionalProducer(t, cluster, 600_000);
    const transaction = await producer.transaction();
    await send(transaction, topic, ['committed']);
    await transaction.commit();
    const second = await producer.transaction();
    await send(second, topic, ['open']);

    const at = ['--topic', topic, '--partition', '0'];
    const [found] = await transactions(cluster, ['describe-producers', ...at]);
    const [producerId = '', epoch, , lastSequence, , start = ''] = found ?? [];
    t.deepEqual([lastSequence, start], ['1', '2']);

    const listed = await transactions(cluster, ['list']);
    const row = listed.find((cells) => cells[2] === producerId);
    const [transactionalId = '', coordinator = '', , state] = row ?? [];
    t.is(state, 'Ongoing');

    const [described] = await transactions(cluster, ['describe', '--transactional-id', transactionalId]);
    t.deepEqual(
      [described?.[0], described?.[1], described?.[2], described?.[3], described?.[4], described?.[8]],
      [coordinator, transactionalId, producerId, epoch, 'Ongoing', `${topic}-0`],
    );
    t.deepEqual(
      await transactions(cluster, ['find-hanging', ...at, '--max-transaction-timeout', '0']),
      [],
      'its coordinator knows it',
    );

    await kafkaTool(cluster, 'org.apache.kafka.tools.TransactionsCommand', [
      'abort',
      ...at,
      '--start-offset',
      start,
    ]);
    const [after] = await transactions(cluster, ['describe-producers', ...at]);
    t.deepEqual([after?.[0], after?.[5]], [producerId, 'None']);
    t.deepEqual(await committedValues(cluster, topic), ['committed']);
  },
  { needs: ['java', 'kcat'] },
);

/** The newest count of each word. */
async function counts(cluster: ClusterWithTools, topic: string): Promise<Record<string, number>> {
  const lines = await committedValues(cluster, topic, '%k %s');
  return Object.fromEntries(
    lines.map((line) => line.split(' ')).map(([word = '', count]) => [word, Number(count)]),
  );
}

testToolsOnBoth(
  'Kafka Streams counts words exactly once, also when it is killed',
  async (t, cluster) => {
    t.timeout(2 * deadlineMs);
    const [application, input, output] = [randomName('words'), randomName('lines'), randomName('counts')];
    await cluster.createTopic(input, 2);
    await cluster.createTopic(output, 2);
    const libs = [cluster.libs, await kafkaStreamsClassPath()];
    const start = async () => {
      const folder = await temporaryFolder(t, {});
      const streams = startJava(t, { brokers: cluster.brokers, libs }, 'CountWords', [
        ...[application, input, output, folder],
      ]);
      await streams.printed('running');
      return streams;
    };
    const counted = (wanted: Record<string, number>) =>
      until(async () => isSame(await counts(cluster, output), wanted), {
        deadlineMs,
        everyMs: 250,
        what: `counts ${JSON.stringify(wanted)}`,
      });
    const lines = Array.from({ length: 50 }, (_, i) => `one two${i % 2 === 0 ? ' one' : ''}`);

    const first = await start();
    await write(cluster, input, lines, 0);
    await counted({ one: 75, two: 50 });
    await write(cluster, input, lines, 1);
    await first.kill();
    const second = await start();
    await write(cluster, input, lines, 0);
    await counted({ one: 225, two: 150 });
    t.is(await second.end(), 0);
  },
  { needs: ['javac', 'kcat', 'mvn'] },
);

function isSame(found: Record<string, number>, wanted: Record<string, number>): boolean {
  return Object.entries(wanted).every(([word, count]) => found[word] === count);
}
