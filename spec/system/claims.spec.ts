import { hostname } from 'node:os';
import type { ExecutionContext } from 'ava';
import { parseClaim, type ClaimRecord } from '../../source/assignment/static/claim-record.ts';
import {
  AssignmentError,
  groupIdOf,
  openClient,
  silentLogger,
  TopicProcessor,
  type CommittedOffset,
  type KafkaClient,
  type TopicProcessorOptions,
} from '../../source/index.ts';
import { startChild, type Child } from '../cli/child.ts';
import { describeGroup, kcat } from '../_helpers/servers/kafka-tools.ts';
import { LineLogger } from '../_helpers/fakes/processor-run.ts';
import { randomName, testOnBoth, testOnReal, type TestCluster } from '../_helpers/servers/services.ts';
import { until } from '../_helpers/until.ts';

interface Job {
  readonly topic: string;
  readonly name: string;
  readonly client: KafkaClient;
  /** A processor in this process; closed at the end. */
  make(options?: Partial<TopicProcessorOptions>, process?: () => void): TopicProcessor;
  /** The same job in a process of its own. */
  child(heldBatch?: number): Child;
  committed(): Promise<CommittedOffset>;
  /** Waits until this offset is committed. */
  reaches(offset: number): Promise<unknown>;
  claim(): Promise<ClaimRecord | undefined>;
}

/** A job on a topic of its own with 23 records in partition 0 of 3. */
async function jobOn(t: ExecutionContext, cluster: TestCluster): Promise<Job> {
  const topic = randomName('claims');
  const name = randomName('claims');
  await cluster.createTopic(topic, 3);
  const lines = Array.from({ length: 23 }, (_none, at) => `v${at}\n`).join('');
  await kcat(cluster.brokers, ['-P', '-t', topic, '-p', '0'], lines);
  const client = openClient({ brokers: [...cluster.brokers] }, { logger: silentLogger });
  await client.connect();
  t.teardown(() => client.close());
  const partitions = [{ topic, partition: 0 }];
  const entry = async (groupId: string) =>
    (await client.group(groupId).fetch(partitions))[0] as CommittedOffset;
  return {
    topic,
    name,
    client,
    make(options = {}, process = () => undefined) {
      const processor = new TopicProcessor(
        {
          topicProcessorName: name,
          client: { brokers: [...cluster.brokers] },
          inputTopics: [topic],
          inputPartitions: [0],
          ...options,
        },
        { process },
      );
      t.teardown(() => processor.close().catch(() => undefined));
      return processor;
    },
    child: (heldBatch = 0) =>
      startChild(t, 'spec/_helpers/jobs/claims-child', [
        cluster.brokers.join(','),
        topic,
        name,
        String(heldBatch),
      ]),
    committed: () => entry(groupIdOf(name)),
    reaches: (offset) =>
      until(async () => (await entry(groupIdOf(name))).offset === offset, {
        deadlineMs: 30_000,
        what: `offset ${offset} to be committed`,
      }),
    claim: async () => parseClaim((await entry(`${groupIdOf(name)}-claims`)).metadata),
  };
}

testOnBoth(
  'a second start while another process runs fails, and names that process',
  async (t, cluster) => {
    const job = await jobOn(t, cluster);
    const began = Date.now();
    const first = job.child();
    await first.until('stdout', /batch 5 from 20/);
    const error = await t.throwsAsync(job.make().runToEnd(), { instanceOf: AssignmentError });
    const claim = await job.claim();
    t.is(claim?.host, hostname());
    t.true(Math.abs(Date.parse(claim?.startedAt ?? '') - began) < 60_000);
    t.true(
      error?.message.startsWith(
        `${job.topic}/0 is processed by another process under the same name: process ${claim?.pid} on host ${hostname()}, ` +
          `running since ${claim?.startedAt}.`,
      ),
      error?.message,
    );
    const other = await job.make({ inputPartitions: [1, 2] }).runToEnd();
    t.is(other.partitions.length, 2, 'lists that do not overlap run side by side');
    first.kill('SIGTERM');
    await first.exited;
  },
  { needs: ['kcat'] },
);

testOnBoth(
  'the partitions of a process that was killed are taken over at once on the same host',
  async (t, cluster) => {
    const job = await jobOn(t, cluster);
    const killed = job.child(3);
    await killed.until('stdout', /batch 3 from 10/);
    await job.reaches(10);
    killed.kill('SIGKILL');
    await killed.exited;
    const logger = new LineLogger();
    const { records } = await job.make({ logger }).runToEnd();
    t.is(records, 13);
    t.true(
      logger
        .messages('info')
        .includes('Partitions are taken over from a process of this host that has ended'),
    );
    t.true((await job.claim())?.released);
  },
  { needs: ['kcat'] },
);

testOnBoth(
  'a process that was stopped and goes on later finds its partitions taken, and commits nothing more',
  async (t, cluster) => {
    const job = await jobOn(t, cluster);
    const sleeper = job.child(3);
    await sleeper.until('stdout', /batch 3 from 10/);
    await job.reaches(10);
    sleeper.kill('SIGSTOP');
    const logger = new LineLogger();
    const next = await job.make({ logger, claimTimeoutMs: 6_000 }).runToEnd();
    t.is(next.records, 13);
    t.deepEqual(logger.warnings(), [
      'Partitions are taken over from an owner that was silent for claimTimeoutMs (6000 ms)',
    ]);
    // What the one that wakes up would set back: its batch ends at 15.
    t.is((await job.committed()).offset, 23);
    const claim = await job.claim();
    sleeper.kill('SIGCONT');
    sleeper.kill('SIGUSR2');
    await sleeper.exited;
    t.regex(sleeper.stdout, /ended by FencedError: .* was taken over by another process/);
    t.is((await job.committed()).offset, 23);
    t.deepEqual(await job.claim(), claim, 'it did not release what it no longer has');
    t.false(sleeper.stdout.includes('batch 4'));
  },
  { needs: ['kcat'] },
);

testOnBoth(
  'of three that start at once, one runs and two are refused',
  async (t, cluster) => {
    const jobs: Job[] = [];
    for (let race = 0; race < 4; race++) jobs.push(await jobOn(t, cluster));
    await Promise.all(
      jobs.map(async (job) => {
        const batches: number[] = [];
        const refused = new Set<number>();
        const all = [0, 1, 2].map((at) =>
          job.make({ batchSize: 1, commit: 'each' }, () => void batches.push(at)),
        );
        const runs = all.map((processor, at) =>
          processor.runLoop().catch((error: unknown) => {
            t.true(error instanceof AssignmentError, String(error));
            refused.add(at);
          }),
        );
        await until(() => refused.size >= 2, { deadlineMs: 30_000, what: 'two to be refused' });
        await job.reaches(23);
        const winner = [0, 1, 2].find((at) => !refused.has(at));
        await Promise.all(all.map((processor) => processor.close().catch(() => undefined)));
        await Promise.all(runs);
        t.is(refused.size, 2);
        t.deepEqual(batches, Array(23).fill(winner), 'each record once, by the one that won');
      }),
    );
  },
  { needs: ['kcat'] },
);

testOnBoth(
  'the same instanceId takes over at once from one that still runs, which ends with FencedError',
  async (t, cluster) => {
    const job = await jobOn(t, cluster);
    const first = job.make({ instanceId: 'pod-0', inputPartitions: [0, 1] });
    const fenced = t.throwsAsync(first.runLoop(), { name: 'FencedError' });
    await job.reaches(23);
    const logger = new LineLogger();
    await job.make({ instanceId: 'pod-0', logger }).runToEnd();
    t.deepEqual(logger.warnings(), [], 'not because the first was silent');
    await fenced;
  },
  { needs: ['kcat'] },
);

testOnReal(
  'claims leave the offsets and the metadata of the data group as they are',
  async (t, kafka) => {
    const job = await jobOn(t, kafka);
    await job.make({ inputPartitions: [0, 2] }).runToEnd();
    const { metadata } = await job.committed();
    t.is(metadata, '');
    const group = groupIdOf(job.name);
    t.deepEqual(
      (await describeGroup(kafka, group)).map(({ partition, offset, lag, consumerId }) => ({
        partition,
        offset,
        lag,
        consumerId,
      })),
      [
        { partition: 0, offset: 23, lag: 0, consumerId: undefined },
        { partition: 2, offset: 0, lag: 0, consumerId: undefined },
      ],
    );
    const topics = await job.client.describeTopics([job.topic]);
    t.like(await job.claim(), { released: true, topicId: topics.get(job.topic)?.topicId });
    t.regex(topics.get(job.topic)?.topicId ?? '', /^[0-9a-f]{32}$/);
  },
  { needs: ['kcat'] },
);
