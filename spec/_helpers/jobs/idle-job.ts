// A job that has read everything there is and waits for more, run as a child so that its processor
// time is its own. It prints one line of JSON.
import { setTimeout } from 'node:timers/promises';
import { TopicProcessor } from '../../../source/index.ts';

/** Given as JSON in the first argument. */
export interface IdleJobOptions {
  readonly brokers: readonly string[];
  readonly name: string;
  readonly topic: string;
  readonly partitions: number;
  /** Records in each partition: the measurement begins when all are committed. */
  readonly perPartition: number;
  /** For how long it is measured. */
  readonly measureMs: number;
  /**
   * It is measured three times at least, and again until it took less than `enoughMs` of processor
   * time once, or was measured so often.
   */
  readonly enoughMs: number;
  readonly most: number;
}

const LEAST = 3;

/** What the line says. */
export interface IdleJobReport {
  /** Processor time of each measurement, user and system, in milliseconds. */
  readonly cpuMs: readonly number[];
}

const { brokers, name, topic, partitions, perPartition, measureMs, enoughMs, most } = JSON.parse(
  process.argv[2] ?? '',
) as IdleJobOptions;

const processor = new TopicProcessor(
  {
    topicProcessorName: name,
    client: { brokers: [...brokers] },
    inputTopics: [topic],
    inputPartitions: Array.from({ length: partitions }, (_, partition) => partition),
    batchWaitMs: 50,
  },
  { process: () => undefined },
);

const caughtUp = new Promise<void>((resolve) => {
  let records = 0;
  processor.on('batch', (report) => {
    if (report.step === 'committed') records += report.records;
    if (records >= partitions * perPartition) resolve();
  });
});
const running = processor.runLoop();
await Promise.race([caughtUp, running]);
// What the start has left to do, such as collecting its garbage and compiling what turned out to be
// hot, is not idle time.
await setTimeout(5_000);
const cpuMs: number[] = [];
while (cpuMs.length < LEAST || (cpuMs.length < most && Math.min(...cpuMs) >= enoughMs)) {
  const before = process.cpuUsage();
  await setTimeout(measureMs);
  const { user, system } = process.cpuUsage(before);
  cpuMs.push((user + system) / 1000);
}
const report: IdleJobReport = { cpuMs };
await processor.close();
await running;
process.stdout.write(`${JSON.stringify(report)}\n`);
