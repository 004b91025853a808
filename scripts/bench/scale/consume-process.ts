// A processor that reads one topic to its end, in a process of its own, and sends what it cost.
import { randomUUID } from 'node:crypto';
import { silentLogger, TopicProcessor } from '../../../source/index.ts';

export interface ConsumeJob {
  readonly broker: string;
  readonly input: string;
  readonly partitions: number;
  readonly records: number;
}

export interface ConsumeCost {
  /** From the first call to the first batch, with claims. */
  readonly startMs: number;
  /** Of the whole process from the first call to the last commit. */
  readonly cpuSecondsPerMillion: number;
  /** CPU seconds up to the first batch. */
  readonly startCpuSeconds: number;
  /** The most resident memory in each quarter of the records. */
  readonly megabytes: readonly number[];
}

const { broker, input, partitions, records } = JSON.parse(process.argv[2] ?? '{}') as ConsumeJob;
const QUARTERS = 4;
const megabytes: number[] = Array.from({ length: QUARTERS }, () => 0);
let seen = 0;
let startMs: number | undefined;
/** To ask for the memory takes longer than a small batch. */
const LOOK_EVERY_RECORDS = 50_000;
let lookAt = 0;
let startCpuSeconds = NaN;

const processor = new TopicProcessor(
  {
    topicProcessorName: `scale-${randomUUID()}`,
    client: { brokers: [broker] },
    inputTopics: [input],
    inputPartitions: Array.from({ length: partitions }, (_none, partition) => partition),
    batchSize: 10_000,
    logger: silentLogger,
  },
  {
    process(messages) {
      if (startMs === undefined) {
        startMs = performance.now() - began;
        startCpuSeconds = cpuSeconds();
      }
      seen += messages.length;
      if (seen < lookAt) return;
      lookAt = seen + LOOK_EVERY_RECORDS;
      const quarter = Math.min(QUARTERS - 1, Math.floor((seen * QUARTERS) / records));
      megabytes[quarter] = Math.max(megabytes[quarter] ?? 0, process.memoryUsage.rss() / 1024 ** 2);
    },
  },
);
const before = process.cpuUsage();
const began = performance.now();
const summary = await processor.runToEnd();
if (summary.records !== records || seen !== records)
  throw new Error(`${summary.records} records processed of ${records}`);
const cost: ConsumeCost = {
  startMs: startMs ?? NaN,
  cpuSecondsPerMillion: (cpuSeconds() / records) * 1e6,
  startCpuSeconds,
  megabytes,
};
process.send?.(cost);

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
