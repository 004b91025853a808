// A job whose memory is watched from within: run as a child with a small heap, told its options by
// its parent, it reports its peaks.
import { TopicProcessor, type MessageProcessor } from '../../source/index.ts';

/** What the parent sends. */
export interface MeasuredJobOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partitions: number;
  readonly batchSize: number;
  readonly maxBufferBytes: number;
  /**
   * Whether each batch waits for a message `go` of the parent before it ends; after it none does.
   */
  readonly holdFirstBatch: boolean;
}

/** What the child answers. */
export type MeasuredJobReport =
  | {
      readonly kind: 'holding';
      readonly bufferedBytes: number;
      readonly arrayBuffers: number;
      readonly rss: number;
    }
  | {
      readonly kind: 'done';
      readonly records: number;
      readonly memoryBatches: number;
      /** Right after a full collection: what is really held. */
      readonly peakLive: number;
      /** With garbage that V8 has not collected yet. */
      readonly peakArrayBuffers: number;
      readonly peakRss: number;
    };

/** A full collection takes some milliseconds. */
const COLLECT_EVERY = 5;

function report(message: MeasuredJobReport): void {
  process.send?.(message);
}

async function run(options: MeasuredJobOptions): Promise<void> {
  let peakLive = 0;
  let peakArrayBuffers = 0;
  let batches = 0;
  let peakRss = 0;
  let held = options.holdFirstBatch;
  const go = new Promise<void>((resolve) => {
    process.on('message', (message) => {
      if (message !== 'go') return;
      held = false;
      resolve();
    });
  });
  const sample = () => {
    const { arrayBuffers, rss } = process.memoryUsage();
    peakArrayBuffers = Math.max(peakArrayBuffers, arrayBuffers);
    peakRss = Math.max(peakRss, rss);
    if (held) report({ kind: 'holding', bufferedBytes: processor.stats().bufferedBytes, arrayBuffers, rss });
  };
  const messageProcessor: MessageProcessor = {
    async process() {
      sample();
      if (batches++ % COLLECT_EVERY === 0) {
        // The first collection finds what is free, the second waits until it was given back.
        globalThis.gc?.();
        globalThis.gc?.();
        peakLive = Math.max(peakLive, process.memoryUsage().arrayBuffers);
      }
      if (held) await go;
    },
  };
  const processor = new TopicProcessor(
    {
      topicProcessorName: `memory-${options.topic}`,
      client: { brokers: [...options.brokers] },
      inputTopics: [options.topic],
      inputPartitions: Array.from({ length: options.partitions }, (_, partition) => partition),
      batchSize: options.batchSize,
      maxBufferBytes: options.maxBufferBytes,
    },
    messageProcessor,
  );
  const sampling = setInterval(sample, 5);
  const { records } = await processor.runToEnd();
  clearInterval(sampling);
  report({
    kind: 'done',
    records,
    memoryBatches: processor.stats().batchesByTrigger.memory,
    peakLive,
    peakArrayBuffers,
    peakRss,
  });
  process.disconnect();
}

process.once('message', (options: MeasuredJobOptions) => void run(options));
