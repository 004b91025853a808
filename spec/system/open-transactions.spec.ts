import type { ExecutionContext } from 'ava';
import { CONTROL, TRANSACTIONAL } from '../../source/kafka/records/batch-header.ts';

import { kasper } from '../cli/memory-io.ts';
import { rawBatch } from '../_helpers/raw/raw-batch.ts';
import { send, transactionalProducer } from '../_helpers/raw/transactions.ts';
import { testEmbedded, testOnReal, type TestCluster } from '../_helpers/servers/services.ts';
import { systemJob, threeNodes, values, write, type SystemJob } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';

/** Opens a transaction with two records; returns what ends it. */
type Begin = (topic: string) => Promise<() => Promise<void>>;

const STAYS_OPEN = 'A transaction of another producer stays open';

/** A job that is held back sees, reports, and gets over it. */
async function heldBack(
  t: ExecutionContext,
  cluster: TestCluster,
  begin: Begin,
  job: SystemJob,
): Promise<void> {
  await write(cluster, job.topic, values(20));
  const end = await begin(job.topic);
  await write(cluster, job.topic, values(5, 20));
  const processor = job.make({ metricsUpdateMs: 1_000, heldBackTimeoutMs: 2_000 });
  const run = processor.runLoop();
  await job.untilSeen(20);
  await until(() => processor.health().problems.some((problem) => problem.includes(' of producer ')), {
    deadlineMs: 60_000,
    what: 'health names the producer',
  });
  const { healthy, problems } = processor.health();
  const [partition] = processor.stats().partitions;
  t.like(partition, { lag: 0, committed: 20, highWatermark: 27, heldBack: { offset: 20 } });
  const [producerId] = partition?.heldBack?.producerIds ?? [];
  t.true(Number.isSafeInteger(producerId), 'the brokers name the producer');
  t.true(healthy, 'a restart would not help');
  const held = `An open transaction of producer ${producerId} has held back the records of ${job.topic}/0 from offset 20 on for`;
  t.true(problems[0]?.startsWith(held), problems[0]);
  const warnings = job.log.lines.filter(({ message }) => message.startsWith(STAYS_OPEN));
  t.is(warnings.length, 1);
  t.like(warnings[0]?.fields, {
    partitions: `${job.topic}/0`,
    producers: `${producerId} in ${job.topic}/0 from 20 on`,
    toAbort: `--topic ${job.topic} --partition 0 --start-offset 20`,
  });

  const brokers = cluster.brokers.join(',');
  const lag = await kasper(['lag', '--group', job.groupId, '--no-owners', '--brokers', brokers]);
  t.true(lag.stdout.includes(`  producer ${producerId} holds back 7\n`), lag.stdout);
  const open = `open transaction in ${job.topic}/0 from 20 on: producer ${producerId}, last write 20`;
  t.true(lag.stdout.includes(open), lag.stdout);
  const json = await kasper(['lag', '--group', job.groupId, '--no-owners', '--json', '--brokers', brokers]);
  const { partitions } = JSON.parse(json.stdout) as {
    partitions: { lag: number; heldBack: { records: number; transactions: object[] } | null }[];
  };
  t.like(partitions[0], { lag: 0, heldBack: { records: 7 } });
  t.like(partitions[0]?.heldBack?.transactions[0], { producerId, firstOffset: 20 });
  const all = ['--group', job.groupId, '--no-owners', '--isolation', 'read_uncommitted', '--json'];
  const uncommitted = await kasper(['lag', ...all, '--brokers', brokers]);
  t.true(uncommitted.stdout.includes('"heldBack": null'));

  await end();
  await job.untilSeen(27);
  await until(() => processor.stats().partitions[0]?.heldBack === null, {
    deadlineMs: 20_000,
    what: 'nothing is held back',
  });
  t.deepEqual(processor.health().problems, []);
  t.true(job.log.messages('info').includes('Records are no longer held back by a transaction'));
  await processor.close();
  await run;
}

testOnReal(
  'a transaction that stays open is named by a warning, stats, health and kasper lag, until it ends (Kafka 4.1)',
  async (t, kafka) => {
    const job = await systemJob(t, kafka);
    const producer = await transactionalProducer(t, kafka);
    await heldBack(
      t,
      kafka,
      async (topic) => {
        const transaction = await producer.transaction();
        await send(transaction, topic, ['x', 'y']);
        return () => transaction.commit();
      },
      job,
    );
  },
);

testEmbedded(
  'a transaction that stays open is named by a warning, stats, health and kasper lag, until it ends',
  async (t) => {
    const { nodes, cluster } = await threeNodes(t);
    const job = await systemJob(t, cluster);
    const producer = { producerId: 4_711n, epoch: 0 };
    await heldBack(
      t,
      cluster,
      (topic) => {
        nodes.appendRaw(
          topic,
          0,
          rawBatch({ ...producer, attributes: TRANSACTIONAL, sequence: 0, count: 2 }),
        );
        return Promise.resolve(() => {
          nodes.appendRaw(topic, 0, rawBatch({ ...producer, attributes: TRANSACTIONAL | CONTROL }));
          return Promise.resolve();
        });
      },
      job,
    );
  },
);
