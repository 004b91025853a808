import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger, TopicProcessor } from '../../../source/index.ts';

export interface WaitingRun {
  readonly broker: string;
  readonly input: string;
  readonly partitions: number;
  readonly concurrency: number;
  readonly batchSize: number;
  /** How long a batch waits, for a database as it were. */
  readonly waitMs: number;
}

/** What became of a {@link WaitingRun}. */
export interface Waited {
  readonly batches: number;
  /** From the first batch's begin to the last one's end. */
  readonly ms: number;
  /** What the batches waited in all: a timer of 20 ms takes some 20.6. */
  readonly waitedMs: number;
}

/** Processes a topic in batches that each wait. */
export async function runWaiting(run: WaitingRun): Promise<Waited> {
  let from: number | undefined;
  let to = 0;
  let waitedMs = 0;
  const processor = new TopicProcessor(
    {
      topicProcessorName: `parallel-${randomUUID()}`,
      client: { brokers: [run.broker] },
      inputTopics: [run.input],
      inputPartitions: Array.from({ length: run.partitions }, (_none, partition) => partition),
      concurrency: run.concurrency,
      batchSize: run.batchSize,
      claims: false,
      logger: silentLogger,
    },
    {
      process: async () => {
        const began = performance.now();
        from ??= began;
        await sleep(run.waitMs);
        to = performance.now();
        waitedMs += to - began;
      },
    },
  );
  const { batches } = await processor.runToEnd();
  return { batches, ms: to - (from ?? NaN), waitedMs };
}
