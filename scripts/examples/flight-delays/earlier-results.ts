import { setTimeout } from 'node:timers/promises';
import {
  ConfigError,
  groupIdOf,
  TopicProcessor,
  type KafkaClient,
  type ProcessFunction,
  type TopicPartition,
} from 'kasper-ts';
import type { Store } from 'kasper-ts/stores';
import { decode } from './airport-delays.ts';

/** The job whose results these are. */
export interface CountingJob {
  readonly name: string;
  readonly client: KafkaClient;
  readonly brokers: string[];
  readonly inputTopics: readonly string[];
  readonly partitions: readonly number[];
  /** The topic of the results. */
  readonly resultTopic: string;
}

/**
 * Puts what earlier runs found out into the Store; returns the codes of these airports.
 *
 * A MapStore ends with its process, the committed offsets stay: with an empty Store a second run
 * would count from zero in the middle of the topics. But the latest record of each airport in the
 * result topic is all that the Store held, so that topic is read back first, as any topic is: by a
 * TopicProcessor that runs to its end. To a Store that is still there, in Redis or Elasticsearch,
 * this does no harm: where it was ahead of the results, the records that it knew are reprocessed,
 * since their offsets were not committed.
 */
export async function restoreStore(job: CountingJob, store: Store): Promise<ReadonlySet<string>> {
  const results = new Map<string, Buffer>();
  await readResults(job, (messages) => {
    for (const { keyText, value } of messages) {
      if (value === null) results.delete(keyText ?? '');
      else results.set(keyText ?? '', Buffer.from(value));
    }
  });
  await checkComplete(job, results.values());
  await store.putAll(results);
  return new Set(results.keys());
}

/** Forgets all results, so that the next run counts every record again. */
export async function startOver(job: CountingJob, store: Store): Promise<void> {
  // The order matters. If the process dies after the first step, all records are reprocessed, and
  // are known by the results that are still there; the other way round, the sums would be gone and
  // the records that made them not come back.
  await commitEarliest(job, job.name, job.inputTopics);
  await readResults(job, async (messages, sender) => {
    const codes = new Set(messages.map(({ keyText }) => keyText ?? ''));
    await store.deleteAll([...codes]);
    // A record without a value is Kafka's way to delete a key.
    for (const key of codes) sender.send({ topic: job.resultTopic, key, value: null });
  });
}

async function readResults(job: CountingJob, process: ProcessFunction): Promise<void> {
  const topicProcessorName = `${job.name}-restore`;
  // It always reads the whole topic, wherever it ended the last time.
  await commitEarliest(job, topicProcessorName, [job.resultTopic]);
  const reader = new TopicProcessor(
    {
      topicProcessorName,
      client: { brokers: job.brokers },
      inputTopics: [job.resultTopic],
      inputPartitions: job.partitions,
    },
    { process },
  );
  await reader.runToEnd();
}

/**
 * Sets the committed offsets of a TopicProcessor, which must not be running, to the first records
 * there are.
 */
async function commitEarliest(
  job: CountingJob,
  topicProcessorName: string,
  topics: readonly string[],
): Promise<void> {
  const earliest = await job.client.listOffsets('earliest', partitionsOf(job, topics), 'read_committed');
  const starts = earliest.map((start) => ({ ...start, leaderEpoch: -1, metadata: '' }));
  const offsets = job.client.group(groupIdOf(topicProcessorName));
  // Each call is one attempt, and a cluster that has just started refuses the first ones.
  for (let attempt = 1; ; attempt++) {
    const answers = await offsets.commit(starts);
    const error = answers.find((answer) => answer.error !== undefined)?.error;
    if (error === undefined) return;
    if (!error.retriable || attempt === 50) throw error;
    await setTimeout(200);
  }
}

/**
 * Offsets say what was counted, results say what it came to: if the results are gone, going on
 * would give wrong figures.
 */
async function checkComplete(job: CountingJob, results: Iterable<Buffer>): Promise<void> {
  const reached = new Map<string, number>();
  for (const value of results) {
    for (const [from, next] of Object.entries(decode(value).applied))
      reached.set(from, Math.max(next, reached.get(from) ?? 0));
  }
  const inputs = partitionsOf(job, job.inputTopics);
  const earliest = await job.client.listOffsets('earliest', inputs, 'read_committed');
  const committed = await job.client.group(groupIdOf(job.name)).fetch(inputs);
  const lost = committed.flatMap(({ topic, partition, offset = 0 }, at) => {
    const from = Math.max(reached.get(`${topic}/${partition}`) ?? 0, earliest[at]?.offset ?? 0);
    return offset > from ? [`${topic}/${partition} offsets ${from} to ${offset - 1}`] : [];
  });
  if (lost.length > 0) {
    throw new ConfigError(
      [
        `the offsets say that ${lost.join(', ')} are counted, but ${job.resultTopic} does not have them: start over with --from earliest`,
      ],
      { what: 'Earlier results' },
    );
  }
}

function partitionsOf({ partitions }: CountingJob, topics: readonly string[]): TopicPartition[] {
  return topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition })));
}
