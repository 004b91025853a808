import type { ExecutionContext } from 'ava';
import { startCopyJob, type CopyJob } from '../_helpers/jobs/copy-job-process.ts';
import type { CopyJobOptions, CopyJobStep } from '../_helpers/jobs/copy-job.ts';
import { kafkajsFor } from '../_helpers/jobs/system-job.ts';
import { kcat } from '../_helpers/servers/kafka-tools.ts';
import { randomName, testOnReal, type RealKafka } from '../_helpers/servers/services.ts';
import { until } from '../_helpers/until.ts';

const PARTITIONS = 2;
const RECORDS = 5_000;
const TOTAL = PARTITIONS * RECORDS;

async function newJob(kafka: RealKafka): Promise<CopyJobOptions> {
  const [name, inputTopic, outputTopic] = [randomName('once'), randomName('in'), randomName('out')];
  await kafka.createTopic(inputTopic, PARTITIONS);
  await kafka.createTopic(outputTopic, PARTITIONS);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const lines = Array.from({ length: RECORDS }, (_none, offset) => `value ${partition} ${offset}\n`);
    await kcat(kafka.brokers, ['-P', '-t', inputTopic, '-p', String(partition)], lines.join(''));
  }
  return {
    brokers: kafka.brokers,
    name,
    inputTopic,
    outputTopic,
    partitions: PARTITIONS,
    batchSize: 50,
    batchWaitMs: 50,
    bounded: true,
    // So that nothing but the transactions keeps two owners apart.
    claims: false,
    delivery: 'exactly-once',
  };
}

/** By librdkafka: each input has its output once, in order, and the offsets are at the end. */
async function assertExact(t: ExecutionContext, kafka: RealKafka, job: CopyJobOptions): Promise<void> {
  const topic = job.outputTopic;
  const text = await kcat(kafka.brokers, [
    ...['-C', '-t', topic, '-e', '-q', '-f', '%p %k\\n'],
    ...['-X', 'isolation.level=read_committed'],
  ]);
  const records = text
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  t.is(records.length, TOTAL);
  const expected = Array.from({ length: RECORDS }, (_none, offset) => offset);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const found = records.filter(([at]) => at === String(partition)).map(([, key]) => Number(key));
    t.deepEqual(found, expected, `partition ${partition}`);
  }
  const admin = kafkajsFor(kafka).admin();
  t.teardown(() => admin.disconnect());
  await admin.connect();
  const groupId = `kasper-topic-processor-${job.name}`;
  const [offsets] = await admin.fetchOffsets({ groupId, topics: [job.inputTopic] });
  t.deepEqual(
    offsets?.partitions.map(({ offset }) => Number(offset)),
    Array.from({ length: PARTITIONS }, () => RECORDS),
  );
}

/** How many batches a run has committed. */
function batches({ lines }: CopyJob, at: CopyJobStep = 'committed'): number {
  return lines.filter((line) => line.at === at).length;
}

testOnReal(
  'exactly once: runs that are killed at any moment leave each output once, in order',
  async (t, kafka) => {
    t.timeout(600_000);
    const options = await newJob(kafka);
    for (let kill = 0; kill < 8; kill++) {
      const job = startCopyJob(t, options);
      await job.untilLine('running');
      const enough = 1 + kill;
      await until(() => batches(job) >= enough || job.lines.some(({ at }) => at === 'done'), {
        deadlineMs: 60_000,
        what: `${enough} batches`,
      });
      // Wherever it happens to be then.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
      await job.kill();
    }
    for (const at of ['process', 'processed', 'flushed', 'stored', 'committed'] as const) {
      const job = startCopyJob(t, { ...options, blockAt: { partition: 0, batch: 2, at } });
      await job.untilLine('blocked');
      await job.kill();
    }
    await startCopyJob(t, options).done();
    await assertExact(t, kafka, options);
  },
);

testOnReal(
  'exactly once: a process that slept while another took over is fenced, and has left nothing',
  async (t, kafka) => {
    t.timeout(300_000);
    const options = await newJob(kafka);
    // Slow, so that there is something left for the next owner.
    const zombie = startCopyJob(t, { ...options, bounded: false, pauseMs: 100 });
    await until(() => batches(zombie) >= 6, { deadlineMs: 90_000, what: 'some batches' });
    zombie.freeze();
    const owner = startCopyJob(t, { ...options, pauseMs: 20 });
    await until(() => batches(owner) >= 2, { deadlineMs: 90_000, what: 'batches of the next owner' });
    zombie.thaw();
    await t.throwsAsync(zombie.done(), { message: /FencedError: Another process has taken over partition/ });
    await owner.done();
    await assertExact(t, kafka, options);
  },
);
