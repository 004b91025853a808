import { MapStore } from '../../stores/map-store.ts';
import { MultiMapStore } from '../../stores/multi-map-store.ts';
import type { TopicProcessorOptions } from '../config/options.ts';
import type { StoresOption } from '../config/stores-option.ts';
import type { Job, JobStores } from '../job.ts';
import { openClient } from '../kafka/open-client.ts';
import { checkArguments } from '../kernel/check-arguments.ts';
import { isObject } from '../kernel/is-object.ts';
import { silentLogger } from '../kernel/logger.ts';
import type { StoreMap } from '../message-processor.ts';
import type { RunSummary } from '../stats.ts';
import { TopicProcessor } from '../topic-processor.ts';

/** What is different in a test: options of the TopicProcessor, in place of those of the job. */
export type RunJobOptions<Stores extends StoreMap = StoreMap> = Partial<
  Omit<TopicProcessorOptions<Stores>, 'client'>
>;

/**
 * Runs a job to its end as `kasper run --to-end` does, on a cluster of the test: all partitions of
 * its input topics, unless the job or the options name some.
 *
 * It claims no partitions unless `claims: true` is among the options, since that takes a second and
 * the cluster is the test's alone. A job whose `stores` is a function gets stores in memory, the
 * same for one name; give `stores` to look at them afterwards.
 *
 * @returns what was done
 * @throws ConfigError for what is no job or no cluster, and whatever `runToEnd` rejects with
 * @example await runJob(job, cluster, { stores: { counts } });
 */
export async function runJob<Stores extends StoreMap>(
  job: Job<Stores>,
  cluster: { readonly brokers: readonly string[] },
  options: RunJobOptions<Stores> = {},
): Promise<RunSummary> {
  checkArguments(
    'runJob',
    [isObject(job) && 'processor' in job, 'the job must be what defineJob is given', job],
    [isObject(cluster) && Array.isArray(cluster.brokers), 'the cluster must have brokers', cluster],
    [isObject(options), 'options must be an object', options],
  );
  const { processor, stores, ...jobOptions } = job;
  const made = typeof stores === 'function' ? stores(storesInMemory()) : stores;
  const set = { claims: false, ...jobOptions, ...withStores(made), ...options };
  const client = { brokers: [...cluster.brokers] };
  const inputPartitions = set.inputPartitions ?? (await allPartitions(client, set.inputTopics));
  return new TopicProcessor({ ...set, client, inputPartitions }, processor).runToEnd();
}

function withStores<Stores extends StoreMap>(
  stores: StoresOption<Stores> | undefined,
): { stores?: StoresOption<Stores> } {
  return stores === undefined ? {} : { stores };
}

function storesInMemory(): JobStores {
  const single = new Map<string, MapStore>();
  const multi = new Map<string, MultiMapStore>();
  return {
    store: (name) => single.get(name) ?? added(single, name, new MapStore()),
    multiStore: (name) => multi.get(name) ?? added(multi, name, new MultiMapStore()),
  };
}

function added<Store>(all: Map<string, Store>, name: string, store: Store): Store {
  all.set(name, store);
  return store;
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
