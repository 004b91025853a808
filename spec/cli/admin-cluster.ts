import type { ExecutionContext } from 'ava';
import { groupIdOf, TopicProcessor, type KafkaClient } from 'kasper-ts';
import { randomName, type TestCluster } from '../_helpers/servers/services.ts';
import { clientOf, values, write } from '../_helpers/jobs/system-job.ts';
import { until } from '../_helpers/until.ts';
import { kasper, type Outcome } from './memory-io.ts';

/** The group of the job of a spec, as its output has it: {@link AdminJob} hides the random part. */
export const GROUP = 'kasper-topic-processor-job-xxxxxxxxxxxx';

/**
 * A job on a topic of its own, and the command line for it. Names are random, and of the same
 * length in each run.
 */
export interface AdminJob {
  readonly name: string;
  readonly topic: string;
  readonly groupId: string;
  readonly client: KafkaClient;
  readonly brokers: string;
  /**
   * Runs `kasper` with --brokers, and shows names, ids and times as if they were always the same.
   */
  kasper(...argv: readonly string[]): Promise<Outcome>;
  commit(partition: number, offset: number, metadata?: string): Promise<void>;
  committed(partition: number): Promise<number | undefined>;
  /** Begins to run the job in this process; it owns its partitions when this resolves. */
  run(partitions?: readonly number[], claims?: boolean): Promise<TopicProcessor>;
  /** Runs it to the end, and returns the values that it met, sorted. */
  runToEnd(partitions?: readonly number[]): Promise<string[]>;
}

/** A topic with 10, 5 and 0 records in its three partitions. */
export async function adminJob(t: ExecutionContext, cluster: TestCluster): Promise<AdminJob> {
  const name = randomName('job');
  const topic = randomName('in');
  const groupId = groupIdOf(name);
  await cluster.createTopic(topic, 3, { 'retention.ms': '86400000' });
  await write(cluster, topic, values(10), 0);
  await write(cluster, topic, values(5, 10), 1);
  const client = await clientOf(t, cluster);
  // On a Kafka that has just begun this waits until there is a coordinator.
  await client.group(groupId).fetchAll();
  const brokers = cluster.brokers.join(',');
  const make = (partitions: readonly number[], claims: boolean, process: (value: string) => void) => {
    const processor = new TopicProcessor(
      {
        topicProcessorName: name,
        client: { brokers: [...cluster.brokers] },
        inputTopics: [topic],
        inputPartitions: [...partitions],
        batchWaitMs: 20,
        claims,
      },
      {
        process: (messages) => {
          for (const { valueText } of messages) process(valueText ?? 'null');
        },
      },
    );
    t.teardown(() => processor.close().catch(() => undefined));
    return processor;
  };
  return {
    name,
    topic,
    groupId,
    client,
    brokers,
    async kasper(...argv) {
      const { exitCode, stdout, stderr } = await kasper([...argv, '--brokers', brokers]);
      const shown = (text: string) => masked(text, name, topic);
      return { exitCode, stdout: shown(stdout), stderr: shown(stderr) };
    },
    async commit(partition, offset, metadata = '') {
      const entry = { topic, partition, offset, leaderEpoch: -1, metadata };
      await until(
        async () => {
          const [result] = await client.group(groupId).commit([entry]);
          // A coordinator that has just begun loads its groups first.
          if (result?.error?.retriable === false) throw result.error;
          return result?.error === undefined;
        },
        { deadlineMs: 20_000, what: `${topic}/${partition} to be committed at ${offset}` },
      );
    },
    async committed(partition) {
      const [found] = await client.group(groupId).fetch([{ topic, partition }]);
      return found?.offset;
    },
    async run(partitions = [0, 1, 2], claims = true) {
      const processor = make(partitions, claims, () => undefined);
      const run = processor.runLoop();
      run.catch((error: unknown) => {
        t.fail(String(error));
      });
      await until(() => processor.state === 'running', { deadlineMs: 30_000, what: 'the job to run' });
      const records = partitions.reduce((sum, partition) => sum + ([10, 5][partition] ?? 0), 0);
      await until(
        async () =>
          (await client.group(groupId).fetchAll()).reduce((sum, { offset }) => sum + offset, 0) === records,
        { deadlineMs: 30_000, what: 'the commits' },
      );
      return processor;
    },
    async runToEnd(partitions = [0, 1, 2]) {
      const met: string[] = [];
      await make(partitions, true, (value) => met.push(value)).runToEnd();
      return met.sort();
    },
  };
}

/** Same lengths, so that tables stay as they are. */
function masked(text: string, name: string, topic: string): string {
  return text
    .replaceAll(name, 'job-'.padEnd(name.length, 'x'))
    .replaceAll(topic, 'in-'.padEnd(topic.length, 'x'))
    .replaceAll(/\b[0-9a-f]{32}\b/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\bpid \d+ on [^\s,]+/g, 'pid P on H')
    .replaceAll(/\bprocess \d+ on host [^\s,]+/g, 'process P on host H');
}
