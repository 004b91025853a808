import { storesInMemory } from '../config/job-stores.ts';
import type { EmbeddedCluster } from '../embedded/index.ts';
import type { Job } from '../job.ts';
import { openClient } from '../kafka/open-client.ts';
import { checkArguments } from '../kernel/check-arguments.ts';
import { ConfigError } from '../kernel/errors.ts';
import { isObject } from '../kernel/is-object.ts';
import { silentLogger } from '../kernel/logger.ts';
import type { ConsumerMessage, ProducerMessage } from '../message.ts';
import type { StoreMap } from '../message-processor.ts';
import type { RunSummary } from '../stats.ts';
import { TopicProcessor } from '../topic-processor.ts';
import type { TypedTopic } from '../typed-topic.ts';
import type { TestOptions } from './harness/harness-run.ts';
import { readRecords, type TypedRecord } from './harness/harness-topics.ts';
import { TestHarness, type TestHarnessOptions } from './harness/test-harness.ts';

/** The cluster of a test: an EmbeddedCluster, or another one by its brokers. */
export type TestCluster = Pick<EmbeddedCluster, 'brokers'> &
  Partial<Pick<EmbeddedCluster, 'produce' | 'records'>>;

/** How a job is run in a test, and what is different there: options in place of those of the job. */
export type RunJobOptions<Stores extends StoreMap = StoreMap> = TestOptions<Stores> & {
  /** Written to their topics before the job starts. Default: none. */
  readonly records?: readonly ProducerMessage[];
  /** Where it runs; its topics must be there. Default: in memory, as in a {@link TestHarness}. */
  readonly cluster?: TestCluster;
  /** Without `cluster`: how many partitions a topic has. Default 1. */
  readonly partitions?: TestHarnessOptions['partitions'];
  /** Without `cluster`: topics with numbers of partitions of their own. */
  readonly topics?: TestHarnessOptions['topics'];
  /** With `cluster`: whether partitions are claimed, which takes a second. Default false. */
  readonly claims?: boolean;
};

/** What a job did in a test. */
export interface JobRun extends RunSummary {
  /**
   * The records of a topic: messages, or, of one with a type, their keys as text and their values.
   *
   * @throws ConfigError on a cluster that is not an EmbeddedCluster
   */
  readonly read: TestHarness['read'];
}

/**
 * Runs a job to its end, as `kasper run --to-end` does: all partitions of its input topics, unless
 * the job or the options name some.
 *
 * It claims no partitions unless `claims: true` is among the options, since the Kafka is the test's
 * alone. A job whose `stores` is a function gets stores in memory, the same for one name; give
 * `stores` to look at them afterwards.
 *
 * @returns what was done
 * @throws ConfigError for what is no job, no record or no cluster, and whatever the run fails with
 * @example
 * const run = await runJob(job, { records: [{ topic: 'pages', key: 'home', value: '' }], stores: { counts } });
 * assert.equal(run.read('seen').length, 1);
 */
export async function runJob<Stores extends StoreMap>(
  job: Job<Stores>,
  given: RunJobOptions<Stores> = {},
): Promise<JobRun> {
  checkArguments('runJob', [isObject(given), 'options must be an object', given]);
  const { records = [], cluster, partitions, topics, claims = false, ...options } = given;
  checkArguments(
    'runJob',
    [isObject(job) && 'processor' in job, 'the job must be what defineJob gives', job],
    [Array.isArray(records), 'records must be an array', records],
    [
      cluster === undefined || (isObject(cluster) && Array.isArray(cluster.brokers)),
      'the cluster must have brokers',
      cluster,
    ],
  );
  if (cluster !== undefined) return runOn(cluster, job, { records, claims, options: options });
  const made = {
    ...(partitions === undefined ? {} : { partitions }),
    ...(topics === undefined ? {} : { topics }),
  };
  const harness = new TestHarness(made);
  await harness.feed(records, { wait: false });
  harness.clear();
  const summary = await harness.runToEnd(job, options);
  return { ...summary, read: harness.read.bind(harness) };
}

interface RunOn<Stores extends StoreMap> {
  readonly records: readonly ProducerMessage[];
  readonly claims: boolean;
  readonly options: TestOptions<Stores>;
}

async function runOn<Stores extends StoreMap>(
  cluster: TestCluster,
  job: Job<Stores>,
  { records, claims, options }: RunOn<Stores>,
): Promise<JobRun> {
  for (const { topic, ...record } of records) {
    if (cluster.produce === undefined)
      throw new ConfigError(['records are written to an EmbeddedCluster; write them to this one yourself'], {
        what: 'runJob',
      });
    cluster.produce(topic, [record]);
  }
  const set = { ...job, claims, ...options };
  const client = { brokers: [...cluster.brokers] };
  const inputPartitions = set.inputPartitions ?? (await allPartitions(client, set.inputTopics));
  const jobStores = typeof set.stores === 'function' ? { jobStores: storesInMemory() } : {};
  const summary = await new TopicProcessor({ ...set, ...jobStores, client, inputPartitions }).runToEnd();
  return { ...summary, read: readerOf(cluster) };
}

function readerOf(cluster: TestCluster): TestHarness['read'] {
  function read(topic: string): ConsumerMessage[];
  function read<Value>(topic: TypedTopic<Value>): TypedRecord<Value>[];
  function read<Value>(topic: string | TypedTopic<Value>): ConsumerMessage[] | TypedRecord<Value>[] {
    if (cluster.records === undefined)
      throw new ConfigError(['only the records of an EmbeddedCluster can be read'], { what: 'runJob' });
    return readRecords(topic, cluster.records(typeof topic === 'string' ? topic : topic.name));
  }
  return read;
}

/** Of the topic that has the fewest; where they differ, the processor reports it. */
async function allPartitions(client: { brokers: string[] }, topics: readonly string[]): Promise<number[]> {
  const opened = openClient(client, { logger: silentLogger });
  try {
    await opened.connect();
    const found = await opened.describeTopics(topics);
    const counts = topics.map((topic) => found.get(topic)?.partitionCount ?? 1);
    return Array.from({ length: Math.min(...counts) }, (_, partition) => partition);
  } finally {
    await opened.close();
  }
}
