// A job that sets poison aside, leaves out repeats by ids in a Redis, and copies the rest; run as a
// child so that it can be killed around the step in which the ids are put. It writes a line of JSON
// for each thing that happens.
import { Redis } from 'ioredis';
import {
  deadLetter,
  deduplicate,
  eachMessage,
  header,
  retry,
  silentLogger,
  TopicProcessor,
  type Middleware,
} from '../../../source/index.ts';
import { RedisStore } from '../../../stores/index.ts';
import { JobSteps, reportLine, type BlockAt, type JobBatch, type JobStepLine } from './job-steps.ts';

/** Given as JSON in the first argument. */
export interface DeduplicatedJobOptions {
  readonly brokers: readonly string[];
  readonly name: string;
  /** Has the dead-letter topic `{inputTopic}.dlq`. */
  readonly inputTopic: string;
  /** Has as many partitions as the input. */
  readonly outputTopic: string;
  readonly partitions: number;
  readonly batchSize: number;
  readonly redis: { readonly host: string; readonly port: number };
  readonly keyPrefix: string;
  readonly blockAt?: BlockAt<PutStep>;
}

/** Around the callbacks of `context.beforeCommit` in which deduplicate puts its ids. */
export type PutStep = 'before' | 'after';

/** What a line says. */
export type DeduplicatedJobLine =
  | JobStepLine<PutStep>
  | { readonly at: 'done'; readonly skipped: number; readonly dead_lettered: number }
  | { readonly at: 'failed'; readonly error: string };

const options = JSON.parse(process.argv[2] ?? '') as DeduplicatedJobOptions;
const steps = new JobSteps<PutStep>(options.blockAt);

function report(line: DeduplicatedJobLine): void {
  reportLine(line);
}

/** Callbacks run in the order in which they were registered: one before those inside, one after. */
const watched: Middleware = (next) => async (messages, sender, context) => {
  const { partition } = context;
  const batch: JobBatch = {
    partition,
    first: messages[0]?.offset ?? -1,
    last: messages.at(-1)?.offset ?? -1,
  };
  context.beforeCommit(() => {
    steps.reached('before', batch);
  });
  await next(messages, sender, context);
  context.beforeCommit(() => {
    steps.reached('after', batch);
  });
};

const redis = new Redis(options.redis);
const processor = new TopicProcessor(
  {
    topicProcessorName: options.name,
    client: { brokers: [...options.brokers] },
    inputTopics: [options.inputTopic],
    inputPartitions: Array.from({ length: options.partitions }, (_none, partition) => partition),
    batchSize: options.batchSize,
    batchWaitMs: 200,
    claims: false,
    logger: silentLogger,
    stores: { seen: new RedisStore({ client: redis, keyPrefix: options.keyPrefix }) },
    middleware: [
      watched,
      deadLetter(),
      deduplicate({ store: 'seen', id: header('message_id') }),
      retry({ attempts: 2, initialMs: 1 }),
    ],
  },
  eachMessage((message, sender) => {
    sender.forward(message, { topic: options.outputTopic, partition: message.partition });
    if (message.valueText?.startsWith('poison') === true) throw new Error('poison');
  }),
);
try {
  await processor.runToEnd();
  const { skipped, dead_lettered } = processor.stats().tally;
  report({ at: 'done', skipped, dead_lettered });
} catch (error) {
  report({ at: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exitCode = 1;
} finally {
  redis.disconnect();
}
