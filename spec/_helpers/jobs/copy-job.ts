// A job that copies its input partition by partition, run as a child so that it can be killed. It
// writes a line of JSON for each thing that happens: at once, so that what it says is known even if
// it is killed a moment later.
import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import {
  TopicProcessor,
  type BatchStep,
  type ConsumerMessage,
  type Logger,
  type Sender,
} from '../../../source/index.ts';
import { JobSteps, reportLine, type BlockAt, type JobStepLine } from './job-steps.ts';

/** Given as JSON in the first argument. */
export interface CopyJobOptions {
  readonly brokers: readonly string[];
  readonly name: string;
  readonly inputTopic: string;
  /** Has as many partitions as the input. */
  readonly outputTopic: string;
  readonly partitions: number;
  readonly batchSize: number;
  readonly batchWaitMs?: number;
  /** Whether it runs to the end of what is there at the start, or until it gets a SIGTERM. */
  readonly bounded: boolean;
  /** Whether it claims its partitions, which takes a second at the start. */
  readonly claims: boolean;
  /** For how long each batch is in process, so that there is always something left. Default 0. */
  readonly pauseMs?: number;
  /** Default: at-least-once. */
  readonly delivery?: 'at-least-once' | 'exactly-once';
  readonly blockAt?: BlockAt<CopyJobStep>;
  /**
   * How often it collects garbage (node --expose-gc) and reports what it uses; never by default.
   */
  readonly usageEveryMs?: number;
}

/** `process`: the first half of the batch's outputs is durable, the rest was not sent. */
export type CopyJobStep = 'process' | BatchStep;

/** What a line says. */
export type CopyJobLine =
  | JobStepLine<CopyJobStep>
  | { readonly at: 'running' }
  /** A line of the log, other than for debugging. */
  | { readonly at: 'log'; readonly message: string }
  | {
      readonly at: 'usage';
      readonly rss: number;
      readonly heapUsed: number;
      readonly arrayBuffers: number;
      readonly descriptors: number;
    }
  | { readonly at: 'done'; readonly records: number }
  | { readonly at: 'failed'; readonly error: string };

const options = JSON.parse(process.argv[2] ?? '') as CopyJobOptions;
const { usageEveryMs, pauseMs } = options;
const steps = new JobSteps<CopyJobStep>(options.blockAt);

function report(line: CopyJobLine): void {
  reportLine(line);
}

function log(message: string): void {
  report({ at: 'log', message });
}

const logger: Logger = {
  debug: () => undefined,
  info: log,
  warn: log,
  error: log,
  child: () => logger,
};

async function copy(messages: readonly ConsumerMessage[], sender: Sender): Promise<void> {
  const partition = messages[0]?.partition ?? 0;
  const half = Math.ceil(messages.length / 2);
  send(messages.slice(0, half), sender);
  if (options.blockAt?.at === 'process') await sender.flush();
  steps.reached('process', {
    partition,
    first: messages[0]?.offset ?? -1,
    last: messages.at(-1)?.offset ?? -1,
  });
  send(messages.slice(half), sender);
  if (pauseMs !== undefined) await setTimeout(pauseMs);
}

function send(messages: readonly ConsumerMessage[], sender: Sender): void {
  for (const { partition, offset, value } of messages)
    sender.send({ topic: options.outputTopic, partition, key: String(offset), value });
}

function reportUsage(): void {
  gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  report({ at: 'usage', rss, heapUsed, arrayBuffers, descriptors: readdirSync('/proc/self/fd').length });
}

const processor = new TopicProcessor(
  {
    topicProcessorName: options.name,
    client: { brokers: [...options.brokers] },
    inputTopics: [options.inputTopic],
    inputPartitions: Array.from({ length: options.partitions }, (_none, partition) => partition),
    batchSize: options.batchSize,
    batchWaitMs: options.batchWaitMs ?? 200,
    claims: options.claims,
    ...(options.delivery === undefined ? {} : { delivery: options.delivery, transactionTimeoutMs: 5_000 }),
    logger,
  },
  { process: copy },
);
processor.on('batch', ({ step, partition, ranges }) => {
  const [range] = ranges;
  steps.reached(step, { partition, first: range?.first ?? -1, last: range?.last ?? -1 });
});
processor.on('started', () => {
  report({ at: 'running' });
});
process.once('SIGTERM', () => void processor.close());
const sampling = usageEveryMs === undefined ? undefined : setInterval(reportUsage, usageEveryMs);
try {
  const { records } = await (options.bounded ? processor.runToEnd() : processor.runLoop());
  report({ at: 'done', records });
} catch (error) {
  report({ at: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
} finally {
  clearInterval(sampling);
}
