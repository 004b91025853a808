import { MonitorServer, PrometheusMetrics } from '../../../metrics/index.ts';
import { TopicProcessor } from '../../../source/index.ts';

/** Given as JSON in the first argument. */
export interface SpinningJobOptions {
  readonly brokers: readonly string[];
  readonly name: string;
  readonly topic: string;
}

/**
 * A job that computes for as many ms as a record's value says, without letting go of the event
 * loop. Sends the url of its monitor first.
 */
const { brokers, name, topic } = JSON.parse(process.argv[2] ?? '') as SpinningJobOptions;
const monitor = new MonitorServer({ port: 0, blockedAfterMs: 1_000 });
const processor = new TopicProcessor(
  {
    topicProcessorName: name,
    client: { brokers: [...brokers] },
    inputTopics: [topic],
    inputPartitions: [0],
    batchWaitMs: 0,
    claims: false,
    monitor,
    metrics: new PrometheusMetrics(),
  },
  {
    process(messages) {
      for (const { valueText } of messages) {
        const end = performance.now() + Number(valueText);
        while (performance.now() < end);
      }
    },
  },
);
processor.on('started', () => process.send?.(monitor.url));
process.once('message', () => {
  process.disconnect();
  void processor.close();
});
await processor.runLoop();
