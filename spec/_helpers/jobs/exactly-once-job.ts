import type { ExecutionContext } from 'ava';
import {
  groupIdOf,
  TopicProcessor,
  type MessageProcessor,
  type TopicProcessorOptions,
} from '../../../source/index.ts';
import type { EmbeddedCluster, EmbeddedClusterOptions } from '../../../source/embedded/index.ts';
import { LineLogger } from '../fakes/processor-run.ts';
import { readCommitted, type CommittedLog } from '../raw/committed-records.ts';
import { startEmbedded, uniqueName } from '../servers/embedded.ts';

/** A job that copies a topic exactly once, on an embedded cluster of its own. */
export interface ExactlyOnceJob {
  readonly cluster: EmbeddedCluster;
  readonly name: string;
  readonly groupId: string;
  readonly input: string;
  readonly output: string;
  readonly log: LineLogger;
  /** Writes numbered records to each partition of the input. */
  fill(count: number): void;
  /** Another processor of the job; closed when the spec ends. */
  make(options?: Partial<TopicProcessorOptions>, processor?: MessageProcessor): TopicProcessor;
  /** What readers with read_committed see of the output, and what they do not. */
  outputs(partition?: number): CommittedLog;
  /** The values of the input, in its order. */
  inputs(partition?: number): (string | null)[];
  committed(partition?: number): number | undefined;
}

export const copying: (output: string) => MessageProcessor = (output) => ({
  process: (messages, sender) => {
    for (const { partition, keyText, valueText } of messages)
      sender.send({ topic: output, partition, key: keyText, value: valueText });
  },
});

export async function exactlyOnceJob(
  t: ExecutionContext,
  { partitions = 1, ...options }: EmbeddedClusterOptions & { partitions?: number } = {},
): Promise<ExactlyOnceJob> {
  const cluster = await startEmbedded(t, { journalEntries: 10_000, ...options });
  const name = uniqueName('once');
  const [input, output] = [`${name}-in`, `${name}-out`];
  cluster.createTopic(input, { partitions });
  cluster.createTopic(output, { partitions });
  const log = new LineLogger();
  t.teardown(() => {
    if (!t.passed)
      for (const { level, message, fields } of log.lines) t.log(level, message, JSON.stringify(fields));
  });
  const groupId = groupIdOf(name);
  let filled = 0;
  return {
    cluster,
    name,
    groupId,
    input,
    output,
    log,
    fill(count) {
      for (let partition = 0; partition < partitions; partition++)
        cluster.produce(
          input,
          Array.from({ length: count }, (_none, at) => ({ partition, key: null, value: `v${filled + at}` })),
        );
      filled += count;
    },
    make(given = {}, processor = copying(output)) {
      const made = new TopicProcessor(
        {
          topicProcessorName: name,
          client: { brokers: [...cluster.brokers] },
          inputTopics: [input],
          inputPartitions: Array.from({ length: partitions }, (_none, partition) => partition),
          delivery: 'exactly-once',
          batchSize: 10,
          batchWaitMs: 20,
          claims: false,
          logger: log,
          ...given,
        },
        processor,
      );
      t.teardown(() => made.close().catch(() => undefined));
      return made;
    },
    outputs(partition = 0) {
      return readCommitted(cluster.recordBatches(output, partition), output, partition);
    },
    inputs(partition = 0) {
      return cluster
        .records(input)
        .filter((record) => record.partition === partition)
        .map(({ valueText }) => valueText);
    },
    committed(partition = 0) {
      return cluster
        .committed(groupId)
        .find((entry) => entry.topic === input && entry.partition === partition)?.offset;
    },
  };
}

/** The values of records. */
export function valuesIn(records: readonly { readonly valueText: string | null }[]): (string | null)[] {
  return records.map(({ valueText }) => valueText);
}
